"""Trials without a result, results in conflict, plugins that were left out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bench.report.content.model import Failure, Report
from bench.report.words.blocks import Note, Printed
from bench.report.words.figures import listed, sentence
from bench.report.words.names import short

__all__ = ["WENT_WRONG", "trouble"]

WENT_WRONG = "What went wrong"  # its heading

_REASON_CELLS, _PLACE_CELLS = 300, 120
_LOG_LINES, _LOG_CELLS = 12, 200  # of the end of a log
_DUMPS = (
    "Fatal Python error:",
    "Timeout (",
)  # of Python's fault handler: the innermost call follows
_BEFORE = 4  # lines


class _Ended(NamedTuple):
    place: str  # dataset/protocol method
    how: str  # status: reason, numbers left out


def trouble(report: Report) -> list[Note | Printed]:
    """A note each, of a failure with the end of its log; none where all went well."""
    conflicts = [
        f"Conflict: the same trial gave different results in {', '.join(files)}; the first is shown."
        for files in report.conflicts
    ]
    quarantined = [
        f"Plugin {short(origin, 100)} is quarantined: {sentence(short(reason, _REASON_CELLS))}"
        for origin, reason in report.quarantined
    ]
    return [*_failures(report.failures), *map(Note, (*conflicts, *quarantined))]


def _failures(failures: Sequence[Failure]) -> Iterator[Note | Printed]:
    """One note for the seeds of a method that ended alike, and in it those that were unavailable because of it."""
    alike: dict[_Ended, list[Failure]] = defaultdict(list)
    waiting: dict[_Ended, list[Failure]] = defaultdict(list)
    for one in failures:
        if one.needed is None:
            alike[_ended(one)].append(one)
        else:
            waiting[_ended(one)].append(one)
    for ended, own in alike.items():
        place = f"{short(ended.place, _PLACE_CELLS)}{_seeds(own)}"
        yield Note(f"Failed: {place}: {_told(own)}{_because(waiting.pop(ended, []))}")
        yield from _log(own[0])
    for ended, others in waiting.items():
        place = f"{short(ended.place, _PLACE_CELLS)}, in a fold of its fits"
        yield Note(f"Failed: {place}: {_told(others)}{_because(others)}")
        yield from _log(others[0])


def _log(one: Failure) -> Iterator[Note | Printed]:
    """The last lines, or those that say where it was; a record has more of them."""
    lines = one.log.splitlines()
    dumped = [number for number, line in enumerate(lines) if line.startswith(_DUMPS)]
    start = max(0, dumped[-1] - _BEFORE) if dumped else max(0, len(lines) - _LOG_LINES)
    if shown := lines[start : start + _LOG_LINES]:
        yield Note(f"What it printed at the end, in seed {one.seed}:")
        yield Printed(tuple(short(line, _LOG_CELLS) for line in shown))


def _ended(one: Failure) -> _Ended:
    """What people would call one and the same: a seed draws other numbers, and some errors show them."""
    return _Ended(_place(one, one.needed or one.method), re.sub(r"\d+", "#", _how(one)))


def _how(one: Failure) -> str:
    return f"{one.status}: {one.reason}" if one.needed is None else one.needed_ended


def _told(alike: Sequence[Failure]) -> str:
    """The first of them in full."""
    first, *others = map(_how, alike)
    numbers = any(how != first for how in others)
    of_first = f" (That is of seed {alike[0].seed}; the others' numbers differ.)" if numbers else ""
    return f"{sentence(short(first, _REASON_CELLS))}{of_first}"


def _place(one: Failure, method: str) -> str:
    return f"{one.dataset}/{one.protocol} {method}"


def _because(others: Sequence[Failure]) -> str:
    """Methods of the same seeds together."""
    by_method: dict[str, list[Failure]] = defaultdict(list)
    for one in others:
        by_method[one.method].append(one)
    by_seeds: dict[str, list[str]] = defaultdict(list)
    for method, of in by_method.items():
        by_seeds[_seeds(of).removeprefix(", ")].append(method)
    told = "; ".join(f"{listed(methods, None)} ({seeds})" for seeds, methods in by_seeds.items())
    return f" Because of that there is no result for {told}." if told else ""


def _seeds(failures: Sequence[Failure]) -> str:
    seeds = sorted({one.seed for one in failures})
    return f", seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"
