"""A plugin's parameters as people read them: name, type, default, range, meaning. Read off the JSON schema of its Params."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel

__all__ = ["Parameter", "parameters"]

_TYPES = {
    "integer": "whole number",
    "number": "number",
    "string": "text",
    "boolean": "true or false",
    "null": "null",
}
_BOUNDS = {
    "minimum": ">= {}",
    "exclusiveMinimum": "> {}",
    "maximum": "<= {}",
    "exclusiveMaximum": "< {}",
    "multipleOf": "multiple of {}",
    "minItems": "length >= {}",
    "maxItems": "length <= {}",
    "minLength": "length >= {}",
    "maxLength": "length <= {}",
    "pattern": "matches {}",
}


class Parameter(NamedTuple):
    """One parameter; a nested one has a dotted name. `default` is JSON, or "(needed)"."""

    name: str
    type: str
    default: str
    range: str
    meaning: str


def parameters(params: type[BaseModel]) -> tuple[Parameter, ...]:
    """The parameters of a Params class in its order, nested settings flattened."""
    schema = params.model_json_schema()
    default = {name: field.get("default") for name, field in schema.get("properties", {}).items()}
    return tuple(_flat(schema, schema.get("$defs", {}), default, prefix=""))


def _flat(
    schema: Mapping[str, Any], shared: Mapping[str, Any], default: Mapping[str, Any], prefix: str
) -> Iterator[Parameter]:
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        target = _resolved(field, shared)
        nested = _nested(target, shared)
        if nested and nested is not target:  # it may be left out as a whole
            yield Parameter(
                prefix + name, "mapping or null", "null", "", field.get("description", "")
            )
        if nested:
            yield from _flat(nested, shared, default.get(name) or {}, f"{prefix}{name}.")
            continue
        shown = (
            "(needed)"
            if name in required
            else json.dumps(default.get(name, field.get("default")), ensure_ascii=False)
        )
        yield Parameter(
            prefix + name,
            _type(target, shared),
            shown,
            _range(target, shared),
            field.get("description", ""),
        )


def _nested(field: Mapping[str, Any], shared: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of settings below: the field's own, or where it may be null too, that of the other choice; else empty."""
    choices = [_resolved(choice, shared) for choice in field.get("anyOf", ())]
    settings = [choice for choice in choices if "properties" in choice]
    if len(settings) == 1 and len(choices) == 2 and {"type": "null"} in choices:
        return settings[0]
    return field if "properties" in field else {}


def _resolved(field: Mapping[str, Any], shared: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = field.get("$ref")
    return shared[reference.rpartition("/")[2]] if reference else field


def _type(field: Mapping[str, Any], shared: Mapping[str, Any]) -> str:
    field = _resolved(field, shared)
    if choices := field.get("enum", [field["const"]] if "const" in field else []):
        return " | ".join(map(str, choices))
    if "anyOf" in field:
        return " or ".join(_type(choice, shared) for choice in field["anyOf"])
    if field.get("type") == "array":
        each = _type(_items(field), shared) if _items(field) else ""
        return f"list of {each}{'s' * each.endswith('number')}" if each else "list"
    if field.get("type") == "object":
        values = field.get("additionalProperties")
        return f"mapping to {_type(values, shared)}" if isinstance(values, Mapping) else "mapping"
    return _TYPES.get(field.get("type", ""), "anything")


def _items(field: Mapping[str, Any]) -> Mapping[str, Any]:
    """Schema of a list's items; of its first where the places differ."""
    return field.get("items") or next(iter(field.get("prefixItems", ())), {})


def _range(field: Mapping[str, Any], shared: Mapping[str, Any]) -> str:
    own = [text.format(_number(field[key])) for key, text in _BOUNDS.items() if key in field]
    inner = [_range(_resolved(choice, shared), shared) for choice in field.get("anyOf", ())]
    if (items := _items(field)) and (each := _range(_resolved(items, shared), shared)):
        inner.append(f"each {each}")
    return ", ".join([*own, *filter(None, inner)])


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
