"""The table of base predictions of the documentation, row by row in plain Python: what the vectorised code is held to.

T, V, E: training, validation and test users; B: those training users whose rows are for base models alone."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from bench.data.splits.split import Split

__all__ = [
    "Row",
    "described",
    "fold_by_hand",
    "held_by_hand",
    "name_of",
    "slots",
    "source_by_hand",
    "splits",
    "trained_by_hand",
]


class Row(NamedTuple):
    row: int
    user: int
    role: str  # of its user: T, V, E or B; in blocks T or V
    block: str  # support or query; in blocks first (H less P), P or query

    @property
    def query(self) -> bool:
        return self.block == "query"


def described(
    split: Split, base_predictions: str = "out-of-sample", seed: int = 0
) -> Iterator[Row]:
    held = (
        held_by_hand(split, seed)
        if base_predictions == "holdout" and split.setting == "cold"
        else set()
    )
    for user, (start, stop) in enumerate(itertools.pairwise(split.user_ptr.tolist())):
        for row in range(start, stop):
            block = "query" if row >= split.cut[user] else "support"
            if split.train_cut is not None and block == "support":
                block = "P" if row >= split.train_cut[user] else "first"
            yield Row(row, user, "B" if user in held else "TVE"[split.role[user]], block)


def slots(
    split: Split, base_predictions: str = "out-of-sample", seed: int = 0
) -> Iterator[tuple[Row, str, str]]:
    """Every row in every slot that it has: (row, T V or E, support or query). A user without a query row has no task."""
    rows = list(described(split, base_predictions, seed))
    blocks = {(row.user, row.block) for row in rows}
    for row in rows:
        if split.train_cut is None:
            if (row.user, "query") in blocks and row.role != "B":
                yield row, row.role, row.block
            continue
        if row.block != "query" and (row.user, "P") in blocks:
            yield row, row.role, "query" if row.block == "P" else "support"
        if (row.user, "query") in blocks:
            yield row, "E", "query" if row.query else "support"


def name_of(split: Split) -> str:
    """cold, warm or blocks."""
    return split.setting if split.train_cut is None else "blocks"


def held_by_hand(split: Split, seed: int) -> set[int]:
    """The half of training users with the lowest hash."""
    train = [user for user, role in enumerate(split.role.tolist()) if role == 0]
    return set(sorted(train, key=lambda user: fold_by_hand(user, 2**64, seed))[: len(train) // 2])


def fold_by_hand(position: int, folds: int, seed: int) -> int:
    """splitmix64 of a position and a seed, in Python's own integers."""
    mask = 2**64 - 1
    mixed = (
        (position + 1) * 0x9E3779B97F4A7C15 + seed * 0xD1342543DE82EF95 + 0x2545F4914F6CDD1D
    ) & mask
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 & mask
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB & mask
    return (mixed ^ (mixed >> 31)) % folds


def source_by_hand(
    row: Row, letter: str, part: str, setting: str, base_predictions: str, folds: int, seed: int
) -> str:
    """The fit that predicts a row in a slot. `setting` is cold, warm or blocks."""
    if base_predictions == "in-sample" or (
        base_predictions == "holdout" and (setting == "cold" or part == "query")
    ):
        return "star"
    if setting == "cold":
        return f"fold-{fold_by_hand(row.user, folds, seed)}" if letter == "T" else "star"
    if part == "query":
        return "front" if letter == "T" else "star"
    return "front" if row.block == "P" else f"fold-{fold_by_hand(row.row, folds, seed)}"


def trained_by_hand(
    row: Row, setting: str, base_predictions: str, variant: str, folds: int, seed: int
) -> bool:
    """Whether a fit is trained on a row."""
    if variant == "star" and base_predictions == "holdout":
        return row.role == "B" if setting == "cold" else not row.query
    if variant == "star":
        if setting == "blocks":
            return row.block == "first" or (row.block == "P" and row.role == "T")
        return row.role == "T" or (setting == "warm" and not row.query)
    if setting == "cold":
        left_out = int(variant.removeprefix("fold-"))
        return row.role == "T" and fold_by_hand(row.user, folds, seed) != left_out
    if row.block not in ("support", "first"):
        return False
    return variant == "front" or fold_by_hand(row.row, folds, seed) != int(
        variant.removeprefix("fold-")
    )


@st.composite
def splits(draw: st.DrawFn, setting: str = "") -> Split:
    """Any division, of any setting unless one is named (cold, warm, blocks); users without a query row are among them."""
    lengths = draw(st.lists(st.integers(1, 9), min_size=3, max_size=12))
    ptr = np.concatenate([[0], np.cumsum(lengths)])
    setting = setting or draw(st.sampled_from(["cold", "warm", "blocks"]))
    most = 1 if setting == "blocks" else 2
    role = draw(st.lists(st.integers(0, most), min_size=len(lengths), max_size=len(lengths)))
    cut = [draw(st.integers(start, stop)) for start, stop in itertools.pairwise(ptr.tolist())]
    if setting != "blocks":
        return Split(
            ptr, np.array(role, np.uint8), np.array(cut), setting, 0.3 if setting == "cold" else 0.0
        )
    train_cut = [
        draw(st.integers(start, stop)) for start, stop in zip(ptr[:-1].tolist(), cut, strict=True)
    ]
    return Split(ptr, np.array(role, np.uint8), np.array(cut), "warm", 0.0, np.array(train_cut))
