"""Where compiled functions are kept, and that none outlives an edit of what it calls."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.compiled import compiled

PACKAGE = {
    "__init__.py": "",
    "callee.py": "from bench.compiled import compiled\n@compiled\ndef by(x):\n    return x + 1\n",
    "caller.py": (
        "from bench.compiled import compiled\nfrom made.callee import by\n"
        "@compiled\ndef twice(x):\n    return 2 * by(x)\n"
    ),
}
ASK = """
import ast, os, resource
if "ROOM" in os.environ:  # bytes of a file, at most
    import signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(os.environ["ROOM"]),) * 2)
from made.caller import twice
print(twice(ast.literal_eval(os.environ.get("ASK", "10"))), sum(twice.stats.cache_hits.values()))
"""

TOLD = """
from bench.compiled.telling import telling
from made.caller import twice
told = []
with telling(lambda: told.append("compiling")):
    twice(10)
twice(10.0)
print(told)
"""


@pytest.fixture
def ask(tmp_path):
    """What `twice(10)` is in a process of its own, and whether it was read from disk."""
    (tmp_path / "made").mkdir()
    for name, text in PACKAGE.items():
        (tmp_path / "made" / name).write_text(text, "utf-8")

    def ask(script: str = ASK, **environment: str) -> str:
        paths = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[1])])
        return subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONPATH": paths, "BENCH_CACHE": str(tmp_path / "cache"), **environment},
            capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip

    return ask


def kept(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*.nbc") if "compiled-" in str(file)]


def test_it_is_kept_beside_its_sources_and_read_again(ask, tmp_path):
    assert [ask(), ask()] == ["22 0", "22 1"]
    assert kept(tmp_path / "made" / "__pycache__")
    assert not kept(tmp_path / "cache")


def test_who_listens_is_told_once_where_something_is_compiled_and_not_where_it_is_read(ask):
    assert [ask(TOLD), ask(TOLD)] == ["['compiling']", "[]"]


def test_an_edited_callee_is_compiled_anew_and_the_old_one_removed(ask, tmp_path):
    """numba looks at the caller's file alone."""
    ask()
    before = kept(tmp_path / "made")
    callee = tmp_path / "made" / "callee.py"
    callee.write_text(callee.read_text("utf-8").replace("x + 1", "x + 2"), "utf-8")
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
    ask(ASK="2.5")
    of_int, of_float = sorted((tmp_path / "made").rglob("*twice*.nbc"))
    of_int.write_bytes(of_float.read_bytes())
    assert [ask(), ask(ASK="2.5")] == ["22 0", "7.0 1"]


@pytest.mark.fault(22)
def test_where_there_is_no_room_it_is_not_kept(ask, tmp_path):
    assert [ask(ROOM="1"), ask(ROOM="1")] == ["22 0", "22 0"]
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
