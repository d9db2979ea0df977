"""What whole suites cost, one seed, on two workers: wall and processor time, and whose it is."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.peers.machine import describe

__all__ = ["measure"]

ROOT = Path(__file__).parents[2]
SUITES = ("quickstart", "movielens-1m-cold", "movielens-1m-warm")
KINDS = ("base models", "meta-learning", "other methods")


def measure(rounds: int, quick: bool, beside: Path | None = None) -> dict[str, Any]:  # noqa: ARG001 - once each: they are long
    """`beside`: a checkout of other code, which runs its own suites of these names, one after the other with ours."""
    trees = [ROOT] if beside is None else [beside.resolve(), ROOT]
    names = SUITES[:1] if quick else SUITES
    return {
        "text": [
            "Seed 0, two workers, nothing in the cache but the data. By kind: processor seconds of fits and predictions; the "
            "rest is fits for out-of-sample predictions, the start of processes, imports, reading, scoring and comparing. "
            "MovieLens-1M is read from BENCH_DATA. Records of code before `inner_loop` do not tell meta-learners from other "
            "methods: they are among the latter."
        ],
        "head": [
            "suite", "code", "wall s", "CPU s", *(f"{kind}, CPU s" for kind in KINDS), "the rest",
        ],
        "rows": [[name, *_of_suite(name, tree)] for name in names for tree in trees],
        "machine": describe(),
    }  # fmt: skip


def _of_suite(name: str, tree: Path) -> list[str]:
    code = _commit(tree)
    if "1m" in name and "BENCH_DATA" not in os.environ:
        return [code, *["no data"] * 6]
    suite = tree / "suites" / f"{name}.yaml"
    with TemporaryDirectory() as folder:
        cache, out = Path(folder) / "cache", Path(folder) / "run"
        bench = [sys.executable, "-m", "bench.cli"]
        where = ["--cache-dir", str(cache)]
        _quiet([*bench, "data", "fetch", str(suite), *where], tree)
        command = [*bench, "run", str(suite), "--seeds", "0", "--workers", "2", "--out", str(out)]
        before, start = _cpu_of_children(), time.perf_counter()
        _quiet([*command, *where], tree)
        wall, cpu = time.perf_counter() - start, _cpu_of_children() - before
        by_kind = _by_kind(out)
    rest = cpu - sum(by_kind.values())
    values = [wall, cpu, *(by_kind[kind] for kind in KINDS), rest]
    return [code, *(f"{value:,.0f}" for value in values)]


def _commit(tree: Path) -> str:
    said = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=tree,
        check=False,
        capture_output=True,
        text=True,
    )
    return said.stdout.strip() or "no commit"


def _quiet(command: list[str], tree: Path) -> None:
    paths = {"PYTHONPATH": os.pathsep.join([str(tree), str(tree / "plugins")])}
    subprocess.run(
        command,
        check=True,
        cwd=tree,
        env={**os.environ, **paths},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _by_kind(run: Path) -> Counter[str]:
    """CPU seconds of what the records of a run tell."""
    found: Counter[str] = Counter()
    for file in (run / "records").glob("*.json"):
        record = json.loads(file.read_text("utf-8"))
        own = record["cost"].get("own") or record["cost"].get("total") or {}
        spent = own.get("train_cpu_s", 0.0) + own.get("predict_cpu_s", 0.0)
        if record["kind"] == "base_model":
            found["base models"] += spent
        elif "inner_loop" in record["versions"]:
            found["meta-learning"] += spent
        else:
            found["other methods"] += spent
    return found
