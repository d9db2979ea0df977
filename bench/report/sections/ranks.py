"""Which method is best over all data sets of a run, and is that more than chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.evaluate import LEVEL, RankTest
from bench.report.content.model import Ranks
from bench.report.sections.ranks_grid import last_like_best, ranks_grid
from bench.report.words.blocks import Block, Note, fixed
from bench.report.words.figures import counted, listed
from bench.report.words.metrics import named
from bench.report.words.names import short

__all__ = ["OVER_ALL", "p_value", "ranks_answer", "ranks_blocks", "told_apart"]

OVER_ALL = "Over all data sets"
_FEW = 5  # data sets: below it, hardly anything can be shown


def ranks_blocks(ranks: Ranks) -> Iterator[Block]:
    """The answer over all data sets, and its table."""
    yield from ranks_answer(ranks)
    if ranks.test is not None:
        yield ranks_grid(ranks, ranks.test)
        yield Note(_how(ranks))


def ranks_answer(ranks: Ranks) -> Iterator[Note]:
    """Who is best, whether that is more than chance, and what was not ranked."""
    if ranks.test is None:
        yield Note(_none(ranks))
    else:
        yield Note(_best(ranks), strong=True)
        yield Note(told_apart(ranks, ranks.test))
    yield from _left_out(ranks)


def told_apart(ranks: Ranks, test: RankTest) -> str:
    """Whether the ranks are more than chance, and who differs from the best."""
    chance = f"Friedman's test, p {p_value(test.p)}"
    if test.least_p >= LEVEL:
        few = f"with {_size(ranks)} that test's p is {p_value(test.least_p)} at best"
        return f"No difference could have shown: {few}. The order is what was seen, and may be chance ({chance})."
    if test.p >= LEVEL:
        return f"The ranks do not differ beyond chance ({chance}): no method is told apart from another.{_few(ranks, test)}"
    most = len(ranks.methods) - 1
    if test.critical_difference > most:
        apart = (
            f"mean ranks would have to differ by {fixed(test.critical_difference, 2)} and can't by more than {most}. No two "
            "methods could be told apart"
        )
        return f"The ranks differ beyond chance ({chance}). Yet with {_size(ranks)} {apart}."
    return (
        f"The ranks differ beyond chance ({chance}). Two methods are told apart where their mean ranks differ by "
        f"{fixed(test.critical_difference, 2)} or more (Nemenyi); others share a letter."
        f"{_apart(ranks, test)}{_few(ranks, test)}"
    )


def p_value(p: float) -> str:
    """`.021`, `below .001`."""
    return f"{p:.3f}".removeprefix("0") if p >= 0.001 else "below .001"


def _none(ranks: Ranks) -> str:
    complete = f"with {named(ranks.metric)} for every seed"
    return (
        f"There are no ranks over data sets: they take two methods or more {complete} in two data sets or more, under each "
        "protocol."
    )


def _best(ranks: Ranks) -> str:
    best = ranks.mean_ranks[0]
    leads = [
        name for name, mean in zip(ranks.methods, ranks.mean_ranks, strict=True) if mean == best
    ]
    over = f"Over {len(ranks.datasets)} data sets"
    if len(leads) == len(ranks.methods):
        return f"{over}, all {len(leads)} methods have the same mean rank."
    rank = "ranks" if len(leads) == 1 else "rank"
    return f"{over}, {listed(leads)} {rank} best of {len(ranks.methods)}: mean rank {fixed(best, 2)} (1 is best)."


def _size(ranks: Ranks) -> str:
    return f"{len(ranks.datasets)} data sets and {counted(len(ranks.methods), 'method')}"


def _few(ranks: Ranks, test: RankTest) -> str:
    if len(ranks.datasets) >= _FEW:
        return ""
    least = f"; p can't be smaller than {p_value(test.least_p)}" if test.least_p >= 0.001 else ""
    return f" So few data sets show large differences alone{least}."


def _apart(ranks: Ranks, test: RankTest) -> str:
    if test.groups == ((0, len(ranks.methods) - 1),):
        return " No two are so far apart."
    lead, worse = short(ranks.methods[0]), ranks.methods[last_like_best(test) + 1 :]
    return f" {lead} is told apart from {listed(worse)}." if worse else ""


def _how(ranks: Ranks) -> str:
    told = [
        "Marked *: the best mean rank; =: not told apart from it. Ranks are by the mean over seeds; what prints alike shares "
        "a rank."
    ]
    if any(len(one.protocols) > 1 for one in ranks.datasets):
        told.append(
            "A data set counts once: methods are ranked by the mean of their ranks in its protocols."
        )
    told += [
        f"{listed(one.names)} are the same data, and count as one."
        for one in ranks.datasets
        if len(one.names) > 1
    ]
    told += [
        f"{listed(names)} are read from one file: where they share rows they are not independent, and p is too small."
        for names in ranks.one_file
    ]
    return " ".join(told)


def _left_out(ranks: Ranks) -> Iterator[Note]:
    figure = f"{named(ranks.metric)} for every seed"
    if ranks.without:
        yield Note(f"Left out: {_places(ranks.without)}, where nothing has {figure}.")
    by_places: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for one in ranks.left_out:
        by_places.setdefault(one.lacks, []).append(one.method)
    if by_places:
        told = (f"{listed(names)} in {_places(lacks)}" for lacks, names in by_places.items())
        yield Note(f"Not ranked, without {figure}: {'; '.join(told)}.")


def _places(places: Sequence[tuple[str, str]]) -> str:
    return listed([f"{dataset} / {protocol}" for dataset, protocol in places])
