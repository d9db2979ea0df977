"""The suite file's JSON Schema: it takes every suite that ships and that `load` takes, and refuses what `load` refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.errors import SuiteError
from bench.registry import Registry, load_registry
from bench.suite import load
from bench.suite.document import parse
from bench.suite.json_schema import json_schema

SuiteFile = Callable[..., Path]
ROOT = Path(__file__).parents[2]
_TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
_NOTES = {"$schema", "$defs", "title", "description", "default"}


def faults(schema: Any, value: Any, root: dict[str, Any], where: str = "") -> list[str]:
    """A small validator of the words that the schema uses; a word that it does not know is an error."""
    if isinstance(schema, bool):
        return [] if schema else [where]
    found = []
    for word, told in schema.items():
        if word not in _NOTES:
            found += _WORDS[word](told, value, root, where, schema)
    return found


def _type(told, value, root, where, schema):
    if told in ("integer", "number"):
        right = (
            isinstance(value, int | float) and not isinstance(value, bool) and (told == "number" or value == int(value))
        )
    else:
        right = isinstance(value, _TYPES[told])
    return [] if right else [f"{where} is no {told}"]


def _properties(told, value, root, where, schema):
    items = value.items() if isinstance(value, dict) else ()
    return [f for key, item in items if key in told for f in faults(told[key], item, root, f"{where}/{key}")]


def _other_properties(told, value, root, where, schema):
    items = value.items() if isinstance(value, dict) else ()
    others = [(key, item) for key, item in items if key not in schema.get("properties", {})]
    return [f for key, item in others for f in faults(told, item, root, f"{where}/{key}")]


def _condition(told, value, root, where, schema):
    return faults(schema["then"], value, root, where) if not faults(told, value, root, where) else []


def _unless(is_wrong: Callable[[Any, Any], bool], kind: type | tuple[type, ...]) -> Callable[..., list[str]]:
    def check(told, value, root, where, schema):
        return (
            [f"{where}: {told}"]
            if isinstance(value, kind) and not isinstance(value, bool) and is_wrong(told, value)
            else []
        )

    return check


_NUMBER = (int, float)
_WORDS: dict[str, Callable[..., list[str]]] = {
    "type": _type,
    "const": lambda told, value, root, where, schema: [] if value == told else [where],
    "enum": lambda told, value, root, where, schema: [] if value in told else [f"{where} not in {told}"],
    "properties": _properties,
    "additionalProperties": _other_properties,
    "propertyNames": lambda told, value, root, where, schema: [
        f for key in value for f in faults(told, key, root, where)
    ],
    "required": _unless(lambda told, value: not value.keys() >= set(told), dict),
    "minProperties": _unless(lambda told, value: len(value) < told, dict),
    "items": lambda told, value, root, where, schema: [
        f
        for n, item in enumerate(value if isinstance(value, list) else ())
        for f in faults(told, item, root, f"{where}/{n}")
    ],
    "prefixItems": lambda told, value, root, where, schema: [
        f for part, item in zip(told, value, strict=False) for f in faults(part, item, root, where)
    ],
    "minItems": _unless(lambda told, value: len(value) < told, list),
    "maxItems": _unless(lambda told, value: len(value) > told, list),
    "uniqueItems": _unless(lambda told, value: len(set(map(str, value))) < len(value), list),
    "minLength": _unless(lambda told, value: len(value) < told, str),
    "maxLength": _unless(lambda told, value: len(value) > told, str),
    "pattern": _unless(lambda told, value: not re.search(told, value), str),
    "minimum": _unless(lambda told, value: value < told, _NUMBER),
    "maximum": _unless(lambda told, value: value > told, _NUMBER),
    "exclusiveMinimum": _unless(lambda told, value: value <= told, _NUMBER),
    "exclusiveMaximum": _unless(lambda told, value: value >= told, _NUMBER),
    "anyOf": lambda told, value, root, where, schema: (
        [] if any(not faults(one, value, root, where) for one in told) else [f"{where} is none of {told}"]
    ),
    "allOf": lambda told, value, root, where, schema: [f for one in told for f in faults(one, value, root, where)],
    "not": lambda told, value, root, where, schema: [] if faults(told, value, root, where) else [where],
    "if": _condition,
    "then": lambda told, value, root, where, schema: [],
    "$ref": lambda told, value, root, where, schema: faults(_resolved(told, root), value, root, where),
}


def _resolved(reference: str, root: dict[str, Any]) -> Any:
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


def test_the_small_validator_knows_wrong_from_right() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}, "additionalProperties": False}
    assert faults(schema, {"a": 1}, schema) == []
    assert all(faults(schema, wrong, schema) for wrong in ([], {"a": 0}, {"a": "1"}, {"a": True}, {"b": 1}))


@pytest.fixture(scope="module")
def installed() -> dict[str, Any]:
    return json_schema(load_registry(autoload=False))


@pytest.mark.parametrize("suite", sorted(ROOT.glob("suites/*.yaml")), ids=lambda path: path.stem)
def test_suites_that_ship_are_right_by_it(installed: dict[str, Any], suite: Path) -> None:
    assert faults(installed, parse(suite.read_bytes(), suite.name).data, installed) == []


@pytest.mark.parametrize("suite", sorted(ROOT.glob("suites/*.yaml")), ids=lambda path: path.stem)
def test_jsonschema_agrees_where_it_is_there(installed: dict[str, Any], suite: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator
    validator.check_schema(installed)
    assert list(validator(installed).iter_errors(parse(suite.read_bytes(), suite.name).data)) == []


def test_every_plugin_brings_its_parameters(registry: Registry) -> None:
    schema = json_schema(registry)
    branches = schema["$defs"]["BaseModelUse"]["allOf"]
    by_name = {branch["if"]["properties"]["use"]["const"]: branch["then"] for branch in branches}
    assert by_name.keys() == set(registry.names("models"))
    assert by_name["net"]["properties"].keys() == {"use", "train", "hidden", "dropout", "norm", "clip"}
    assert by_name["net"]["properties"]["dropout"]["description"] == "chance that a unit is left out"
    datasets = {b["if"]["properties"]["use"]["const"]: b["then"] for b in schema["$defs"]["DatasetUse"]["allOf"]}
    assert datasets["toy"]["required"] == ["path"]
    json.dumps(schema, allow_nan=False)


GRID = "grid: {base_models.net.dropout: [0, 0.5]}\n"


@pytest.mark.parametrize(
    "change",
    [
        ("dropout", "droput"),
        ("dropout: 0.1", "dropout: 2"),
        ("dropout: 0.1", "hidden: [8, x]"),
        ("dropout: 0.1", "norm: on"),
        ("use: net", "use: nets"),
        ("use: net", "use: trees"),
        (", path: x.csv", ""),
        ("path: x.csv", "path: x, sides: {a: itm}"),
        ("use: user-holdout", "use: user-holdout, users: {trian: 1}"),
        ("use: user-holdout", "use: user-holdout, folds: 21"),
        ("version: 1", "version: 2"),
        ("name: small", "name: 1.10"),
        ("seeds: [0]", "seed: [0]"),
        ("seeds: [0]", "seeds: [0, 0]"),
        ("seeds: [0]", "seeds: []"),
        ("seeds:", "metrics: [loglos]\nseeds:"),
        ("selector: {use: gate}", "selector: {use: gate}, meta_learner: {use: steps, adapt: []}"),
        ("selector: {use: gate}", "selector: {use: gate}, calibrate: item"),
        ("selector: {use: gate}", "selector: {use: gate}, support_rows: -1"),
        ("selector: {use: gate}", "selector: {use: gate}, support_rows: all"),
        ("seeds:", "grid: {seeds: [[0]]}\nseeds:"),
        ("seeds:", "grid: {methods.gating.selector.use: gate}\nseeds:"),
        ("seeds:", "include: 5\nseeds:"),
    ],
)
def test_what_load_refuses_it_refuses_too(suite_file: SuiteFile, registry: Registry, change: tuple[str, str]) -> None:
    schema, file = json_schema(registry), suite_file(change)
    assert faults(schema, parse(file.read_bytes(), "suite.yaml").data, schema)
    with pytest.raises(SuiteError):
        load(file, registry)


@pytest.mark.parametrize(
    "text",
    [
        "",
        GRID,
        "grid: {methods.gating.support_rows: [5, null]}\n",
        "train: {epochs: 3}\n",
        "gate: {tolerance: {auc: 1e-3}}\n",
        "relaimpr_base: net\n",
    ],
)
def test_what_load_takes_it_takes_too(suite_file: SuiteFile, registry: Registry, text: str) -> None:
    schema, file = json_schema(registry), suite_file(("seeds: [0]\n", f"seeds: [0]\n{text}"))
    assert load(file, registry)
    assert faults(schema, parse(file.read_bytes(), "suite.yaml").data, schema) == []


def test_with_include_the_rest_may_be_elsewhere(registry: Registry) -> None:
    schema = json_schema(registry)
    assert faults(schema, {"version": 1, "name": "x", "include": "common.yaml"}, schema) == []
    assert faults(schema, {"version": 1, "name": "x"}, schema) != []


def test_a_plugin_that_is_unavailable_takes_any_parameter(
    registry: Registry, tmp_path: Path, suite_file: Callable[..., Path]
) -> None:
    hook = "from bench import hookimpl\n@hookimpl\ndef bench_models(): return {'gone': 'no_such_module:A'}\n"
    (tmp_path / "broken.py").write_text(hook, "utf-8")
    schema = json_schema(registry.extended([tmp_path / "broken.py"]))
    data = parse(suite_file(("use: net", "use: gone")).read_bytes(), "suite.yaml").data
    assert faults(schema, data, schema) == []
