"""What each step takes as the rows grow: `python -m benchmarks.scale`, of tables of 2 and 20 million rows, generated.

Each part is a process of its own: seconds of its work without imports, by the wall and of the processor, rows of the table a
second of the processor's, and the most memory of its process tree, looked at fifty times a second. *RSS* is all that is
resident. *Own* is what no file holds (RssAnon and RssShmem of /proc/PID/status). The target is of this, since pages of mapped
files are the system's to drop and read again wherever memory is short."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = (2_000_000, 20_000_000)
ROWS_OF_A_USER = 100
ITEMS = 50_000
PART = 1_000_000  # rows that are generated at a time
TARGET = 2 * 2**30  # bytes of own memory
SLOWER = 1.5  # how many times the CPU time a row may take in the largest table as in the smallest
LOOK_S = 0.02

SUITE = """\
version: 1
name: scale
datasets:
  clicks:
    {use: table, path: clicks.parquet, user: user, item: item, label: clicked, order: time,
     fields: [user, item, region, category, hour]}
protocols:
  cold: {use: user-holdout, setting: cold, folds: 2}
train: {batch_size: 4096, epochs: 1}
base_models:
  lr: {use: lr}
  fm: {use: fm}
methods:
  user-best: {selector: {use: user-best}}
  metaselector:
    {selector: {use: mlp}, meta_learner: {use: meta-sgd, adapt: [selector, base_models], train: {epochs: 1}}}
seeds: [0]
"""


class Part(NamedTuple):
    """One process's work."""

    name: str
    step: str = ""  # id of the step that it is, where it is one
    shown: bool = True  # folds are fitted for those that read them


class Measured(NamedTuple):
    wall_s: float
    cpu_s: float
    rss: int  # bytes
    own: int


def main(arguments: Sequence[str] | None = None) -> None:
    asked = _asked(arguments)
    if asked.part:
        print(json.dumps(_work(asked.part, Path(asked.folder))))
        return
    found: dict[int, dict[str, Measured]] = {}
    print("| part | rows | wall s | CPU s | thousand rows a CPU second | RSS, MB | own, MB |")
    print("|---|---:|---:|---:|---:|---:|---:|", flush=True)
    for rows in asked.rows:
        with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
            write_table(Path(folder), rows)
            found[rows] = dict(_of_size(Path(folder), rows, asked.only))
    print("\n" + "\n".join(verdicts(found)))


def verdicts(found: dict[int, dict[str, Measured]]) -> list[str]:
    """A line a part: whether the largest table kept to the target, and how much longer a row took than in the smallest."""
    few, many = min(found), max(found)
    lines = []
    for name, large in found[many].items():
        slower = large.cpu_s / many / (found[few][name].cpu_s / few)
        fits = large.own <= TARGET and slower <= SLOWER
        lines.append(
            f"{'ok' if fits else 'MISSED'}: {name}: {large.own / 2**30:.2f} GiB of its own, "
            f"a row takes {slower:.2f} times the CPU time"
        )
    return lines


def write_table(folder: Path, rows: int) -> None:
    """The suite and its table, a part at a time, in the order of time."""
    (folder / "suite.yaml").write_text(SUITE, "utf-8")
    generator = np.random.default_rng(0)
    users = rows // ROWS_OF_A_USER
    taste = generator.normal(size=users)
    appeal = generator.normal(size=ITEMS)
    starts = range(0, rows, PART)
    first = _rows(generator, 0, min(PART, rows), taste, appeal)
    with pq.ParquetWriter(folder / "clicks.parquet", first.schema) as writer:
        writer.write_table(first)
        for start in starts[1:]:
            writer.write_table(_rows(generator, start, min(PART, rows - start), taste, appeal))


def _rows(
    generator: np.random.Generator, start: int, count: int, taste: np.ndarray, appeal: np.ndarray
) -> pa.Table:
    user = generator.integers(0, len(taste), count)
    item = (generator.random(count) ** 2 * ITEMS).astype(
        np.int64
    )  # some far more often than others
    clicked = generator.random(count) < 1 / (1 + np.exp(1 - taste[user] - appeal[item]))
    return pa.table(
        {
            "user": user,
            "item": item,
            "region": user % 97,
            "category": item % 300,
            "hour": generator.integers(0, 24, count),
            "clicked": clicked.astype(np.int64),
            "time": np.arange(start, start + count),
        }
    )


# -- the parts of one table


def _of_size(folder: Path, rows: int, only: Sequence[str]) -> Iterator[tuple[str, Measured]]:
    for part in _parts(folder, only):
        found = _measured(folder, part)
        if not part.shown:
            continue
        rate = rows / found.cpu_s / 1e3
        print(
            f"| {part.name} | {rows:,} | {found.wall_s:.1f} | {found.cpu_s:.1f} | {rate:,.0f} "
            f"| {found.rss / 1e6:,.0f} | {found.own / 1e6:,.0f} |",
            flush=True,
        )
        yield part.name, found


