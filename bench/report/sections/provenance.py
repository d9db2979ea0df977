"""What a table has to be read with: the data, the split, where predictions came from, who was left out. In sentences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from bench.report.content.model import PredictionsFile, Section
from bench.report.sections.data_notes import data_facts
from bench.report.sections.split_notes import split_facts
from bench.report.words.blocks import Note
from bench.report.words.figures import counted, listed, number
from bench.report.words.metrics import named
from bench.report.words.names import short

__all__ = ["section_facts", "section_warnings"]

_REASON_CELLS = 300


def section_facts(section: Section) -> list[Note]:
    """A note each; none for what there is nothing to say of."""
    optimum = section.analysis.optimum_logloss if section.analysis is not None else None
    lines = [
        *data_facts(section.dataset, section.dataset_facts, optimum),
        _split(section),
        _base_predictions(section),
        *_from_files(section),
        " ".join(_calibrated(section)),
        _support_rows(section),
        " ".join(_users(section)),
    ]
    return [Note(line) for line in lines if line]


def section_warnings(section: Section) -> list[Note]:
    """What plugins and the harness warned of, a note each."""
    return [
        Note(f"Warning: {short(text, _REASON_CELLS)} ({listed(methods, None)}).")
        for text, methods in section.warnings.items()
    ]


def _split(section: Section) -> str:
    from_files = sorted({one.model for one in section.from_files})
    models = {row.name for row in section.rows if row.kind == "base_model"}
    return split_facts(
        section.protocol,
        section.split_facts,
        bool(section.dataset_facts.get("order")),
        from_files,
        all_from_files=bool(models) and models <= set(from_files),
    )


def _base_predictions(section: Section) -> str:
    sources = section.base_predictions
    if len(sources) < 2:
        return "".join(f"Base predictions were {short(source)}." for source in sources)
    counts = section.training_users
    apart = len(set(counts.values())) > 1  # a holdout in cold leaves methods fewer
    told = (
        f"{short(source)} for {listed(methods, None)}{_tasks(counts.get(source, ())) if apart else ''}"
        for source, methods in sources.items()
    )
    return f"Base predictions were {'; '.join(told)}."


def _tasks(counts: Sequence[int]) -> str:
    return f" (tasks of {' or '.join(map(number, counts))} training users)" if counts else ""


def _from_files(section: Section) -> Iterator[str]:
    for one in section.from_files:
        rows = "" if one.rows is None else f"{number(one.rows)} rows, "
        yield (
            f"{short(one.model)} was not fitted: its predictions were read from {short(one.file)} ({rows}sha256 "
            f"{short(one.sha256[:12])}{_unused(one)}). They have no folds: all rows read the file, whatever it was fitted on."
        )


def _unused(one: PredictionsFile) -> str:
    if not one.unused:
        return ""
    empty = f", {number(one.without_key)} without user, item or time" if one.without_key else ""
    return f"; {number(one.unused)} of no support or query row were left out{empty}"


def _calibrated(section: Section) -> Iterator[str]:
    for how, methods in section.calibrated.items():
        yield f"Predictions of {listed(methods, None)} were calibrated by {short(how)}."


def _support_rows(section: Section) -> str:
    methods: dict[int, list[str]] = defaultdict(list)
    for method, rows in section.support_rows.items():
        methods[rows].append(method)
    told = (f"{listed(methods[rows], None)} {_last(rows)}" for rows in sorted(methods))
    return (
        f"Some methods see less of validation and test users' support: {'; '.join(told)}."
        if methods
        else ""
    )


def _last(rows: int) -> str:
    if rows == 0:
        return "none (predictions are unadapted)"
    return "the last row" if rows == 1 else f"the last {rows:,} rows"


def _users(section: Section) -> Iterator[str]:
    if section.users_without_support:
        counts = " or ".join(f"{count:,}" for count in section.users_without_support)
        several = section.users_without_support != (1,)
        are = "users have no support and are" if several else "user has no support and is"
        yield f"{counts} test {are} predicted unadapted."
    if section.gauc_users is not None:
        scored, users = section.gauc_users
        left_out = f"{users - scored:,} of {counted(users, 'user')}"
        yield f"GAUC weighs users by their rows and leaves out {left_out}, whose rows are all of one class."
    for metric, (scored, users) in section.users_scored.items():
        if scored < users:
            left_out = f"{users - scored:,} of {counted(users, 'user')}"
            yield f"{named(metric)} leaves out {left_out}, for whom it is undefined."
