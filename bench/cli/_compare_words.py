"""What `bench compare` prints: the verdict, what differs between the runs, what regressed, then every figure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bench.compare import Comparison, Difference, Pair
from bench.evaluate import printed
from bench.report import Block, Cell, Grid, GridRow, Heading, Note, Terms, short
from bench.report.words.figures import counted

__all__ = ["blocks", "told_apart"]

_MOST = 20  # lines of one sort; --json has all
_LEAST_DECIMALS, _MOST_DECIMALS = 4, 17


def blocks(comparison: Comparison) -> Iterator[Block]:
    yield Heading(1, _verdict(comparison))
    if comparison.pairs:
        yield from _differences(comparison)
    yield from map(Note, _first(_regressed(comparison)))
    if comparison.regressions:
        yield Note(_EACH_SEED)
    yield from map(Note, _first(_not_compared(comparison)))
    yield from map(Note, _parts(comparison))
    if comparison.added:
        yield Note(f"CANDIDATE alone has {', '.join(map(short, comparison.added))}; not judged.")
    places = list(dict.fromkeys((pair.dataset, pair.protocol) for pair in comparison.pairs))
    for place in places:
        pairs = [pair for pair in comparison.pairs if (pair.dataset, pair.protocol) == place]
        yield _grid(" / ".join(map(short, place)), pairs)


def _verdict(comparison: Comparison) -> str:
    regressed = len(comparison.regressions)
    found = f"{len(comparison.pairs)} trials compared, {regressed} figures regressed"
    if not comparison.pairs:
        return "Incomplete: the runs have no result in common"
    if comparison.absent:
        return f"Incomplete: {len(comparison.absent)} trials can't be compared; {found}"
    part = " as far as it goes (BASE is a part of its suite)" if comparison.not_asked[0] else ""
    return f"{'Regressed' if comparison.regressions else 'Fine'}{part}: {found}"


# -- what differs beside the figures

_INNER_LOOP = (
    "inner_loop is what computed a meta-learner's inner steps: compiled code (numba) or torch (autograd). They compute the "
    "same; figures differ in the last digits."
)


def _differences(comparison: Comparison) -> Iterator[Block]:
    terms = [
        *((one.what, f"{one.base} -> {one.candidate}") for one in comparison.conditions),
        *(("code", told) for told in _code(comparison)),
        *(
            ("settings", f"{short(method)}: {short(change, 200)}")
            for method, change in _settings(comparison)
        ),
        *(("file", told) for told in _files(comparison)),
        *(("pool", told) for told in _pools(comparison)),
    ]
    if terms:
        yield Note("What differs, BASE -> CANDIDATE:")
        yield Terms(tuple(terms))
        if any(one.what == "inner_loop" for one in comparison.conditions):
            yield Note(_INNER_LOOP)
    else:
        yield Note("Machine, versions, code, settings and files are recorded as the same.")
    if comparison.code_unknown:
        yield Note(
            f"Whether the code of the metrics {', '.join(map(short, comparison.code_unknown))} differs is not known: a record "
            "of schema 1 keeps their version alone."
        )
    yield from map(Note, _time(comparison))


def _code(comparison: Comparison) -> Iterator[str]:
    """Plugins of one package change together: said once. A plugin is called `NAME (ORIGIN)`."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for code in comparison.code:
        name, space, origin = code.what.partition(" (")
        alike.setdefault((space + origin, code.base, code.candidate), []).append(short(name))
    for (origin, base, candidate), names in alike.items():
        what = f"{', '.join(names)}{short(origin, 100)}"
        yield f"{what}: {base[:12] or 'absent'} -> {candidate[:12] or 'absent'}"


def _settings(comparison: Comparison) -> Iterable[tuple[str, str]]:
    return dict.fromkeys(
        (pair.method, pair.settings_change) for pair in comparison.pairs if pair.settings_change
    )


def _files(comparison: Comparison) -> Iterator[str]:
    for one in comparison.files:
        what = f"{short(one.model)}: {short(one.file)}"
        yield f"{what} {short(one.base[:12])} -> {short(one.candidate[:12])}"


def _pools(comparison: Comparison) -> Iterator[str]:
    alike: dict[str, dict[str, None]] = {}
    for pair in comparison.pairs:
        if pair.pool_change:
            alike.setdefault(pair.pool_change, {})[short(pair.method)] = None
    for change, methods in alike.items():
        yield f"{', '.join(methods)} ({short(change, 200)})"


def _time(comparison: Comparison) -> Iterator[str]:
    unlike = ", ".join(comparison.cpu_unlike)
    if comparison.cpu_once:
        trials = counted(comparison.cpu_once, "trial")
        yield (
            f"CPU time of {trials} is not compared: it was measured once, and one of the runs took the step from the cache."
        )
    if comparison.cpu_ratio is not None:
        all_of_them = "of the other trials" if comparison.cpu_once else "all pairs together"
        which = "of trials computed alike" if unlike else all_of_them
        yield f"CPU time, {which}: candidate takes {comparison.cpu_ratio:.2f} times that of base."
    if unlike:
        which = "of the others " if comparison.cpu_ratio is not None else ""
        yield f"CPU time {which}is not compared, since it hangs on what differs: {unlike}."


