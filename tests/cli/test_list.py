"""`bench list`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Bench = Callable[..., Result]


def test_plugins_with_kind_and_origin(bench: Bench) -> None:
    lines = [line.split(maxsplit=2) for line in bench("list").stdout.splitlines()]
    assert lines[0] == ["name", "kind", "origin"]
    assert any(line[0] == "gate" and line[1] == "selector" and line[2].endswith("light_plugin.py") for line in lines)
    assert ["auc", "metric", "metaselector-bench 0.1.0 (bench.builtin)"] in lines


def test_one_kind(bench: Bench) -> None:
    plugins = json.loads(bench("list", "meta-learners", "--json").stdout)["plugins"]
    assert {plugin["kind"] for plugin in plugins} == {"meta_learners"}
    assert "steps" in {plugin["name"] for plugin in plugins}


def test_what_is_quarantined_and_why(bench: Bench, tmp_path: Path) -> None:
    bad = tmp_path / "b[red]ad.py"
    bad.write_text("raise ValueError('\x1b[2J')\n", "utf-8")
    result = bench("list", "--plugins", bad)
    assert result.exit_code == 0
    assert f"{bad}  ValueError: \\x1b[2J (b[red]ad.py:1)" in result.stdout
    (quarantined,) = json.loads(bench("list", "--json", "--plugins", bad).stdout)["quarantined"]
    assert quarantined["origin"] == str(bad)


def test_two_plugins_of_one_name_exit_2_and_name_both(bench: Bench, tmp_path: Path) -> None:
    clash = tmp_path / "clash.py"
    clash.write_text("from bench import hookimpl\n@hookimpl\ndef bench_models(): return {'net': 'x:A'}\n", "utf-8")
    result = bench("list", "--plugins", clash)
    assert result.exit_code == 2
    assert "two plugins claim base model 'net'" in result.stderr
    assert str(clash) in result.stderr
    assert "light_plugin.py" in result.stderr
