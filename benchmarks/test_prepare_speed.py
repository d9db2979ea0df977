"""A table of a hundred thousand rows, from its file to prepared arrays, and opened again where they lie in the cache."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from bench.data.prepared.prepare import prepare
from bench_data.table import Table

ROWS = 100_000
SIZES = {"user_id": 5000, "item_id": 3000, "age": 7, "region": 100}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    rng = np.random.default_rng(0)
    columns = {name: rng.integers(0, size, ROWS) for name, size in SIZES.items()}
    frame = pd.DataFrame(columns | {"rating": rng.integers(1, 6, ROWS), "time": np.arange(ROWS)})
    folder = tmp_path_factory.mktemp("table")
    frame.to_csv(folder / "rows.csv", index=False)
    frame.to_parquet(folder / "rows.parquet", index=False)
    return folder


def table(file: str) -> Table:
    return Table(Table.Params(path=file, fields=tuple(SIZES), label="rating >= 4", order="time"))


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_prepare(benchmark, folder, kind):
    numbers = itertools.count()

    def run():
        prepare(
            table(f"rows.{kind}"),
            data_dir=None,
            cache=folder / f"{kind}-{next(numbers)}",
            base=folder,
        )

    benchmark.pedantic(run, rounds=3, warmup_rounds=1)


def test_prepared_before(benchmark, folder):
    cache = folder / "kept"
    found = [prepare(table("rows.csv"), data_dir=None, cache=cache, base=folder) for _ in range(2)]
    assert len(found[1]) == ROWS
    benchmark(prepare, table("rows.csv"), data_dir=None, cache=cache, base=folder)