# -- what regressed, what is missing

_EACH_SEED = (
    "Each seed is judged by itself: a figure that got worse in any one seed has regressed, though the mean over seeds may "
    "have got better. bench gate BASE CANDIDATE judges what is beyond chance, over users and seeds."
)


def _regressed(comparison: Comparison) -> Iterator[str]:
    for pair, one in comparison.regressions:
        base, candidate = told_apart(one.base, one.candidate)
        yield (
            f"Regressed: {_named(pair.dataset, pair.protocol, pair.method, pair.seed)}: {short(one.metric)} "
            f"{base} -> {candidate} (tolerance {one.tolerance:g})."
        )


def _not_compared(comparison: Comparison) -> Iterator[str]:
    for one in comparison.absent:
        place = _named(one.dataset, one.protocol, one.method, one.seed)
        reason = short(one.reason, 200)
        yield f"Not compared: {place}: {reason}{'' if reason.endswith('?') else '.'}"


def _parts(comparison: Comparison) -> Iterator[str]:
    for name, number in zip(("BASE", "CANDIDATE"), comparison.not_asked, strict=True):
        if number:
            were = "was" if number == 1 else "were"
            yield f"{name} is a part of its suite: {number} of its trials {were} never asked for."


def _named(dataset: str, protocol: str, method: str, seed: int) -> str:
    return f"{short(dataset)}/{short(protocol)} {short(method)}, seed {seed}"


def _first(lines: Iterable[str]) -> Iterator[str]:
    every = list(lines)
    yield from every[:_MOST]
    if len(every) > _MOST:
        yield f"And {len(every) - _MOST} more like these; --json has all."


def told_apart(base: float | None, candidate: float | None) -> tuple[str, str]:
    """Two figures with as many decimals as tell them apart, four at least."""
    if base is None or candidate is None:
        return _plain(base), _plain(candidate)
    for decimals in range(_LEAST_DECIMALS, _MOST_DECIMALS):
        shown = printed("", base, decimals), printed("", candidate, decimals)
        if shown[0] != shown[1]:
            return shown
    return repr(base), repr(candidate)


def _plain(value: float | None) -> str:
    return "no value" if value is None else printed("", value, _LEAST_DECIMALS)


# -- every figure


def _grid(title: str, pairs: Sequence[Pair]) -> Grid:
    """A row a method: the worst change of each metric over the seeds, and the CPU time's ratio where it is known."""
    metrics = list(dict.fromkeys(one.metric for pair in pairs for one in pair.differences))
    by_method: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_method.setdefault(pair.method, []).append(pair)
    timed = any(pair.cpu_ratio is not None for pair in pairs)
    rows = [_row(method, of_method, metrics, timed) for method, of_method in by_method.items()]
    heads = ("method", *(f"{short(metric)}\nchange" for metric in metrics))
    return Grid(
        f"{title}: candidate minus base, the worst over seeds (! regressed)",
        (*heads, "CPU s\nratio") if timed else heads,
        tuple(rows),
    )


def _row(method: str, pairs: Sequence[Pair], metrics: Sequence[str], timed: bool) -> GridRow:
    changes: Mapping[str, list[Difference]] = {
        name: [one for pair in pairs for one in pair.differences if one.metric == name]
        for name in metrics
    }
    name = f"{short(method)} (bound)" if pairs[0].kind == "bound" else short(method)
    cells = (*map(_worst, changes.values()), *([Cell(_ratios(pairs))] if timed else []))
    return GridRow(name, cells)


def _worst(differences: Sequence[Difference]) -> Cell:
    worse = [one for one in differences if one.verdict == "worse"]
    shown = max(worse or differences, key=_badness, default=None)
    return Cell(_change(None if shown is None else shown.change), "!" if worse else " ")


def _change(change: float | None) -> str:
    """A plain 0 is none at all; a change below the sixth decimal is told by its size."""
    if change is None:
        return "–"
    if change == 0:
        return "0"
    return f"{change:+.6f}" if abs(change) >= 1e-6 else f"{change:+.0e}"


def _badness(one: Difference) -> float:
    """The larger the worse: a lost figure most of all; without a known direction any change is bad."""
    if one.change is None:
        return math.inf if one.verdict == "worse" else -math.inf
    if one.higher_is_better is None:
        return abs(one.change)
    return -one.change if one.higher_is_better else one.change


def _ratios(pairs: Sequence[Pair]) -> str:
    """The least and the most over seeds."""
    ratios = sorted(pair.cpu_ratio for pair in pairs if pair.cpu_ratio is not None)
    if not ratios:
        return "–"
    return "–".join(dict.fromkeys(f"{ratio:.2f}" for ratio in (ratios[0], ratios[-1])))
