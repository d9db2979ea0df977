"""The compiled form that a model declares to be, and the tables that all forms name alike."""

from __future__ import annotations

from bench.learn.network.plugins import (
    CompiledForm,
    DifferentiableModel,
    DifferentiableSelector,
)

__all__ = ["FACTORS", "LINEAR", "declared_form"]

LINEAR, FACTORS = "linear", "factors"  # tables of every form


def declared_form(model: DifferentiableModel | DifferentiableSelector) -> CompiledForm | None:
    """None where there is none, or where a subclass of the one that declares it has a function of its own."""
    if not isinstance(model, DifferentiableModel) or model.compiled_form is None:
        return None
    line = type(model).__mro__
    declared = next(one for one in line if "compiled_form" in vars(one))
    before = line[: line.index(declared)]
    own_function = any({"forward", "build", "tables"} & vars(one).keys() for one in before)
    return None if own_function else model.compiled_form
