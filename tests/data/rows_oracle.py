"""The table of base predictions of the documentation, row by row in plain Python: what the vectorised code is held to.

T, V, E: training, validation and test users."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from bench.data.split import Split

__all__ = ["Row", "described", "fold_by_hand", "source_by_hand", "splits", "trained_by_hand"]


class Row(NamedTuple):
    row: int
    user: int
    role: str  # T, V or E
    query: bool


def described(split: Split) -> Iterator[Row]:
    for user, (start, stop) in enumerate(itertools.pairwise(split.user_ptr.tolist())):
        for row in range(start, stop):
            yield Row(row, user, "TVE"[split.role[user]], row >= split.cut[user])


def fold_by_hand(position: int, folds: int, seed: int) -> int:
    """splitmix64 of a position and a seed, in Python's own integers."""
    mask = 2**64 - 1
    mixed = ((position + 1) * 0x9E3779B97F4A7C15 + seed * 0xD1342543DE82EF95 + 0x2545F4914F6CDD1D) & mask
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 & mask
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB & mask
    return (mixed ^ (mixed >> 31)) % folds


def source_by_hand(row: Row, setting: str, base_predictions: str, folds: int, seed: int) -> str:
    """The fit that predicts a row."""
    if base_predictions == "in-sample":
        return "star"
    if setting == "cold":
        return f"fold-{fold_by_hand(row.user, folds, seed)}" if row.role == "T" else "star"
    if not row.query:
        return f"fold-{fold_by_hand(row.row, folds, seed)}"
    return "front" if row.role == "T" else "star"


def trained_by_hand(row: Row, setting: str, variant: str, folds: int, seed: int) -> bool:
    """Whether a fit is trained on a row."""
    if variant == "star":
        return row.role == "T" or (setting == "warm" and not row.query)
    if variant == "front":
        return not row.query
    left_out = int(variant.removeprefix("fold-"))
    if setting == "cold":
        return row.role == "T" and fold_by_hand(row.user, folds, seed) != left_out
    return not row.query and fold_by_hand(row.row, folds, seed) != left_out


@st.composite
def splits(draw: st.DrawFn, setting: str = "") -> Split:
    """Any division in which each user has a query row; of either setting, unless one is named."""
    lengths = draw(st.lists(st.integers(1, 9), min_size=3, max_size=12))
    ptr = np.concatenate([[0], np.cumsum(lengths)])
    role = draw(st.lists(st.integers(0, 2), min_size=len(lengths), max_size=len(lengths)))
    cut = [draw(st.integers(start, stop - 1)) for start, stop in itertools.pairwise(ptr.tolist())]
    setting = setting or draw(st.sampled_from(["cold", "warm"]))
    return Split(ptr, np.array(role, np.uint8), np.array(cut), setting, 0.3 if setting == "cold" else 0.0)
