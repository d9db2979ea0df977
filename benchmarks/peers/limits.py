"""The least that a training row costs: bytes that it must move, operations that it must do, and the time both need here."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from benchmarks.peers.cases import Model

__all__ = ["Cost", "cost", "factors", "gather_of", "least_seconds", "touched"]

FLOAT = 4  # bytes
GEMM, STREAM = "float32 GEMM", "triad"


class Cost(NamedTuple):
    """A row's share."""

    factors: int  # numbers of one table row, beside the one of the linear part, which lies apart
    streamed: float  # bytes, in the order of memory: codes, label, its number in the shuffle
    looked_up: float  # bytes of table rows, read or written wherever they lie
    operations: float  # multiplications and additions


def cost(model: Model, fields: int, batch: int, touched_rows: float) -> Cost:
    """Of one row of `fields` categorical fields in a batch that touches `touched_rows` table rows.

    A looked-up number is read once forward, and its gradient read and written once. Of each touched row the optimiser reads
    and writes the parameter and both moments of Adam, and reads the gradient. Nothing is counted for rows at rest."""
    width = 1 + factors(model, fields)
    optimiser = 7 * FLOAT * width * touched_rows / batch
    looked_up = 3 * FLOAT * width * fields + optimiser
    streamed = FLOAT * fields + 1 + 8
    steps = 12 * width * touched_rows / batch  # of Adam, a number
    return Cost(width - 1, streamed, looked_up, _operations(model, fields) + steps)


def least_seconds(row: Cost, speeds: Mapping[str, float]) -> dict[str, float]:
    """By what bounds it. A processor may do the three at once: the largest is the bound."""
    linear = row.looked_up / (1 + row.factors)
    looked_up = linear / speeds[gather_of(1)]
    if row.factors:
        looked_up += (row.looked_up - linear) / speeds[gather_of(row.factors)]
    return {
        "streaming": row.streamed / speeds[STREAM],
        "table rows": looked_up,
        "arithmetic": row.operations / speeds[GEMM],
    }


def gather_of(width: int) -> str:
    """The name of the speed at which rows of a small table are read, of so many numbers each: short ones are slower."""
    return f"gather, 10 k table rows of {width}"


def factors(model: Model, fields: int) -> int:
    """Numbers of one table row, without the linear part's."""
    return {"lr": 0, "ffm": (fields - 1) * model.dim}.get(model.kind, model.dim)


def touched(codes: np.ndarray, sizes: tuple[int, ...], batch: int) -> float:
    """Mean number of table rows that a batch of codes (n, F) looks up, as they come."""
    starts = np.cumsum([0, *sizes[:-1]])
    cuts = range(0, max(len(codes) - batch, 0) + 1, batch)
    return float(np.mean([len(np.unique(codes[cut : cut + batch] + starts)) for cut in cuts]))


def _operations(model: Model, fields: int) -> float:
    """Forward and backward, at two operations a multiplication with its addition; backward is twice the forward."""
    pairs = fields * (fields - 1) / 2
    forward = {
        "lr": fields,
        "fm": fields + 4 * fields * model.dim,
        "ffm": fields + 2 * pairs * model.dim,
        "deepfm": fields + 4 * fields * model.dim,
    }[model.kind]
    widths = (fields * model.dim, *model.hidden, 1) if model.hidden else ()
    return float(3 * (forward + sum(2 * a * b for a, b in pairwise(widths))))
