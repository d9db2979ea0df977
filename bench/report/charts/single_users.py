"""Single users: what a method made of them: its weights over the pool, before and after adaptation, and the losses of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.report.charts.model import (
    Axis,
    Chart,
    Panel,
    Points,
    Spans,
    nothing_to_draw,
)
from bench.report.charts.ties import all_highest
from bench.report.content.model import Section, SingleUser, SingleUsers
from bench.report.content.single_users import LEAST_ROWS
from bench.report.words.blocks import ABSENT, Cell, Grid, GridRow, align, fixed
from bench.report.words.figures import counted, listed, loss, signed
from bench.report.words.names import short

__all__ = ["single_users"]

_NAME = "single-users"
_TITLE = "Single users: weights over the pool, and what each model lost"
_MODELS = 12
_ID_CELLS = 16


def single_users(section: Section) -> Chart:
    """Of a section into which `with_single_users` put some."""
    found = section.single_users
    if found is None:
        return nothing_to_draw(_NAME, _TITLE, "The tables by user were not read for this report.")
    if found.reason:
        return nothing_to_draw(_NAME, _TITLE, found.reason)
    models = _models(section, found)
    single = str(section.analysis.best_single) if section.analysis is not None else ""
    weights = [_weights(place, models, found) for place in range(len(found.users))]
    losses = [_losses(place, models, found, single) for place in range(len(found.users))]
    return Chart(
        _NAME,
        f"Single users of {short(found.method)}: weights over the pool, and what each model lost",
        _alt(found),
        (*weights, *losses),
        _numbers(section, found, single),
        note=_note(section, found, len(models)),
        columns=len(found.users),
        wide=len(found.users) > 1,
    )


def _models(section: Section, found: SingleUsers) -> list[str]:
    """In the suite's order; where they are too many, those of the largest weight."""

    def most(name: str) -> float:
        return max(
            max(one.weights.get(name, 0.0), one.weights_before.get(name, 0.0))
            for one in found.users
        )

    every = [model.name for model in section.base_models]
    kept = sorted(every, key=most, reverse=True)[:_MODELS]
    return [name for name in every if name in kept]


def _weights(place: int, models: Sequence[str], found: SingleUsers) -> Panel:
    user = found.users[place]
    most = max(max((*one.weights.values(), *one.weights_before.values())) for one in found.users)
    x = Axis("mean weight", low=0.0, high=1.04 * most, format="percent")
    y = Axis(scale="names", names=tuple(models), shown=place == 0)
    at = [row for row, model in enumerate(models) if model in user.weights]
    before = [user.weights_before[models[row]] for row in at if models[row] in user.weights_before]
    after = [user.weights[models[row]] for row in at]
    title = f"{_place(place, found)}: user {short(user.id, _ID_CELLS)}"
    marks = tuple(_moved(f"weight-{place}", before, after, at))
    return Panel(x, y, marks, title, 1.5 * len(models) + 1)


def _losses(place: int, models: Sequence[str], found: SingleUsers, single: str) -> Panel:
    user = found.users[place]
    x = Axis("log loss of the query (lower is better)", format="loss")
    y = Axis(scale="names", names=(*models, found.method), shown=place == 0)
    title = (
        f"{counted(user.support_rows, 'support row')}, {user.support_positives:,} positive; "
        f"{counted(user.rows, 'query row')}"
    )
    marks = (
        *_of_models(place, models, user, single),
        *_moved(
            f"logloss-{place}",
            [] if user.before is None else [user.before],
            [user.logloss],
            [len(models)],
        ),
    )
    return Panel(x, y, marks, title, 1.5 * (len(models) + 1) + 1)


def _of_models(
    place: int, models: Sequence[str], user: SingleUser, single: str
) -> Iterator[Points]:
    for row, model in enumerate(models):
        if model in user.base_models:
            x, y = (user.base_models[model],), (float(row),)
            if model == single:
                yield Points(f"model-{place}-{row}", x, y, "reference", "the best single model")
            else:
                yield Points(f"model-{place}-{row}", x, y, "series 8", "a base model")


