"""Who trains a plugin, in words: for its record, and for its author."""

from __future__ import annotations

from importlib.metadata import version

from bench.learn.network.declared import declared_form, own_parts
from bench.learn.network.plugins import DifferentiableModel, DifferentiableSelector

__all__ = ["trained_by", "why_by_torch"]


def trained_by(plugin: DifferentiableModel | DifferentiableSelector) -> str:
    """`numba X.Y: factorization-machine`, of a compiled form; of any other plugin `numba X.Y: lookups; torch: the forward`."""
    compiled = f"numba {version('numba')}"
    form = declared_form(plugin)
    return f"{compiled}: lookups; torch: the forward" if form is None else f"{compiled}: {form}"


def why_by_torch(plugin: DifferentiableModel | DifferentiableSelector) -> str | None:
    """Why its forward is torch's; None where it is compiled."""
    if not isinstance(plugin, DifferentiableModel):
        return "a selector is no compiled form"
    if declared_form(plugin) is not None:
        return None
    inherited = next(
        (base for base in type(plugin).__mro__ if vars(base).get("compiled_form") is not None), None
    )
    if inherited is None or "compiled_form" in vars(type(plugin)):
        return "it declares no compiled_form"
    own = " and ".join(f"{part}()" for part in own_parts(plugin))
    return f"it has {own} of its own, and compiled_form is {inherited.__name__}'s; one that still is that form says so again"
