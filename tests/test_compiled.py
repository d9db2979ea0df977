"""Where compiled functions are kept, and that none outlives an edit of what it calls."""

from __future__ import annotations

import json
import resource
import signal
import sys
from importlib import import_module
from pathlib import Path

import pytest

from bench import processes
from bench.compiled import compiled
from bench.compiled.telling import telling
from bench.processes import Task
from bench.processes.workers import worker_environment

PACKAGE = {
    "__init__.py": "",
    "callee.py": "from bench.compiled import compiled\n@compiled\ndef by(x):\n    return x + 1\n",
    "caller.py": (
        "from bench.compiled import compiled\nfrom made.callee import by\n"
        "@compiled\ndef twice(x):\n    return 2 * by(x)\n"
    ),
}


def asked(arguments, say):
    """What `twice` is in this process, and how often it was read from disk. `room`: bytes of a file, at most."""
    folder, number, room = json.loads(arguments)
    if room is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    sys.path.insert(0, folder)
    twice = import_module("made.caller").twice
    return f"{twice(number)} {sum(twice.stats.cache_hits.values())}"


def listened(arguments, say):
    """What was told of as `twice` was called in this process, twice."""
    folder, number, _ = json.loads(arguments)
    sys.path.insert(0, folder)
    twice, told = import_module("made.caller").twice, []
    with telling(lambda: told.append("compiling")):
        twice(number)
    twice(float(number))
    return str(told)


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """What `twice(10)` is in a process of its own, and whether it was read from disk."""
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "made").mkdir()
    for name, text in PACKAGE.items():
        (tmp_path / "made" / name).write_text(text, "utf-8")

    def ask(number: float = 10, room: int | None = None, what: str = "asked") -> str | None:
        arguments = json.dumps([str(tmp_path), number, room])
        task = Task("twice", f"tests.test_compiled:{what}", arguments)
        return processes.ask(task, worker_environment(), ["bench.compiled"]).result

    return ask


def kept(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*.nbc") if "compiled-" in str(file)]


def test_it_is_kept_beside_its_sources_and_read_again(ask, tmp_path):
    assert [ask(), ask()] == ["22 0", "22 1"]
    assert kept(tmp_path / "made" / "__pycache__")
    assert not kept(tmp_path / "cache")


def test_who_listens_is_told_once_where_something_is_compiled_and_not_where_it_is_read(ask):
    assert [ask(what="listened"), ask(what="listened")] == ["['compiling']", "[]"]


def test_an_edited_callee_is_compiled_anew_and_the_old_one_removed(ask, tmp_path):
    """numba looks at the caller's file alone."""
    ask()
    before = kept(tmp_path / "made")
    callee = tmp_path / "made" / "callee.py"
    callee.write_text(callee.read_text("utf-8").replace("x + 1", "x + 1 + 1"), "utf-8")
    assert ask() == "24 0"
    assert before
    assert not any(file.exists() for file in before)


def test_where_sources_can_not_be_written_the_cache_folder_serves(ask, tmp_path):
    (tmp_path / "made" / "__pycache__").write_text("no folder", "utf-8")
    assert [ask(), ask()] == ["22 0", "22 1"]
    assert kept(tmp_path / "cache")


def test_where_nothing_can_be_written_it_is_compiled_each_time(ask, tmp_path):
    (tmp_path / "made" / "__pycache__").write_text("no folder", "utf-8")
    (tmp_path / "cache").write_text("no folder", "utf-8")
    assert [ask(), ask()] == ["22 0", "22 0"]


@pytest.mark.fault(29)
@pytest.mark.parametrize("ending", ["*.nbi", "*.nbc"])
@pytest.mark.parametrize("length", [0, 60])
def test_what_is_damaged_is_compiled_anew_and_kept(ask, tmp_path, ending, length):
    ask()
    damaged = list((tmp_path / "made" / "__pycache__").rglob(ending))
    assert damaged
    for file in damaged:
        file.write_bytes(file.read_bytes()[:length])
    assert [ask(), ask()] == ["22 0", "22 1"]


def test_the_code_of_other_types_is_not_run(ask, tmp_path):
    """Of two processes that compile one function at once for two types, the last to write may win the file of both."""
    ask()
    ask(2.5)
    of_int, of_float = sorted((tmp_path / "made").rglob("*twice*.nbc"))
    of_int.write_bytes(of_float.read_bytes())
    assert [ask(), ask(2.5)] == ["22 0", "7.0 1"]


@pytest.mark.fault(22)
def test_where_there_is_no_room_it_is_not_kept(ask, tmp_path):
    assert [ask(room=1), ask(room=1)] == ["22 0", "22 0"]
    assert not kept(tmp_path)


def test_where_a_plugin_keeps_its_own_is_left_alone():
    from numba.core import config

    before = config.CACHE_DIR
    compiled(lambda x: x)
    assert before == config.CACHE_DIR


def test_division_is_that_of_numpy():
    @compiled
    def divided(one, other):
        return one / other

    assert divided(1.0, 0.0) == float("inf")
    assert divided.py_func(1.0, 2.0) == 0.5
