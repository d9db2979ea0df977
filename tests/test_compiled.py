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
ASK = "from made.caller import twice; print(twice(10), sum(twice.stats.cache_hits.values()))"


@pytest.fixture
def ask(tmp_path):
    """What `twice(10)` is in a process of its own, and whether it was read from disk."""
    (tmp_path / "made").mkdir()
    for name, text in PACKAGE.items():
        (tmp_path / "made" / name).write_text(text, "utf-8")

    def ask(**environment: str) -> str:
        paths = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[1])])
        return subprocess.run(
            [sys.executable, "-c", ASK],
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
