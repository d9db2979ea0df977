"""Validates a part of a document with a pydantic model, and says pydantic's errors in the words of a suite."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator, Mapping, Sequence
from itertools import filterfalse
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bench.registry import did_you_mean
from bench.suite.check.wording import Wording
from bench.suite.compose.overrides import is_override
from bench.suite.places.problems import Problem, at_key, at_value
from bench.suite.places.text import quoted
from bench.suite.places.yaml_document import Document, KeyPath

__all__ = ["keys_at", "reason_of", "validate"]

M = TypeVar("M", bound=BaseModel)

_REASONS = {
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "dict_type": "must be a mapping",
    "mapping_type": "must be a mapping",
    "model_type": "must be a mapping",
    "none_required": "must be null",
    "literal_error": "must be {expected}",
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "too_short": "must hold at least {min_length}",
    "too_long": "must hold at most {max_length}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must match {pattern}",
}
_SWITCHES = {
    "on": "true",
    "yes": "true",
    "y": "true",
    "off": "false",
    "no": "false",
    "n": "false",
}  # of YAML 1.1
_OF_A_KEY = "[key]"  # ends pydantic's location where a mapping's key is what is wrong


def validate(
    model: type[M], value: Any, document: Document, prefix: KeyPath, wording: Wording
) -> M | list[Problem]:
    """`value` (what stands at `prefix`, or a part of it) as the model, or every problem that it has."""
    try:
        # JSON mode: strict, yet a list suits a tuple
        return model.model_validate_json(json.dumps(value))
    except ValidationError as error:
        details = error.errors(include_url=False)
    by_place: dict[KeyPath, list[ErrorDetails]] = {}
    for detail in filterfalse(_is_echo, details):
        by_place.setdefault(_path(value, detail), []).append(detail)
    misspelt = set(_misspelt(model, by_place))
    return [
        _problem(model, path, alternatives, document, prefix, wording)
        for path, alternatives in by_place.items()
        if path not in misspelt
    ]


def _misspelt(
    model: type[BaseModel], by_place: Mapping[KeyPath, Sequence[ErrorDetails]]
) -> Iterator[KeyPath]:
    """Keys that are missing since an unknown one beside them was meant for them: that one's problem says so."""
    kinds = {path: details[0]["type"] for path, details in by_place.items()}
    for path, kind in kinds.items():
        if kind == "extra_forbidden":
            keys = keys_at(model, path[:-1])
            hint = did_you_mean(str(path[-1]), keys)
            meant = ((*path[:-1], key) for key in keys if hint == f"; did you mean {key!r}?")
            yield from (key for key in meant if kinds.get(key) == "missing")


def _is_echo(detail: ErrorDetails) -> bool:
    """Whether pydantic calls a list too short only because it left out the items that it complains of anyway."""
    return detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]


def _path(value: Any, detail: ErrorDetails) -> KeyPath:
    """Where in the value an error is: pydantic's location without what it adds for unions and keys."""
    path: KeyPath = ()
    for part in detail["loc"]:
        inside = (
            value.keys()
            if isinstance(value, dict)
            else range(len(value))
            if isinstance(value, list)
            else ()
        )
        if part in inside:
            value = value[part]
            path = (*path, part)
    return (*path, detail["loc"][-1]) if detail["type"] == "missing" else path


def _problem(
    model: type[BaseModel],
    path: KeyPath,
    alternatives: Sequence[ErrorDetails],
    document: Document,
    prefix: KeyPath,
    wording: Wording,
) -> Problem:
    """One problem of the errors at one place: several are the branches of a union."""
    detail, place = alternatives[0], (*prefix, *path)
    if detail["type"] == "missing":
        return at_value(document, place[:-1], wording.missing(path))
    if detail["type"] == "extra_forbidden":
        return at_key(document, place, wording.unknown(path, keys_at(model, path[:-1])))
    if detail["loc"] and detail["loc"][-1] == _OF_A_KEY:
        return at_key(document, place, f"the name {quoted(path[-1])} {reason_of(detail)}")
    if detail["type"] in ("value_error", "assertion_error"):
        return at_value(
            document, _set_below(document, place), f"{wording.thing(path)}: {reason_of(detail)}"
        )
    reason = " or ".join(
        dict.fromkeys(
            [
                reason_of(detail),
                *(reason_of(other)[len("must be ") :] for other in alternatives[1:]),
            ]
        )
    )
    got = _got(document, place, detail["input"])
    return at_value(
        document, place, f"{wording.thing(path)} {reason}; got {got}{_fix(detail, got)}"
    )


def _set_below(document: Document, place: KeyPath) -> KeyPath:
    """Of a rule between keys the one that the command line set, if it did: the file by itself may keep the rule."""
    below = (
        path
        for path, at in document.values.items()
        if path[: len(place)] == place and is_override(at)
    )
    return next(below, place)


def reason_of(detail: ErrorDetails) -> str:
    """What is allowed."""
    if detail["type"] not in _REASONS:
        told = str(detail.get("ctx", {}).get("error", "")) or f"must be otherwise ({detail['msg']})"
        return " ".join(told.split())
    limits = {
        name: f"{limit:g}" if isinstance(limit, float) else limit
        for name, limit in detail.get("ctx", {}).items()
    }
    return _REASONS[detail["type"]].format(**limits)


def _got(document: Document, place: KeyPath, value: Any) -> str:
    """What the file says: a number as it was spelt."""
    return quoted(value) if isinstance(value, str) else document.written.get(place) or quoted(value)


def _fix(detail: ErrorDetails, got: str) -> str:
    kind, value = detail["type"], detail["input"]
    if kind == "string_type" and not isinstance(value, dict | list | None):
        return f"; quote it: '{got}'"
    if kind == "bool_type" and str(value).lower() in _SWITCHES:
        return f"; write {_SWITCHES[str(value).lower()]}"
    if kind in ("tuple_type", "list_type") and not isinstance(value, dict | None):
        return f"; write [{got}]"
    if kind in ("int_type", "int_from_float") and (whole := _whole(value)) is not None:
        return f"; write {whole}"
    return ""


def _whole(value: Any) -> int | None:
    """The whole number that was meant by 1_000 (text in YAML 1.2) or by 1e3 (a number with a fraction)."""
    if isinstance(value, str) and value.replace("_", "").isdecimal():
        return int(value.replace("_", ""))
    return int(value) if isinstance(value, float) and value.is_integer() else None


def keys_at(annotation: Any, path: KeyPath) -> list[str]:
    """The keys that a model, or the model at a path below it, reads."""
    for part in path:
        annotation = next(_below(annotation, part), None)
    return list(dict.fromkeys(key for model in _models(annotation) for key in model.model_fields))


def _below(annotation: Any, part: str | int) -> Iterator[Any]:
    """The types of what stands at `part` in a value of this type."""
    for model in _models(annotation):
        if part in model.model_fields:
            yield model.model_fields[str(part)].annotation
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _below(arguments[0], part)
    elif origin in (Union, types.UnionType):
        for argument in arguments:
            yield from _below(argument, part)
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        yield arguments[1]
    elif isinstance(origin, type) and issubclass(origin, Sequence):
        yield arguments[0]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """A model itself, or those of a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (Union, types.UnionType, Annotated):
        for argument in get_args(annotation):
            yield from _models(argument)
