"""The suite file as a JSON Schema (2020-12): editors complete and check it while one types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.errors import PluginError
from bench.registry import KINDS, Registry
from bench.suite.check.schema import (
    BaseModelUse,
    DatasetUse,
    ExecutorUse,
    MetaLearnerUse,
    MetricUse,
    ProtocolUse,
    SelectorUse,
    SuiteFile,
    Use,
)
from bench.suite.compose.dotted import NAMED

__all__ = ["json_schema"]

_USES: Mapping[type[Use], str] = {
    DatasetUse: "datasets",
    ProtocolUse: "protocols",
    BaseModelUse: "models",
    SelectorUse: "selectors",
    MetaLearnerUse: "meta_learners",
    MetricUse: "metrics",
    ExecutorUse: "executors",
}
_ALWAYS = {"version", "name"}  # the rest may be in a file that is included


def json_schema(registry: Registry) -> dict[str, Any]:
    """Of suites that use the registry's plugins: `use` says which parameters may stand beside it. A plugin that can't be
    loaded takes any."""
    schema = SuiteFile.model_json_schema()
    shared = schema.pop("$defs")
    for model, kind in _USES.items():
        own = shared[model.__name__]
        branches = []
        for name in registry.names(kind):
            params, defined = _params(registry, kind, name)
            shared |= defined
            branches.append(_branch(name, own, params))
        own["properties"]["use"] |= {
            "enum": list(registry.names(kind)),
            "description": f"name of a {KINDS[kind]}",
        }
        own["allOf"] = branches
    known = [*registry.names("metrics"), "relaimpr"]
    schema["properties"]["metrics"]["items"]["oneOf"][0] = {"enum": known}
    schema["properties"]["grid"]["propertyNames"] = {"pattern": rf"^({'|'.join(NAMED)})\..+\..+$"}
    everything = set(schema.pop("required"))
    alone = {
        "if": {"not": {"required": ["include"]}},
        "then": {"required": sorted(everything - _ALWAYS)},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "required": sorted(_ALWAYS),
        "allOf": [alone],
        "title": "metaselector-bench suite",
        "$defs": shared,
    }


def _branch(name: str, own: Mapping[str, Any], params: Mapping[str, Any] | None) -> dict[str, Any]:
    """What holds where `use` is this name. Its keys are all listed again: older drafts, which many editors read, know no
    other way to refuse the rest."""
    chosen = {"if": {"properties": {"use": {"const": name}}, "required": ["use"]}}
    if params is None:
        return chosen | {"then": {}}
    keys = {**dict.fromkeys(own["properties"], True), **params.get("properties", {})}
    then: dict[str, Any] = {"properties": keys, "additionalProperties": False}
    if params.get("required"):
        then["required"] = params["required"]
    return chosen | {"then": then}


def _params(
    registry: Registry, kind: str, name: str
) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """The schema of a plugin's Params, and the definitions that it refers to under names of their own."""
    try:
        plugin = registry.load(kind, name)
    except PluginError:
        return None, {}
    prefix = f"{kind}:{name}:"
    params = plugin.Params.model_json_schema(ref_template=f"#/$defs/{_escaped(prefix)}{{model}}")
    return params, dict(_prefixed(params.pop("$defs", {}), prefix))


def _prefixed(definitions: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, definition in definitions.items():
        yield prefix + name, definition


def _escaped(name: str) -> str:
    """As part of a JSON pointer in a URI's fragment."""
    return (
        name.replace("~", "~0")
        .replace("/", "~1")
        .replace("%", "%25")
        .replace("{", "{{")
        .replace("}", "}}")
    )
