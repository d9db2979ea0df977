"""`bench describe`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Bench = Callable[..., Result]


def test_summary_and_parameters(bench: Bench) -> None:
    lines = bench("describe", "net").stdout.splitlines()
    assert lines[0].startswith("net · base model · ")
    assert lines[1] == "A model that a meta-learner can adapt."
    assert lines[3].split() == ["parameter", "type", "default", "range", "meaning"]
    assert (
        " ".join(lines[5].split()) == "dropout number 0.2 >= 0, < 1 chance that a unit is left out"
    )


def test_json(bench: Bench) -> None:
    described = json.loads(bench("describe", "trees", "--json").stdout)
    (depth,) = described.pop("parameters")
    assert described.pop("origin").endswith("light_plugin.py")
    assert described == {
        "kind": "models",
        "name": "trees",
        "address": "bench_local.light_plugin:Trees",
        "version": "",
        "summary": "A model that no meta-learner can adapt.",
        "citation": "",
    }
    assert depth == {
        "name": "depth",
        "type": "whole number",
        "default": "6",
        "range": ">= 1, <= 32",
        "meaning": "levels of a tree",
    }


def test_a_plugin_without_parameters_says_so(bench: Bench) -> None:
    assert bench("describe", "vote").stdout.endswith("\nno parameters\n")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ("gat",),
            "unknown plugin 'gat'; did you mean 'gate'? or is it in a file? give that with --plugins FILE, beside",
        ),
        (("gated_fm.py",), "unknown plugin 'gated_fm.py'; there are: "),
        (("gate", "--kind", "models"), "unknown base model 'gate'"),
    ],
)
def test_an_unknown_name_exits_2(bench: Bench, arguments: tuple[str, ...], expected: str) -> None:
    result = bench("describe", *arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith(expected)
    assert ("give that with --plugins FILE" in result.stderr) == ("--kind" not in arguments)


def test_a_name_of_two_kinds_asks_for_the_kind(bench: Bench, tmp_path: Path) -> None:
    other = tmp_path / "other.py"
    other.write_text(
        "from bench import hookimpl\n@hookimpl\ndef bench_models(): return {'gate': 'x:A'}\n",
        "utf-8",
    )
    result = bench("describe", "gate", "--plugins", other)
    assert result.exit_code == 2
    assert (
        result.stderr == "several plugins are called 'gate'; choose by --kind: models, selectors\n"
    )
    assert bench("describe", "gate", "--plugins", other, "--kind", "selectors").exit_code == 0


def test_a_plugin_that_does_not_import_exits_4(bench: Bench, tmp_path: Path) -> None:
    gone = tmp_path / "gone.py"
    gone.write_text(
        "from bench import hookimpl\n@hookimpl\ndef bench_models(): return {'gone': 'nope:A'}\n",
        "utf-8",
    )
    result = bench("describe", "gone", "--plugins", gone)
    assert result.exit_code == 4
    assert "is unavailable: ModuleNotFoundError: No module named 'nope'" in result.stderr


@pytest.mark.parametrize("arguments", [("describe", "gone"), ("check", "suite.yaml")])
def test_why_a_name_is_unknown_is_said_first(
    bench: Callable[..., Result], suite: Path, tmp_path: Path, arguments: tuple[str, str]
) -> None:
    """A file that is no Python names no plugin, so that nothing but the warning tells where the name has gone."""
    (tmp_path / "cut.py").write_text("def gone(:\n", "utf-8")
    suite.write_text(suite.read_text("utf-8").replace("use: trees", "use: gone"), "utf-8")
    command, what = arguments
    result = bench(command, suite if command == "check" else what, "--plugins", tmp_path / "cut.py")
    assert result.exit_code == 2
    first, last = result.stderr.splitlines()
    assert "cut.py is quarantined: SyntaxError" in first
    assert "'gone'" in last


def test_what_to_cite_is_shown_as_it_is_written(bench: Bench, tmp_path: Path) -> None:
    entry = "@misc{one,\n  author = {A. Author},\n  title = {T},\n  year = 2020\n}"
    file = tmp_path / "cited.py"
    file.write_text(
        "from bench import hookimpl\n"
        "from bench.interfaces import Model\n"
        "class Cited(Model):\n"
        "    'Cited.'\n"
        "    name = 'cited'\n"
        f"    citation = {entry!r}\n"
        "    def fit(self, train, valid, context): ...\n"
        "    def predict(self, rows): ...\n"
        "@hookimpl\n"
        "def bench_models(): return {'cited': f'{__name__}:Cited'}\n",
        "utf-8",
    )
    assert bench("describe", "cited", "--plugins", file).stdout.endswith(f"\nto cite:\n{entry}\n")
    shown = bench("describe", "cited", "--plugins", file, "--json").stdout
    assert json.loads(shown)["citation"] == entry
