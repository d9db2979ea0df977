"""Hostile suites and names through the commands themselves: one line a fault, with its place; never a traceback; nothing run
and nothing written."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bench.cli import main
from tests.cli.conftest import LIGHT, SUITE
from tests.records.made import edit, identity, make_run
from tests.suite.hostile import HOSTILE

READ = ("check", "run", "plan")
MERGES = "".join(f"m{i}: &m{i} {{<<: [*m{i - 1}, *m{i - 1}]}}\n" for i in range(1, 30))
TEXTS: dict[str, str | bytes] = {
    **HOSTILE,
    "merge keys": "m0: &m0 {a: 1}\n" + MERGES,
    "a key twice": SUITE + "seeds: [2]\n",
    "an object of Python": SUITE + "x: !!python/object/apply:os.system ['touch pwned']\n",
    "a tab": SUITE + "gate:\n\ttolerance: {}\n",
    "a zero byte": SUITE.encode() + b"\0",
    "no UTF-8": SUITE.encode() + b"# \xff\n",
    "a name that is a number": SUITE.replace("trees: {", "1.10: {"),
    "a null key": SUITE.replace("trees: {", "null: {"),
    "a million trials": SUITE + f"grid:\n  base_models.net.hidden: {[[n] for n in range(1500)]}\n"
    f"  base_models.net.dropout: {[n / 1500 for n in range(1500)]}\n",
    "a path out of the folder": SUITE + "plugins: [../outside.py]\n",
    "an absolute path": SUITE + "plugins: [/etc/hostname]\n",
    "a device": SUITE + "plugins: [/dev/zero]\n",
    "nothing": "",
    "two documents": SUITE + "---\na: 1\n",
    "a hostile name": SUITE.replace("trees: {use: trees}", '"a\\nsuite.yaml:1:1: fine\\e[2J": {use: treees}'),
}  # fmt: skip


def bench(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


def refused(told: Result, named: Path) -> None:
    assert told.exit_code == 2, (told.output, told.exception)
    assert told.stdout == ""
    lines = told.stderr.splitlines()
    assert 1 <= len(lines) <= 60
    assert all(line.startswith(f"{named}:") for line in lines), lines
    assert all(line.isprintable() for line in lines)


@pytest.mark.fault(36, 38, 39)
@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("command", READ)
def test_a_hostile_suite_is_refused_by_every_command_that_reads_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    text = TEXTS[name]
    path = tmp_path / "suite.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    folders = (
        () if command == "check" else ("--cache-dir", tmp_path / "cache", "--out", tmp_path / "out")
    )
    refused(bench(command, path, "--plugins", LIGHT, "--no-plugin-autoload", *folders), path)
    assert [one.name for one in tmp_path.iterdir()] == ["suite.yaml"]


@pytest.mark.fault(39)
@pytest.mark.parametrize("kind", ["folder", "device", "link in a circle", "absent"])
@pytest.mark.parametrize("command", READ)
def test_what_is_no_file_is_no_suite(tmp_path: Path, command: str, kind: str) -> None:
    path = tmp_path / "suite.yaml"
    if kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "link in a circle":
        path.symlink_to(path)
    told = bench(command, path)
    assert told.exit_code == 2, (told.output, told.exception)
    assert str(path) in told.stderr
    assert "Traceback" not in told.stderr


# -- names in runs

NAMES = {
    "markup": "<script>alert(1)</script>",
    "a path": "../../etc/x",
    "ANSI": "\x1b[2J\x1b]0;x\x07fm",
    "long": "x" * 10_000,
    "emoji": "fm 🚀",
    "from right to left": "\u202efm\u2066",
    "line ends": "fm\nwhole: all is well\r\n",
    "half a character": "\ud800",
    "table": "a|b`c$d_e\\f[g](h)",
}
COMMANDS = (
    ("report",), ("report", "--json"), ("report", "--markdown", "-"), ("report", "--latex", "-"), ("report", "--bibtex", "-"),
    ("verify",), ("verify", "--json"), ("compare",), ("compare", "--json"),
)  # fmt: skip


@pytest.fixture
def named(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A run whose method, dataset and suite have a hostile name."""
    folder, name = make_run(tmp_path / "run"), NAMES[request.param]

    def rename(trial: Any) -> None:
        trial.update(method=name, dataset=name) if trial["method"] == "fm" else None

    for path in (folder / "records").iterdir():
        edit(path, lambda value: rename(value["trial"]), seal=True)

    def rename_all(value: Any) -> None:
        value["suite"]["name"] = name
        for line in value["trials"]:
            rename(line)

    edit(folder / "manifest.json", rename_all, seal=True)
    return folder


@pytest.mark.fault(43)
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("named", NAMES, indirect=True)
def test_hostile_names_are_shown_and_do_nothing(named: Path, command: tuple[str, ...]) -> None:
    name, *options = command
    runs = [named] * (1 + (name == "compare"))
    if name == "verify":  # which tells of a trial where something is wrong with it
        (named / "records" / f"{identity('fm')}.json").unlink()
    told = bench(name, *runs, *options)
    assert told.exit_code == (5 if name == "verify" else 0), (told.output, told.exception)
    shown = told.stdout + told.stderr
    if name == "verify":
        assert len(shown) < 2500
    for character in shown:
        assert character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs"), (
            ascii(character)
        )
    assert "whole: all is well" not in shown.splitlines()
    if "--json" in options or "--markdown" in options:
        assert "<script>" not in shown
