"""From runs in time to series of figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from bench.compare.measured import measurement
from bench.errors import BenchError
from bench.evaluate import HIGHER_IS_BETTER
from bench.history.breaks import Known, Place, breaks
from bench.history.model import CPU, MEMORY, History, Point, Series
from bench.records import Run
from bench.report import Report, Row, Section, build
from bench.several.labels import shortest_names
from bench.several.readable import LeftOut

__all__ = ["history"]

Key = tuple[str, str, str, str]  # suite, dataset, protocol, method


class _Seen(NamedTuple):
    """A figure of one run; `value` is None where a seed lacks it."""

    run: int
    quantity: str
    higher_is_better: bool | None
    value: float | None


def history(
    runs: Sequence[Run], metric: str | None = None, unreadable: Sequence[LeftOut] = ()
) -> History:
    """Of runs in time; `metric`: in place of each run's primary; `unreadable`: runs that can't be told of. Without change
    points: see `with_changes`.

    Raises BenchError where no run has that metric, RecordError as `build` of a report does."""
    reports = [build(run) for run in runs]
    _check(reports, metric)
    seen: dict[Key, list[_Seen]] = {}
    for place, (run, report) in enumerate(zip(runs, reports, strict=True)):
        for key, figure in _figures(place, run, report, metric):
            seen.setdefault(key, []).append(figure)
    known = [Known(run) for run in runs]
    series = tuple(one for key, figures in seen.items() for one in _series(key, figures, known))
    return History(
        shortest_names([run.folder for run in runs]),
        tuple(str(run.manifest.get("started") or "") for run in runs),
        series,
        _leads(reports),
        sum(one.value is None for figures in seen.values() for one in figures),
        unreadable=tuple(unreadable),
    )


def _check(reports: Sequence[Report], metric: str | None) -> None:
    known = sorted({name for report in reports for name in report.metrics})
    if metric is not None and metric not in known:
        raise BenchError(f"--metric {metric}: no run has it; there are {', '.join(known)}")


def _figures(
    place: int, run: Run, report: Report, metric: str | None
) -> Iterator[tuple[Key, _Seen]]:
    directions: Mapping[str, bool] = HIGHER_IS_BETTER | run.manifest.get("higher_is_better", {})
    for section in report.sections:
        name = metric or section.primary
        for row in section.rows:
            if row.kind in ("method", "base_model"):
                key = (report.suite, section.dataset, section.protocol, row.name)
                for quantity, higher, value in _of_row(row, name, directions):
                    yield key, _Seen(place, quantity, higher, value)


def _of_row(
    row: Row, metric: str, directions: Mapping[str, bool]
) -> Iterator[tuple[str, bool | None, float | None]]:
    """A mean over fewer seeds is another figure: it has no value here."""
    figure = row.figures.get(metric)
    if figure is not None:
        whole = figure.estimate.complete
        yield metric, directions.get(metric), figure.estimate.mean if whole else None
    ran = any(one.estimate.complete for one in row.figures.values())  # in every seed
    if row.cost is not None and row.cost.own_cpu_s is not None:
        yield CPU, False, row.cost.own_cpu_s if ran else None
    if row.cost is not None and row.cost.peak_rss_bytes is not None:
        yield MEMORY, False, row.cost.peak_rss_bytes / 1e6 if ran else None


def _series(key: Key, figures: Sequence[_Seen], runs: Sequence[Known]) -> Iterator[Series]:
    for quantity in dict.fromkeys(one.quantity for one in figures):
        of_it = [one for one in figures if one.quantity == quantity]
        points = tuple(Point(one.run, one.value) for one in of_it if one.value is not None)
        if quantity in (CPU, MEMORY):
            points = tuple(_measured(points, key[1:], runs))
        if points:
            places = [point.run for point in points]
            found = breaks(key[1:], quantity, [(place, runs[place]) for place in places])
            yield Series(*key, quantity, of_it[-1].higher_is_better, points, tuple(found))


def _measured(points: Sequence[Point], of: Place, runs: Sequence[Known]) -> Iterator[Point]:
    """With what an earlier run measured, of some seed, told apart."""
    seen: set[str] = set()
    for point in points:
        found = {
            one for record in runs[point.run].records(of).values() if (one := measurement(record))
        }
        yield replace(point, measured=seen.isdisjoint(found))
        seen |= found


def _leads(reports: Sequence[Report]) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """Best method and best single model of the latest run that has a result."""
    found = {}
    for report in reports:
        for section in report.sections:
            if section.ok:
                found[report.suite, section.dataset, section.protocol] = tuple(_lead(section))
    return found


def _lead(section: Section) -> Iterator[str]:
    kinds = [row for row in section.rows if row.kind in ("method", "base_model")]
    for kind in ("method", "base_model"):
        yield from [row.name for row in kinds if row.kind == kind][:1]
