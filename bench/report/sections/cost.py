"""The tables below the answer: what it cost, and how the base models differ from user to user and source to source."""

from __future__ import annotations

from collections.abc import Sequence

from bench.report.content.fold_fits import has_fold_fits
from bench.report.content.model import BaseModelFacts, Cost, Report, Section
from bench.report.words.blocks import ABSENT, Cell, Grid, GridRow, align, fixed
from bench.report.words.figures import listed, loss
from bench.report.words.names import short

__all__ = ["UNLIKE_NOTE", "base_models_grid", "cost_grid", "cost_note"]

_COST_HEADS = (
    "train\nkrows/s",
    "predict\nkrows/s",
    "own\nCPU s",
    "total\nCPU s",
    "own\nwall s",
    "total\nwall s",
    "peak\nMB",
)
_NOTE = (
    "krows/s counts thousand rows per CPU second of the method's own work, each epoch's; of a meta-learner query rows alone, "
    "each once, though it works through support too. own is training and prediction (adaptation "
    "included) without the fits of base models that methods share; total adds those, as if nothing had been shared. Seconds "
    "are means over seeds, peak memory is the most of any seed. – marks what was over too soon to time."
)

UNLIKE_NOTE = (
    'These costs are of more than one kind of machine, by their numbers in "How it was made" (--section made): seconds and '
    "rates of different machines say nothing of methods. Let one kind do all steps to compare them."
)


def cost_grid(section: Section) -> Grid | None:
    """Throughput, seconds and memory of methods and base models; None where nothing was measured."""
    rows = [(row, row.cost) for row in section.rows if row.cost is not None]
    columns = list(zip(*(_figures(cost) for _, cost in rows), strict=True))
    decimals = (1, 1, 1, 1, 1, 1, 0)
    cells = [_column(values, places) for values, places in zip(columns, decimals, strict=False)]
    heads: tuple[str, ...] = _COST_HEADS
    if not section.one_machine:
        heads = ("machine", *heads)
        cells = [[Cell(", ".join(map(str, row.machines)) or ABSENT) for row, _ in rows], *cells]
    grid_rows = [
        GridRow(
            short(row.name),
            tuple(column[position] for column in cells),
            rule=position > 0 and row.kind != rows[position - 1][0].kind,
        )
        for position, (row, _) in enumerate(rows)
    ]
    return Grid("Cost", ("method", *heads), tuple(grid_rows)) if rows else None


def cost_note(report: Report, section: Section) -> str:
    """What the columns are, and where totals of methods have other fits in them."""
    found = has_fold_fits(report, section)
    on_folds = [name for name, folds in found.items() if folds]
    if not 0 < len(on_folds) < len(found):
        return _NOTE
    single = [name for name, folds in found.items() if not folds]
    return (
        f"{_NOTE} The total of {listed(on_folds)} has every base model's fits on folds in it, beside the fit that predicts "
        f"test users; that of {listed(single)} has the latter alone."
    )


def base_models_grid(section: Section) -> Grid | None:
    """Share of users per best model, and the source shift; None where neither is known."""
    models = section.base_models
    sources = list(dict.fromkeys(source for model in models for source in model.shifts))
    columns: dict[str, list[Cell]] = {}
    if any(model.best_share is not None for model in models):
        columns["best for\n% of users"] = _column(
            [_percent(model.best_share) for model in models], 1
        )
    for source in sources:
        for slot in ("train", "valid"):
            columns[f"{short(source)}\n{slot} query"] = _losses(
                [_shift(model, source, slot) for model in models], section.places("logloss")
            )
    rows = [
        GridRow(short(model.name), tuple(cells))
        for model, *cells in zip(models, *columns.values(), strict=True)
    ]
    title = "Base models: share of users for whom each has the lowest log loss"
    if sources:
        title += "; log loss of the predictions that selectors saw, on query rows of training and validation users"
    return Grid(title, ("model", *columns), tuple(rows)) if columns else None


def _figures(cost: Cost) -> tuple[float | None, ...]:
    return (
        _scaled(cost.train_rows_per_s, 1e-3),
        _scaled(cost.predict_rows_per_s, 1e-3),
        cost.own_cpu_s,
        cost.total_cpu_s,
        cost.own_wall_s,
        cost.total_wall_s,
        _scaled(cost.peak_rss_bytes, 1e-6),
    )


def _column(values: Sequence[float | None], decimals: int) -> list[Cell]:
    return [Cell(text) for text in align([fixed(value, decimals) for value in values], decimals)]


def _losses(values: Sequence[float | None], places: int) -> list[Cell]:
    return [Cell(text) for text in align([loss(value, places) for value in values], places)]


def _shift(model: BaseModelFacts, source: str, slot: str) -> float | None:
    shift = model.shifts.get(source)
    return None if shift is None else shift.train_query if slot == "train" else shift.valid_query


def _percent(share: float | None) -> float | None:
    return _scaled(share, 100)


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
