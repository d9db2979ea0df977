"""Which base model is best for how many users, and to how many each method gives it most weight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bench.evaluate import ChosenShares
from bench.report.charts.model import Axis, Bars, Chart, Panel, Points, Role, nothing_to_draw
from bench.report.charts.ties import all_highest
from bench.report.charts.user_differences import OLDER
from bench.report.content.model import BaseModelFacts, Section
from bench.report.words.blocks import ABSENT, Cell, Grid, GridRow, align
from bench.report.words.figures import listed, share
from bench.report.words.names import short

__all__ = ["best_models"]

_NAME = "best-models"
_TITLE = "The best base model of each user, and the one that methods choose"
_BEST = "is best for so many users"
_METHODS: tuple[Role, ...] = ("series 1", "series 2", "series 3", "series 4", "series 5")
_MODELS = 20
_APART = 0.6  # of a model's height that the points of methods take


class _Chooser(NamedTuple):
    """`place`: of its marks' ids."""

    name: str
    place: int
    chosen: ChosenShares


def best_models(section: Section) -> Chart:
    """Of a section: the first methods of the table that choose, and as many base models as there is room for."""
    every = list(_choosers(section))
    known = [model for model in section.base_models if model.best_share is not None]
    if len(section.base_models) < 2 or not (every or known):
        return nothing_to_draw(_NAME, _TITLE, _why_none(section))
    methods = every[: len(_METHODS)]
    models = _models(section, methods)
    return Chart(
        _NAME,
        _TITLE,
        _alt(models, methods),
        (_panel(models, methods),),
        _numbers(section.base_models, every),
        note=_note(section, len(models), methods, len(every)),
    )


def _choosers(section: Section) -> Iterator[_Chooser]:
    place = 0
    for row in section.rows:
        found = section.analysed(row) if row.kind == "method" else None
        if found is not None and found.chosen_shares is not None:
            yield _Chooser(row.name, place, found.chosen_shares)
            place += 1


def _models(section: Section, methods: Sequence[_Chooser]) -> list[BaseModelFacts]:
    """In the suite's order; where they are too many, those that are best for, or chosen for, most."""

    def most(model: BaseModelFacts) -> float:
        chosen = (one.chosen.shares.get(model.name, 0.0) for one in methods)
        return max(model.best_share or 0.0, *chosen, 0.0)

    kept = sorted(section.base_models, key=most, reverse=True)[:_MODELS]
    names = {model.name for model in kept}
    return [model for model in section.base_models if model.name in names]


def _panel(models: Sequence[BaseModelFacts], methods: Sequence[_Chooser]) -> Panel:
    x = Axis("share of test users", low=-0.02, format="percent")  # room for a mark at 0
    y = Axis(scale="names", names=tuple(model.name for model in models))
    height = (1.4 + 0.5 * len(methods)) * len(models) + 1
    return Panel(x, y, tuple(_marks(models, methods)), height=height)


def _marks(
    models: Sequence[BaseModelFacts], methods: Sequence[_Chooser]
) -> Iterator[Bars | Points]:
    known = [place for place, model in enumerate(models) if model.best_share is not None]
    if known:
        ends = tuple(float(models[place].best_share or 0.0) for place in known)
        yield Bars("best", ends, tuple(map(float, known)), "quiet", label=_BEST, width=0.8)
    for one in methods:
        aside = (one.place - (len(methods) - 1) / 2) * _APART / len(methods)
        yield Points(
            f"chosen-{one.place}",
            tuple(one.chosen.shares.get(model.name, 0.0) for model in models),
            tuple(place + aside for place in range(len(models))),
            _METHODS[one.place],
            f"chosen by {short(one.name, 28)}",
        )


def _alt(models: Sequence[BaseModelFacts], methods: Sequence[_Chooser]) -> str:
    """Whether one model is best for nearly all, and what the first chooser makes of it."""
    told = []
    known = [(model.name, model.best_share) for model in models if model.best_share is not None]
    if known:
        best = all_highest(known, lambda one: one[1])
        names, share_of = listed(name for name, _ in best), f"{best[0][1]:.1%}"
        told.append(
            f"Most often the best base model is {names}, for {share_of} of users."
            if len(best) == 1
            else f"Most often the best base models are {names}, each for {share_of} of users."
        )
    if methods:
        most = all_highest(methods[0].chosen.shares.items(), lambda one: one[1])
        names, each = listed(name for name, _ in most), "each " * (len(most) > 1)
        told.append(
            f"{short(methods[0].name)} gives most weight most often to {names}, {each}for {most[0][1]:.1%} of the users for "
            "whom one model has most."
        )
    return " ".join(told)


def _numbers(models: Sequence[BaseModelFacts], methods: Sequence[_Chooser]) -> Grid:
    columns = [
        align([_share(model.best_share) for model in models], 1),
        *(
            align([_share(one.chosen.shares.get(model.name, 0.0)) for model in models], 1)
            for one in methods
        ),
    ]
    rows = tuple(
        GridRow(short(model.name), tuple(map(Cell, cells)))
        for model, *cells in zip(models, *columns, strict=True)
    )
    heads = ("base model", "best for", *(f"chosen by {short(one.name)}" for one in methods))
    return Grid("Shares of test users", heads, rows)


def _share(value: float | None) -> str:
    return ABSENT if value is None else share(value)


def _note(section: Section, models: int, methods: Sequence[_Chooser], choosers: int) -> str:
    parts = ["Chosen: of highest mean weight over a user's query rows; users in every seed."]
    tied = [one for one in methods if one.chosen.shared]
    if tied:
        left = listed(
            f"{one.name} {one.chosen.shared / (one.chosen.shared + one.chosen.users):.1%}"
            for one in tied
        )
        parts.append(f"Users for whom several models tie are left out: {left}.")
    if not any(model.best_share is not None for model in section.base_models):
        parts.append("Who is best for whom is known of runs with the bound perfect-user alone.")
    if models < len(section.base_models):
        parts.append(
            f"{models} of {len(section.base_models)} base models, those with the largest shares."
        )
    if choosers > len(methods):
        parts.append(
            f"The first {len(methods)} of {choosers} methods that choose; the numbers have all."
        )
    return " ".join(parts)


def _why_none(section: Section) -> str:
    if len(section.base_models) < 2:
        return "There are no two base models to choose between."
    if section.analysis is None:
        return "There is no analysis of these records, so it is not known whom methods choose."
    if any(one.selection_accuracy is not None for one in section.analysis.methods):
        return OLDER
    return "No method chooses among the base models by weights, and the run has no bound perfect-user, which counts the best."
