"""Rows a second of training as tables, batches, fields and widths grow."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import torch

from bench.interfaces import Field, Fields
from bench.learn import DifferentiableModel, Encoded, Examples, build_model, train
from bench.learn.network.encoder import layout_of
from bench.learn.network.packed import PackedRows
from bench.settings import TrainSettings
from bench_ctr.deepfm import DeepFM
from bench_ctr.ffm import FFM
from bench_ctr.fm import FM
from bench_ctr.lr import LR
from benchmarks.peers.machine import describe

__all__ = ["measure"]

MODELS: dict[str, Callable[[int], DifferentiableModel]] = {
    "LR": lambda _: LR(LR.Params()),
    "FM": lambda width: FM(FM.Params(embedding_dim=width)),
    "FFM": lambda width: FFM(FFM.Params(embedding_dim=width)),
    "DeepFM 64-64": lambda width: DeepFM(
        DeepFM.Params(embedding_dim=width, hidden=(64, 64), dropout=0.0)
    ),
}


class Size(NamedTuple):
    table_rows: int = 100_000
    batch: int = 4096
    fields: int = 8
    width: int = 16


GROWTH = (
    *(Size(table_rows=rows) for rows in (10_000, 100_000, 1_000_000, 10_000_000)),
    *(Size(batch=batch) for batch in (256, 1024, 16_384)),
    *(Size(fields=fields) for fields in (16, 32)),
    *(Size(width=width) for width in (4, 8, 32, 64)),
)
MOST_BYTES = 4 * 2**30
EPOCHS = 4  # of a fit
QUICK = (Size(table_rows=10_000), Size(table_rows=100_000))


def measure(rounds: int, quick: bool) -> dict[str, Any]:
    rows = 20_000 if quick else 200_000
    sizes = QUICK if quick else GROWTH
    return {
        "text": [
            f"{rows:,} rows of categorical fields, two of them of nine tenths of the table's rows; Adam, one thread; thousand "
            f"rows a CPU second of an epoch, the fastest of {rounds} fits, the first of each left out, shuffling counted. –: "
            "with their moments tables take more than 4 GB."
        ],
        "head": ["table rows", "batch", "fields", "width", *MODELS],
        "rows": [[f"{value:,}" for value in size] + _speeds(size, rows, rounds) for size in sizes],
        "machine": describe(),
    }


def _speeds(size: Size, rows: int, rounds: int) -> list[str]:
    interactions, index, labels = _drawn(size, rows)
    every, few = (_examples(interactions, index[:n], labels[:n]) for n in (rows, 1000))

    def speed(model: DifferentiableModel) -> str:
        if _bytes(model, interactions) > MOST_BYTES:
            return "–"
        found = _rows_a_second(model, interactions, every, few, size.batch, rounds)
        return f"{found / 1e3:,.0f}"

    return [speed(make(size.width)) for make in MODELS.values()]


def _bytes(model: DifferentiableModel, interactions: Any) -> int:
    """Of tables with their moments."""
    model.build(interactions.fields)
    return 3 * 4 * sum(model.tables().values()) * int(interactions.entries)


def _rows_a_second(
    model: DifferentiableModel,
    interactions: Any,
    every: Examples,
    few: Examples,
    batch: int,
    rounds: int,
) -> float:
    """Of the fastest epoch but the first, which meets memory for the first time; validation on a few rows in it."""
    settings = TrainSettings(batch_size=batch, epochs=EPOCHS, patience=EPOCHS, l2=0.0)

    def seconds() -> list[float]:
        network, ends = build_model(model, interactions, 0), []

        def told(_: str) -> None:
            ends.append(time.process_time())

        train(network, every, few, settings, 0, progress=told)
        return [later - earlier for earlier, later in pairwise(ends)]

    return len(every) / min(taken for _ in range(rounds) for taken in seconds())


def _drawn(size: Size, rows: int) -> tuple[Any, np.ndarray, np.ndarray]:
    """Rows whose first two fields have most of the table's rows, some far more often than others."""
    generator = np.random.default_rng(0)
    small = [3, 8, 22, 19, 50, 100, 12, 40] * (size.fields // 8)
    large = size.table_rows - sum(small[2:])
    sizes = [int(large * 0.6), large - int(large * 0.6), *small[2:]]
    names = [f"field {number}" for number in range(size.fields)]
    offsets = np.cumsum([0, *sizes])
    columns = [
        offset + (generator.random(rows) ** 1.5 * values).astype(np.int64)
        for offset, values in zip(offsets, sizes, strict=False)
    ]
    interactions = SimpleNamespace(
        fields=Fields(Field(name, "categorical", "context") for name in names),
        entries=int(offsets[-1]),
        bags={},
        offsets=dict(zip(names, offsets.tolist(), strict=False)),
        sizes=dict(zip(names, sizes, strict=True)),
    )
    labels = (generator.random(rows) < 0.3).astype(np.float32)
    return interactions, np.stack(columns, axis=1).astype(np.int32), labels


def _examples(interactions: Any, index: np.ndarray, labels: np.ndarray) -> Examples:
    packed = PackedRows.empty(len(index), layout_of(interactions))
    packed.index.copy_(torch.from_numpy(index))
    encoded = Encoded(packed.index, packed.weights, packed)
    return Examples(encoded, torch.from_numpy(labels))
