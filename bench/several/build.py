"""From runs to what they have side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from bench.compare.checks import metrics_asked
from bench.compare.conditions import slowing
from bench.records import Run
from bench.report import Figure, Report, Row, Section, build
from bench.several.differs import differing
from bench.several.labels import check_distinct, heads, shortest_names
from bench.several.model import Figures, Group, Line, OneRun, Place, Several
from bench.several.pairing import paired
from bench.several.readable import LeftOut
from bench.several.stated import digests

__all__ = ["side_by_side"]

_KINDS = ("method", "base_model", "bound")
_MARKS = {"best": "*", "tie": "=", None: ""}
Key = tuple[str, str]  # dataset, protocol


def side_by_side(runs: Sequence[Run], left_out: Sequence[LeftOut] = ()) -> Several:
    """Of two runs or more. Raises CompareError where two are one folder, RecordError as `build` of a report does."""
    folders = [run.folder for run in runs]
    check_distinct(folders)
    names = shortest_names(folders)
    named = zip(heads(names), names, runs, strict=True)
    ones = tuple(OneRun(head, name, build(run)) for head, name, run in named)
    places = dict.fromkeys(
        (section.dataset, section.protocol) for one in ones for section in one.report.sections
    )
    return Several(
        ones,
        differing(runs, [one.head for one in ones]),
        tuple(_place(key, runs, [one.report for one in ones]) for key in places),
        tuple(left_out),
    )


def _place(key: Key, runs: Sequence[Run], reports: Sequence[Report]) -> Place:
    """Runs of one data, split and metric together."""
    sections = {place: section for place, one in enumerate(reports) if (section := _of(one, key))}
    alike: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place in sections:
        alike[_scored(key, runs[place])].append(place)
    groups = tuple(
        _group(tuple(members), [runs[one] for one in members], [sections[one] for one in members])
        for members in alike.values()
    )
    return Place(*key, groups, _why(list(alike)))


def _of(report: Report, key: Key) -> Section | None:
    return next((one for one in report.sections if (one.dataset, one.protocol) == key), None)


def _scored(key: Key, run: Run) -> tuple[str, ...]:
    """What figures hang on, whoever made them: data, split, primary metric."""
    primary = run.manifest["primary"]
    asked = metrics_asked(run.records[0]).get(primary, "") if run.records else ""
    split = run.manifest["splits"].get("/".join(key), {})
    data = run.manifest["datasets"].get(key[0], {})
    return (
        digests(run, "data").get(key) or str(data.get("digest")),
        digests(run, "split").get(key) or str(split.get("digest")),
        f"{primary} {asked}",
    )


def _why(scored: Sequence[tuple[str, ...]]) -> str:
    """`data, split and primary metric differ`; nothing where all are one group."""
    columns = zip(("data", "split", "primary metric"), zip(*scored, strict=True), strict=True)
    names = [name for name, values in columns if len(set(values)) > 1]
    if not names:
        return ""
    told = " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
    return f"{told} differ{'s' * (len(names) == 1 and names != ['data'])}"


def _group(members: tuple[int, ...], runs: Sequence[Run], sections: Sequence[Section]) -> Group:
    metric = sections[0].primary
    unlike = tuple(_unlike(runs[0], run) for run in runs)
    return Group(
        members,
        metric,
        sections[0].higher_is_better,
        tuple(_lines(runs, sections, metric, unlike)),
        unlike,
        max(section.places(metric) for section in sections),
    )


def _unlike(first: Run, run: Run) -> tuple[str, ...]:
    """Nothing of the first itself."""
    pairs = paired(first, run).pairs if run is not first else ()
    return tuple(dict.fromkeys(what for pair in pairs for what in slowing(*pair)))


def _lines(
    runs: Sequence[Run],
    sections: Sequence[Section],
    metric: str,
    unlike: Sequence[tuple[str, ...]],
) -> Iterator[Line]:
    """In the order of the first run that has each; best-single is left out, being one of the base models."""
    tables = [{(row.kind, row.name): row for row in section.rows} for section in sections]
    keys = dict.fromkeys(key for table in tables for key in table if key[0] in _KINDS)
    for kind, name in sorted(keys, key=lambda key: _KINDS.index(key[0])):
        rows = [table.get((kind, name)) for table in tables]
        first = rows[0].figures.get(metric) if rows[0] is not None else None
        base = {} if first is None else _by_seed(runs[0], first)
        figures = tuple(
            None
            if row is None
            else _figures(row, metric, run, {} if run is runs[0] else base, not other)
            for row, run, other in zip(rows, runs, unlike, strict=True)
        )
        yield Line(name, kind, figures)


def _figures(
    row: Row, metric: str, run: Run, base: Mapping[int, float], timed: bool
) -> Figures | None:
    """`base`: the first run's values; none of that run itself."""
    figure = row.figures.get(metric)
    if figure is None:
        return None
    mine = _by_seed(run, figure)
    changes = [value - base[seed] for seed, value in mine.items() if seed in base]
    fewer = 0 < figure.estimate.defined < len(figure.estimate.values)
    return Figures(
        figure.estimate.mean,
        figure.estimate.sd,
        "!" if fewer else _MARKS[figure.mark],
        sum(changes) / len(changes) if changes else None,
        row.cost.total_cpu_s if row.cost is not None and timed else None,
    )


def _by_seed(run: Run, figure: Figure) -> dict[int, float]:
    pairs = zip(run.manifest["seeds"], figure.estimate.values, strict=True)
    return {seed: value for seed, value in pairs if value is not None}