def _moved(
    key: str, before: Sequence[float], after: Sequence[float], at: Sequence[int]
) -> Iterator[Points | Spans]:
    """Where adaptation moved something from and to; `before` is empty where it did not."""
    y = tuple(map(float, at))
    if before:
        low, high = zip(*(sorted(pair) for pair in zip(before, after, strict=True)), strict=True)
        yield Spans(f"{key}-moved", low, high, y, "series 1")
        yield Points(
            f"{key}-before", tuple(before), y, "series 1", "before adaptation", hollow=True
        )
    label = "after adaptation" if before else "the method"
    yield Points(f"{key}-after", tuple(after), y, "series 1", label)


def _place(place: int, found: SingleUsers) -> str:
    """What a user is among the others; who differs for the worse was not helped, and who does not differ neither."""
    difference = found.users[place].difference
    if found.of == 1:
        return "the only one"
    if place in (0, len(found.users) - 1) and difference == 0:
        return "neither helped nor harmed"
    if place == 0:
        return "most helped" if difference < 0 else "least harmed"
    if place == len(found.users) - 1:
        return "most harmed" if difference > 0 else "least helped"
    return "the median"


def _alt(found: SingleUsers) -> str:
    """What became of each."""
    told = (
        f"{_place(place, found)}, user {short(user.id, _ID_CELLS)}: {signed(user.difference, 4)} from the best single model, "
        f"most weight on {listed(name for name, _ in all_highest(user.weights.items(), lambda one: one[1]))}"
        for place, user in enumerate(found.users)
    )
    return f"Users of {short(found.method)}: {'; '.join(told)}."


def _numbers(section: Section, found: SingleUsers, single: str) -> Grid:
    """A row for each user and model, and one for the method."""
    places = section.places("logloss")
    lines: list[tuple[str, str, str, str, str, str]] = []
    for place, user in enumerate(found.users):
        who = f"{_place(place, found)}: {short(user.id, _ID_CELLS)}"
        for model in user.weights:
            name = f"{short(model)}{' (best single)' if model == single else ''}"
            lost = loss(user.base_models.get(model), places)
            weights = fixed(user.weights_before.get(model), 4), fixed(user.weights[model], 4)
            lines.append((who, name, *weights, ABSENT, lost))
        losses = loss(user.before, places), loss(user.logloss, places)
        lines.append((who, short(found.method), ABSENT, ABSENT, *losses))
    users, names, *figures = (list(column) for column in zip(*lines, strict=True))
    columns = [names, *(align(column, places) for column in figures)]
    rows = tuple(
        GridRow(user, tuple(map(Cell, cells)), rule=place > 0 and user != users[place - 1])
        for place, (user, *cells) in enumerate(zip(users, *columns, strict=True))
    )
    heads = ("user", "model", "weight\nbefore", "weight", "log loss\nbefore", "log loss")
    return Grid("Single users", heads, rows)


def _note(section: Section, found: SingleUsers, models: int) -> str:
    seed = f", seed {found.seed}" if section.analysis and len(section.analysis.seeds) > 1 else ""
    few = (
        f" The {models} of {len(section.base_models)} base models of the largest weight."
        if models < len(section.base_models)
        else ""
    )
    return (
        f"Of {short(found.method)}, the best method that gives weights{seed}{_not_lead(section, found)}: the users whose log "
        f"loss is furthest below and above the best single model's, and the median, of {counted(found.of, 'user')} with at "
        f"least {LEAST_ROWS} query rows.{few}"
    )


def _not_lead(section: Section, found: SingleUsers) -> str:
    """The best method of all may give no weights."""
    lead = section.analysis.lead if section.analysis is not None else None
    none = lead is None or lead == found.method
    return "" if none else f" ({short(str(lead))}, the best of all, gives none)"