def _parts(folder: Path, only: Sequence[str]) -> Iterator[Part]:
    """The steps are known once they are planned."""
    yield Part("prepare")
    yield Part("divide and plan")
    steps = json.loads((folder / "steps.json").read_text("utf-8"))
    asked = [step for step in steps if not only or step["name"] in only]
    needed = {one for step in asked for one in (step["id"], *step["needs"])}
    for step in steps:
        if step["id"] in needed:
            yield Part(step["name"], step["id"], step["shown"])


def _measured(folder: Path, part: Part) -> Measured:
    command = [sys.executable, "-m", __spec__.name, "--folder", str(folder)]
    command += ["--part", part.step or part.name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        peaks = watched(process)
        assert process.stdout is not None
        said = process.stdout.read()
    if process.returncode:
        raise SystemExit(f"{part.name}: ended with {process.returncode}")
    return Measured(**json.loads(said), rss=peaks[0], own=peaks[1])


def watched(process: subprocess.Popen[str]) -> tuple[int, int]:
    """The most memory of a process and all below it until it ends: all, and what no file holds. Pages that several share count
    for each."""
    from bench.processes.memory import family

    rss = own = 0
    while process.poll() is None:
        told = [_status(pid) for pid in family(process.pid)]
        rss = max(rss, sum(one.get("VmRSS", 0) for one in told))
        own = max(own, sum(one.get("RssAnon", 0) + one.get("RssShmem", 0) for one in told))
        time.sleep(LOOK_S)
    return rss, own


def _status(pid: int) -> dict[str, int]:
    """Bytes by name; nothing where the process is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    except OSError:
        return {}
    return {
        name: int(told.split()[0]) * 1024
        for name, _, told in (line.partition(":") for line in lines)
        if told.endswith(" kB")
    }


# -- in the part's own process


def _work(part: str, folder: Path) -> dict[str, float]:
    """Seconds of the work."""
    work = {"prepare": _prepare, "divide and plan": _plan}.get(part)
    if work is None:
        return _step(part, folder)
    return work(folder)


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(began: tuple[float, float]) -> dict[str, float]:
    wall, cpu = _now()
    return {"wall_s": wall - began[0], "cpu_s": cpu - began[1]}


def _prepare(folder: Path) -> dict[str, float]:
    from bench.registry import load_registry
    from bench.run.planning.divisions import prepare_all
    from bench.run.progress import Watcher
    from bench.suite import load

    registry = load_registry()
    suite = load(folder / "suite.yaml", registry)
    began = _now()
    prepare_all(suite, registry, None, folder / "cache", Watcher())
    return _since(began)


def _plan(folder: Path) -> dict[str, float]:
    from bench.job.resources import Resources
    from bench.job.steps import to_text
    from bench.registry import load_registry
    from bench.run.progress import Watcher
    from bench.run.split_facts import split_facts
    from bench.run.suite_run import plan_suite
    from bench.suite import load

    registry = load_registry()
    suite = load(folder / "suite.yaml", registry)
    began = _now()
    cache = folder / "cache"
    plan, divisions = plan_suite(suite, registry, None, cache, Resources(), (), (), Watcher())
    for division in divisions.values():
        split_facts(division.plan, division.interactions)
    took = _since(began)
    steps = [
        {
            "name": one.owner
            if one.kind == "select"
            else f"{one.owner}, {getattr(one, 'variant', '')}",
            "id": one.id,
            "needs": list(one.needs),
            "shown": one.kind == "select" or getattr(one, "variant", "") == "star",
            "text": to_text(one),
        }
        for one in plan.steps.values()
    ]
    (folder / "steps.json").write_text(json.dumps(steps), "utf-8")
    return took


def _step(number: str, folder: Path) -> dict[str, float]:
    from bench.worker.perform import perform

    steps: list[dict[str, Any]] = json.loads((folder / "steps.json").read_text("utf-8"))
    (text,) = (one["text"] for one in steps if one["id"] == number)
    began = _now()
    outcome = perform(text, lambda line: print(line, file=sys.stderr), alone=True)
    if not outcome.ok:
        raise SystemExit(f"{outcome.reason}\n{outcome.traceback}")
    return _since(began)


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument(
        "--rows",
        type=int,
        nargs="+",
        default=ROWS,
        help="sizes of tables (default: 2 and 20 million)",
    )
    parser.add_argument("--folder", help="where tables and cache lie meanwhile, some 5 GB on disk")
    parser.add_argument(
        "--only", nargs="+", default=[], help="parts by name, with what they read: 'fm, star'"
    )
    parser.add_argument("--part", help=argparse.SUPPRESS)  # of the processes that this one starts
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
