"""How figures, counts and lists of names read in a sentence or a cell."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from bench.evaluate import printed
from bench.report.words.blocks import ABSENT
from bench.report.words.names import short

__all__ = [
    "counted",
    "in_seeds",
    "interval",
    "joined",
    "listed",
    "loss",
    "number",
    "reasons",
    "sentence",
    "share",
    "signed",
    "with_interval",
]

_NAMES = 5
_REASON_CELLS = 300


def loss(value: float | None, places: int) -> str:
    """`.5261`; an en dash where there is none. `places`: decimals, here and below."""
    return ABSENT if value is None else printed("logloss", value, places)


def signed(value: float, places: int) -> str:
    """A difference in log loss or another metric of that size: `-.0778`, `+.0012`, `.0000`."""
    text = printed("logloss", abs(value), places)
    return text if not float(text) else f"{'+' if value > 0 else '-'}{text}"


def with_interval(value: float, low: float | None, high: float | None, places: int) -> str:
    """`-.0778 [-.0815, -.0741]` of differences; the difference alone where there is no interval."""
    return f"{signed(value, places)} {interval(low, high, places)}".rstrip()


def interval(low: float | None, high: float | None, places: int) -> str:
    """`[-.0815, -.0741]` of differences; nothing where there is none."""
    if low is None or high is None:
        return ""
    return f"[{signed(low, places)}, {signed(high, places)}]"


def share(part: float) -> str:
    """`0.4%`; with as many digits as show that it is not nothing: `0.012%`."""
    few = 0 < part < 0.001
    return f"{part:.{1 - math.floor(math.log10(part)) - 2}%}" if few else f"{part:.1%}"


def listed(names: Iterable[str], most: int | None = _NAMES) -> str:
    """`a, b and c`; beyond so many names, how many more there are. Names are shortened."""
    return joined([short(name) for name in names], most)


def joined(shown: Sequence[str], most: int | None = _NAMES) -> str:
    """`listed`, of what is fit to be shown as it is."""
    if most is not None and len(shown) > most + 1:
        shown = [*shown[:most], f"{len(shown) - most} more"]
    return " and ".join(part for part in (", ".join(shown[:-1]), *shown[-1:]) if part)


def counted(count: int, noun: str) -> str:
    """`1 user`, `6,040 users`."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def in_seeds(seeds: Sequence[int], with_result: int) -> str:
    """`seed 0` where there is one, `all 3 seeds`, `2 of 3 seeds (0, 2)`."""
    if with_result == 1:
        return f"seed {seeds[0]}"
    if len(seeds) == with_result:
        return f"all {with_result} seeds"
    return f"{len(seeds)} of {with_result} seeds ({', '.join(map(str, seeds))})"


def sentence(text: str) -> str:
    """With a full stop, unless it ends with a mark of its own: a message may end with a question."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def number(value: Any) -> str:
    """A figure with thousands apart; what is none is shown as its text."""
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:,}" if known else short(str(value))


def reasons(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """(name, reason) as `reason (a and b)`, names of one reason together; pairs without a reason are left out."""
    found: dict[str, list[str]] = {}
    for name, reason in pairs:
        if reason:
            found.setdefault(reason, []).append(name)
    return [f"{short(reason, _REASON_CELLS)} ({listed(names)})" for reason, names in found.items()]
