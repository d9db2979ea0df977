"""The compiled form that a model declares to be, and whether it is built as that form is."""

from __future__ import annotations

from collections.abc import Mapping

from bench.errors import PluginError
from bench.learn.network.declared_tower import DEEP, Unlike, check_widths, tower_of
from bench.learn.network.plugins import (
    CompiledForm,
    DifferentiableModel,
    DifferentiableSelector,
)
from bench.registry.contract import wrong_form

__all__ = ["FACTORS", "LINEAR", "check_built", "declared_form", "own_parts"]

LINEAR, FACTORS = "linear", "factors"  # tables of every form
WIDTHS = "linear of width 1"
NO_MORE = "and no other parameters"
WANTED: Mapping[CompiledForm, str] = {
    "logistic-regression": f"the table linear, of width 1, {NO_MORE}",
    "factorization-machine": f"the tables linear and factors, {WIDTHS}, {NO_MORE}",
    "field-aware-factorization-machine": (
        f"the tables linear and factors, {WIDTHS}, factors with a vector for each field, {NO_MORE}"
    ),
    "deep-factorization-machine": (
        f"the tables linear and factors, and as {DEEP!r} an nn.Sequential of Linear and ReLU, as often as you like, after any"
        " ReLU a Dropout or none, then a Linear to one output without bias; no other parameters, all of them float32 and"
        f" trained, {WIDTHS}, and no unpooled fields"
    ),
}


def declared_form(model: DifferentiableModel | DifferentiableSelector) -> CompiledForm | None:
    """None where there is none, or where a subclass of the one that declares it has a function of its own. PluginError for
    one that there is not."""
    if wrong := wrong_form(type(model)) or _set_too_late(model):
        raise PluginError(f"{type(model).__name__}: {wrong}")
    if not isinstance(model, DifferentiableModel) or own_parts(model):
        return None
    return model.compiled_form


def own_parts(model: DifferentiableModel) -> list[str]:
    """The methods by which a subclass is another function than the class that declares a form."""
    line = type(model).__mro__
    declared = next(one for one in line if "compiled_form" in vars(one))
    before = line[: line.index(declared)]
    return [
        part for part in ("build", "tables", "forward") if any(part in vars(one) for one in before)
    ]


def check_built(model: DifferentiableModel, form: CompiledForm, fields: int) -> None:
    """PluginError where a model that is built on so many fields has other tables, widths or layers than the form."""
    try:
        _check_tables(model, form, fields)
        if form == "deep-factorization-machine":
            _check_tower(model, fields)
        else:
            _check_no_more(model, [])
    except Unlike as unlike:
        raise PluginError(
            f"{type(model).__name__}: compiled_form {form!r} has {WANTED[form]}; but {unlike}; mend that, or leave"
            " compiled_form out"
        ) from None


def _set_too_late(model: DifferentiableModel | DifferentiableSelector) -> str | None:
    if "compiled_form" in vars(model):
        return "compiled_form is set on the model; write it in the class, where it is looked for"
    return None


def _check_tables(model: DifferentiableModel, form: CompiledForm, fields: int) -> None:
    tables = dict(model.tables())
    wanted = {LINEAR} if form == "logistic-regression" else {LINEAR, FACTORS}
    if tables.keys() != wanted:
        there = " and ".join(tables)
        raise Unlike(f"tables() gives {there}" if there else "tables() gives none")
    if tables[LINEAR] != 1:
        raise Unlike(f"its table linear has width {tables[LINEAR]}")
    width = tables.get(FACTORS, 1)
    if width < 1:
        raise Unlike(f"its table factors has width {width}")
    if form == "field-aware-factorization-machine" and width % fields:
        raise Unlike(
            f"its table factors has width {width}, which is no multiple of the {fields} fields"
        )


def _check_tower(model: DifferentiableModel, fields: int) -> None:
    if model.unpooled:
        raise Unlike(f"it has the unpooled fields {', '.join(model.unpooled)}")
    tower = tower_of(model)
    check_widths(tower, inputs=fields * model.tables()[FACTORS])
    _check_no_more(model, [id(each) for each in tower.parameters()])


def _check_no_more(model: DifferentiableModel, known: list[int]) -> None:
    """The parameters are those known by `id`, in their order."""
    found = {name: id(each) for name, each in model.named_parameters()}
    if strange := [name for name, each in found.items() if each not in known]:
        raise Unlike(f"it has the parameters {', '.join(strange)}")
    if list(found.values()) != known:
        names = ", ".join(found)
        raise Unlike(f"a layer of its {DEEP} is there twice, or is made elsewhere before: {names}")
