"""`bench list`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from bench.registry import load_registry

Bench = Callable[..., Result]


def test_plugins_with_kind_and_origin(bench: Bench) -> None:
    lines = [line.split(maxsplit=2) for line in bench("list").stdout.splitlines()]
    assert lines[0] == ["name", "kind", "origin"]
    assert any(
        line[0] == "gate" and line[1] == "selector" and line[2].endswith("light_plugin.py")
        for line in lines
    )
    assert ["auc", "metric", "metaselector-bench 0.1.0 (bench.builtin)"] in lines


def test_one_kind(bench: Bench) -> None:
    plugins = json.loads(bench("list", "meta-learners", "--json").stdout)["plugins"]
    assert {plugin["kind"] for plugin in plugins} == {"meta_learners"}
    assert "steps" in {plugin["name"] for plugin in plugins}


@pytest.mark.parametrize(
    "command", [("list",), ("describe", "gate", "--kind"), ("test-plugin", "lr", "--kind")]
)
@pytest.mark.parametrize(
    ("kind", "hint"), [("metric", "did you mean 'metrics'?"), ("x", "there are: ")]
)
def test_what_is_no_kind_is_told_which_it_may_be(
    bench: Bench, command: tuple[str, ...], kind: str, hint: str
) -> None:
    result = bench(*command, kind)
    assert result.exit_code == 2
    assert f"'{kind}' is no kind of plugin; {hint}" in result.stderr


@pytest.mark.fault(1)
def test_what_is_quarantined_and_why(bench: Bench, tmp_path: Path) -> None:
    bad = tmp_path / "b[red]ad.py"
    bad.write_text("raise ValueError('\x1b[2J')\n", "utf-8")
    result = bench("list", "--plugins", bad)
    assert result.exit_code == 0
    assert f"{bad}  ValueError: \\x1b[2J (b[red]ad.py:1)" in result.stdout
    (quarantined,) = json.loads(bench("list", "--json", "--plugins", bad).stdout)["quarantined"]
    assert quarantined["origin"] == str(bad)


@pytest.mark.fault(2)
def test_two_plugins_of_one_name_exit_2_and_name_both(bench: Bench, tmp_path: Path) -> None:
    clash = tmp_path / "clash.py"
    clash.write_text(
        "from bench import hookimpl\n@hookimpl\ndef bench_models(): return {'net': 'x:A'}\n",
        "utf-8",
    )
    result = bench("list", "--plugins", clash)
    assert result.exit_code == 2
    assert "two plugins claim base model 'net'" in result.stderr
    assert str(clash) in result.stderr
    assert "light_plugin.py" in result.stderr


MODEL = """\
from bench import hookimpl
from bench.interfaces import Model
from .core import VALUE


class Own(Model):
    '''A model of two files.'''

    name = "{name}"
    value = VALUE

    def fit(self, train, valid, context): ...
    def predict(self, rows): ...


@hookimpl
def bench_models():
    return {{"{name}": f"{{__name__}}:Own"}}
"""


@pytest.mark.fault(2)
def test_packages_with_a_core_each_and_a_third_that_takes_a_name(
    bench: Bench, tmp_path: Path
) -> None:
    for value, name in enumerate(("alpha", "beta")):
        (tmp_path / "two" / name).mkdir(parents=True)
        (tmp_path / "two" / name / "core.py").write_text(f"VALUE = {value}\n", "utf-8")
        (tmp_path / "two" / name / "__init__.py").write_text(MODEL.format(name=name), "utf-8")
    before, path = set(sys.modules), list(sys.path)
    plugins = json.loads(bench("list", "models", "--json", "--plugins", tmp_path / "two").stdout)[
        "plugins"
    ]
    origins = {plugin["name"]: plugin["origin"] for plugin in plugins}
    assert origins["alpha"] == str(tmp_path / "two" / "alpha")
    assert origins["beta"] == str(tmp_path / "two" / "beta")
    values = {
        name: load_registry([tmp_path / "two"]).load("models", name).value
        for name in ("alpha", "beta")
    }
    assert values == {"alpha": 0, "beta": 1}
    assert sys.path == path
    assert {name for name in set(sys.modules) - before if not name.startswith("bench")} & {
        "alpha",
        "beta",
        "core",
    } == set()

    hook = "from bench import hookimpl\n@hookimpl\ndef bench_models(): return {'alpha': 'x:A', 'net': 'x:B'}\n"
    (tmp_path / "gamma.py").write_text(hook, "utf-8")
    result = bench("list", "--plugins", tmp_path / "two", "--plugins", tmp_path / "gamma.py")
    assert result.exit_code == 2
    lines = [line for line in result.stderr.splitlines() if str(tmp_path / "gamma.py") in line]
    assert sorted(line.split("'")[1] for line in lines) == ["alpha", "net"], (
        "neither clash hides the other"
    )
    assert str(tmp_path / "two" / "alpha") in result.stderr
