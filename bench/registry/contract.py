"""What a class has to be before the harness works with it; the reason is for its author."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel

from bench.interfaces import (
    Dataset,
    DifferentiableModel,
    DifferentiableSelector,
    Executor,
    MetaLearner,
    Metric,
    Model,
    Plugin,
    PluginParams,
    Selector,
    SplitProtocol,
)
from bench.interfaces.models import CompiledForm
from bench.registry.kinds import did_you_mean
from bench.settings import RESERVED_KEYS

__all__ = ["breach", "wrong_form"]

_INTERFACES: Mapping[str, tuple[type[Plugin], ...]] = {
    "models": (Model, DifferentiableModel),
    "selectors": (Selector, DifferentiableSelector),
    "meta_learners": (MetaLearner,),
    "datasets": (Dataset,),
    "protocols": (SplitProtocol,),
    "metrics": (Metric,),
    "executors": (Executor,),
}
_PROTOCOL_KINDS = ("user-holdout", "blocks")
_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "protocols": ("kind",),
    "metrics": ("higher_is_better", "version"),
}


def breach(plugin: Any, kind: str, name: str) -> str | None:
    """The first way in which a class breaks the contract of its kind, or None."""
    if not inspect.isclass(plugin):
        return f"the address names a {type(plugin).__name__}, not a class"
    return (
        _wrong_interface(plugin, kind)
        or _wrong_attributes(plugin, kind, name)
        or _wrong_params(plugin)
        or wrong_form(plugin)
    )


def wrong_form(plugin: type) -> str | None:
    """What is wrong with the `compiled_form` that a class declares."""
    form, known = getattr(plugin, "compiled_form", None), get_args(CompiledForm)
    if form is None or not issubclass(plugin, (*_INTERFACES["models"], *_INTERFACES["selectors"])):
        return None
    if not issubclass(plugin, DifferentiableModel):
        return (
            "it has a compiled_form, which only a bench.learn.DifferentiableModel may; leave it out"
        )
    if form in known:
        return None
    names = f"there are: {', '.join(known)}"
    hint = did_you_mean(str(form), known).removeprefix("; ")
    return f"it has the compiled_form {form!r}; {hint if hint == names else f'{hint} {names}'}"


def _wrong_interface(plugin: type, kind: str) -> str | None:
    wanted = _INTERFACES[kind]
    if not issubclass(plugin, wanted):
        return f"it is no subclass of {' or '.join(f'bench.interfaces.{interface.__name__}' for interface in wanted)}"
    if missing := sorted(getattr(plugin, "__abstractmethods__", ())):
        return f"it does not implement {', '.join(missing)}"
    return None


def _wrong_attributes(plugin: type, kind: str, name: str) -> str | None:
    if not (inspect.cleandoc(plugin.__doc__ or "")):
        return "it has no docstring; its first line is the summary that people read"
    if missing := [
        attribute for attribute in _ATTRIBUTES.get(kind, ()) if not hasattr(plugin, attribute)
    ]:
        return f"it lacks {', '.join(missing)}"
    divides = getattr(plugin, "kind", None)
    if kind == "protocols" and divides not in _PROTOCOL_KINDS:
        return f"its kind is {divides!r}; write {' or '.join(map(repr, _PROTOCOL_KINDS))}"
    citation = getattr(plugin, "citation", "")
    if not isinstance(citation, str):
        return f"its citation is a {type(citation).__name__}; write BibTeX entries as one text"
    own = getattr(plugin, "name", None)
    if own != name:
        return f"its name is {own!r}, its hook calls it {name!r}"
    return None


def _wrong_params(plugin: type) -> str | None:
    params = getattr(plugin, "Params", None)
    if not (inspect.isclass(params) and issubclass(params, PluginParams)):
        return "its Params is no subclass of bench.interfaces.PluginParams"
    if reserved := sorted(RESERVED_KEYS & params.model_fields.keys()):
        return f"its Params has {', '.join(map(repr, reserved))}, which the harness reads; rename"
    if bare := _undescribed(params):
        return f"its Params describes no {', '.join(map(repr, bare))}; give each a Field(..., description=...)"
    return None


def _undescribed(params: type[BaseModel], prefix: str = "") -> list[str]:
    """Dotted names of the fields without a description, nested ones included."""
    bare = []
    for name, field in params.model_fields.items():
        if not field.description:
            bare.append(prefix + name)
        if inspect.isclass(field.annotation) and issubclass(field.annotation, BaseModel):
            bare += _undescribed(field.annotation, f"{prefix}{name}.")
    return bare
