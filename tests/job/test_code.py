"""Which code a result depends on: all that a worker imports, and nothing of what plans, records and shows."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

import bench
from bench.job.code import COMPUTES

PACKAGE = Path(bench.__file__).parent
# What a worker imports beside: it finds plugins, starts processes, keeps files, refuses what is wrong; it computes nothing.
FINDS_AND_REFUSES = (
    "bench.cache_folder",
    "bench.errors",
    "bench.hookspecs",
    "bench.interruption",
    "bench.processes",
    "bench.registry",
    "bench.storage",
)


def within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def test_the_digest_is_of_all_that_a_worker_and_the_metrics_import() -> None:
    graph = grimp.build_graph("bench")
    computing = tuple(f"bench.{name.removesuffix('.py').replace('/', '.')}" for name in COMPUTES)
    for package in ("bench.worker", "bench.evaluate.metrics", "bench.builtin"):
        imported = graph.find_upstream_modules(package, as_package=True)
        assert {
            one for one in imported if not within(one, (*computing, *FINDS_AND_REFUSES))
        } == set()


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("learn/network/training.py", True),
        ("worker/fit_step.py", True),
        ("job/seeds.py", True),
        ("evaluate/metrics/auc.py", True),
        ("run/local_executor.py", False),
        ("report/sections/answer.py", False),
        ("evaluate/inference/paired.py", False),
        ("registry/registry.py", False),
    ],
)
def test_a_remark_voids_results_where_results_are_computed_alone(
    tmp_path: Path, file: str, changes: bool
) -> None:
    shutil.copytree(PACKAGE, tmp_path / "bench", ignore=shutil.ignore_patterns("__pycache__"))
    before = digest_of(tmp_path)
    with (tmp_path / "bench" / file).open("a", encoding="utf-8") as source:
        source.write("# a remark\n")
    assert (digest_of(tmp_path) != before) == changes


def digest_of(folder: Path) -> str:
    """By a Python that finds the package there."""
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); from bench.job import code; print(code.harness_digest())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def test_an_edit_is_seen_by_a_process_that_has_read_the_code_before(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "bench", ignore=shutil.ignore_patterns("__pycache__"))
    code = f"""
import sys; sys.path.insert(0, {str(tmp_path)!r})
from bench.job import code
first, again = code.harness_digest_now(), code.harness_digest_now()
edited = open(code.__file__, "r+")
text = edited.read()
edited.seek(0)
edited.write(text.replace("adapt_sets", "adapt_sett"))  # as long as before
edited.close()
print(first == again, first == code.harness_digest_now())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True False\n"
