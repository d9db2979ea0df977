"""The suite file's JSON Schema: it takes every suite that ships and that `load` takes, and refuses what `load` refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bench.errors import SuiteError
from bench.registry import Registry, load_registry
from bench.suite import load
from bench.suite.check.json_schema import json_schema
from bench.suite.places.yaml_document import parse

SuiteFile = Callable[..., Path]
ROOT = Path(__file__).parents[2]
NOTES = {"$schema", "$defs", "title", "description", "default", "then"}
DATA = {
    file: parse(file.read_bytes(), file.name).data for file in sorted(ROOT.glob("suites/**/*.yaml"))
}
# the others are parts that suites include
WHOLE = [file for file, data in DATA.items() if "version" in data]


def faults(schema: dict[str, Any], value: Any) -> list[str]:
    Draft202012Validator.check_schema(schema)
    return [error.message for error in Draft202012Validator(schema).iter_errors(value)]


@pytest.fixture(scope="module")
def installed() -> dict[str, Any]:
    return json_schema(load_registry(autoload=False))


@pytest.mark.parametrize("suite", WHOLE, ids=lambda path: path.stem)
def test_suites_that_ship_are_right_by_it(installed: dict[str, Any], suite: Path) -> None:
    assert faults(installed, DATA[suite]) == []


def words(schema: Any) -> set[str]:
    """All that a schema and those in it say; names of properties and definitions are no words."""
    if isinstance(schema, list):
        return {word for part in schema for word in words(part)}
    if not isinstance(schema, dict):
        return set()
    named = {"properties", "$defs"} & schema.keys()
    parts = [part for word in named for part in schema[word].values()]
    return schema.keys() | words(
        [schema[word] for word in schema.keys() - named - {"default", "const", "enum"}] + parts
    )


def test_it_says_nothing_that_a_validator_does_not_know(installed: dict[str, Any]) -> None:
    assert "exclusiveMinimum" in words(installed)
    assert words(installed) <= Draft202012Validator.VALIDATORS.keys() | NOTES


def test_every_plugin_brings_its_parameters(registry: Registry) -> None:
    schema = json_schema(registry)
    branches = schema["$defs"]["BaseModelUse"]["allOf"]
    by_name = {branch["if"]["properties"]["use"]["const"]: branch["then"] for branch in branches}
    assert by_name.keys() == set(registry.names("models"))
    assert by_name["net"]["properties"].keys() == {
        "use",
        "train",
        "limits",
        "timing",
        "hidden",
        "dropout",
        "norm",
        "clip",
    }
    assert (
        by_name["net"]["properties"]["dropout"]["description"] == "chance that a unit is left out"
    )
    datasets = {
        b["if"]["properties"]["use"]["const"]: b["then"]
        for b in schema["$defs"]["DatasetUse"]["allOf"]
    }
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
def test_what_load_refuses_it_refuses_too(
    suite_file: SuiteFile, registry: Registry, change: tuple[str, str]
) -> None:
    schema, file = json_schema(registry), suite_file(change)
    assert faults(schema, parse(file.read_bytes(), "suite.yaml").data)
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
    assert faults(schema, parse(file.read_bytes(), "suite.yaml").data) == []


def test_with_include_the_rest_may_be_elsewhere(registry: Registry) -> None:
    schema = json_schema(registry)
    assert faults(schema, {"version": 1, "name": "x", "include": "common.yaml"}) == []
    assert faults(schema, {"version": 1, "name": "x"}) != []


def test_a_plugin_that_is_unavailable_takes_any_parameter(
    registry: Registry, tmp_path: Path, suite_file: Callable[..., Path]
) -> None:
    hook = "from bench import hookimpl\n@hookimpl\ndef bench_models(): return {'gone': 'no_such_module:A'}\n"
    (tmp_path / "broken.py").write_text(hook, "utf-8")
    schema = json_schema(registry.extended([tmp_path / "broken.py"]))
    data = parse(suite_file(("use: net", "use: gone")).read_bytes(), "suite.yaml").data
    assert faults(schema, data) == []
