"""The table of ranks over data sets."""

from __future__ import annotations

from bench.evaluate import RankTest
from bench.report.content.model import Ranks
from bench.report.words.blocks import Cell, Grid, GridRow, align, fixed
from bench.report.words.figures import listed
from bench.report.words.metrics import named
from bench.report.words.names import short

__all__ = ["last_like_best", "ranks_grid"]

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def ranks_grid(ranks: Ranks, test: RankTest) -> Grid:
    """Mean rank, group and the ranks by data set."""
    means = align([fixed(mean, 2) for mean in ranks.mean_ranks], 2)
    marks = [_mark(place, ranks, test) for place in range(len(ranks.methods))]
    groups = _groups(test, len(ranks.methods))
    columns = [align([fixed(rank, 1) for rank in one.ranks], 1) for one in ranks.datasets]
    rows = (
        GridRow(short(name), (Cell(mean, mark), Cell(group), *map(Cell, own)))
        for name, mean, mark, group, *own in zip(
            ranks.methods, means, marks, groups, *columns, strict=True
        )
    )
    heads = ("method", "mean\nrank", "group", *(listed(one.names) for one in ranks.datasets))
    return Grid(f"Ranks over data sets, by {named(ranks.metric)}", heads, tuple(rows))


def last_like_best(test: RankTest) -> int:
    """The place of the last method that is not told apart from the first."""
    return next((last for first, last in test.groups if first == 0), 0)


def _mark(place: int, ranks: Ranks, test: RankTest) -> str:
    if ranks.mean_ranks[place] == ranks.mean_ranks[0]:
        return "*"
    return "=" if place <= last_like_best(test) else " "


def _groups(test: RankTest, methods: int) -> list[str]:
    """`a`, `a-c`; nothing for who is told apart from all. Groups of a method follow one another."""
    found: list[list[int]] = [[] for _ in range(methods)]
    for number, (first, last) in enumerate(test.groups):
        for place in range(first, last + 1):
            found[place].append(number)
    return [
        "-".join(dict.fromkeys((_letter(own[0]), _letter(own[-1])))) if own else "" for own in found
    ]


def _letter(number: int) -> str:
    """`a`, ..., `z`, `aa`, ..."""
    more, last = divmod(number, len(_LETTERS))
    return (_letter(more - 1) if more else "") + _LETTERS[last]
