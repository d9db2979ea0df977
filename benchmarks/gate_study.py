"""How often is the gate right on a machine that is busy with other things? The command itself, on code of which the truth is
known:

    python -m benchmarks.gate_study --repeats 20 --out docs/gate-study.json --page docs/gate-study.md

A plugin of one file burns processor time and holds memory, in proportions that the candidate's file raises. One suite has a
model for each proportion, so that one repeat is one gate over all of them. A repeat that is done is in the file at once; a
study that was stopped goes on where it was. Beside the gate, `--busy` processes take the processor now and then."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import bench
from benchmarks.gate_study_page import page

ROOT = Path(__file__).resolve().parents[1]
FIT_SECONDS = 0.06  # of CPU, of the base's fit


class Case(NamedTuple):
    """A model of the study: by how much the candidate's is slower or larger, and what the suite allows."""

    method: str
    measure: str
    change: float
    margin: float


CASES = (
    Case("same", "train_cpu_s", 0.0, 0.10),
    Case("same-strict", "train_cpu_s", 0.0, 0.03),
    Case("slower-5", "train_cpu_s", 0.05, 0.10),
    Case("slower-5-strict", "train_cpu_s", 0.05, 0.03),
    Case("slower-10-strict", "train_cpu_s", 0.10, 0.03),
    Case("slower-10", "train_cpu_s", 0.10, 0.10),
    Case("slower-30", "train_cpu_s", 0.30, 0.10),
    Case("memory-same", "peak_rss_bytes", 0.0, 0.03),
    Case("memory-5", "peak_rss_bytes", 0.05, 0.03),
    Case("memory-50", "peak_rss_bytes", 0.50, 0.03),
)
_MEMORY = "memory-same"

PLUGIN = '''"""Burns processor time and holds memory."""

import numpy as np
from pydantic import Field

from bench import hookimpl
from bench.interfaces import Model, PluginParams

ROUNDS = {rounds}
MEGABYTES = {megabytes}


class Burning(Model):
    """The rate of the training rows, after so much work."""

    name = "burning"

    class Params(PluginParams):
        case: str = Field(description="how much work")

    params: Params

    def fit(self, train, valid, context):
        held = np.ones(int(MEGABYTES[self.params.case] * 1e6), dtype=np.uint8)
        total = 0
        for number in range(ROUNDS[self.params.case]):
            total += number * number % 7
        self.rate = train.labels.mean() + 0 * (total + int(held[:1].sum()))

    def predict(self, rows):
        return np.full(len(rows), self.rate)


@hookimpl
def bench_models():
    return {{"burning": f"{{__name__}}:Burning"}}
'''


def suite() -> str:
    models = [f"  {case.method}: {{use: burning, case: {case.method}}}" for case in CASES]
    exceptions = [
        f"    - {{method: {case.method}, {'memory' if 'bytes' in case.measure else 'throughput'}: {case.margin}}}"
        for case in CASES
    ]
    return "\n".join(
        [
            "version: 1",
            "name: gate-study",
            "plugins: [burning.py]",
            "datasets:",
            "  clicks: {use: table, path: clicks.csv, user: user, item: item, fields: [user, item], label: label}",
            "protocols:",
            "  cold: {use: user-holdout, users: {train: 0.6, valid: 0.2, test: 0.2}}",
            "base_models:",
            *models,
            "seeds: [0]",
            "metrics: [logloss]",
            "gate:",
            "  exceptions:",
            *exceptions,
            "",
        ]
    )


def write_side(folder: Path, changed: bool, rounds: int, megabytes: float) -> None:
    """`megabytes`: of the base's processes, in proportion to which the candidate holds more."""
    folder.mkdir()
    slower = {case.method: _share(case, "train_cpu_s", changed) for case in CASES}
    larger = {case.method: _share(case, "peak_rss_bytes", changed) for case in CASES}
    (folder / "burning.py").write_text(
        PLUGIN.format(
            rounds={method: round(rounds * (1 + share)) for method, share in slower.items()},
            megabytes={method: megabytes * share for method, share in larger.items()},
        )
    )
    (folder / "study.yaml").write_text(suite())
    rows = [
        f"{user},{item},{(user + item) % 2}"
        for user in range(30)
        for item in range(user % 3, 12, 2)
    ]
    (folder / "clicks.csv").write_text("\n".join(["user,item,label", *rows, ""]))


def _share(case: Case, measure: str, changed: bool) -> float:
    return case.change if changed and case.measure == measure else 0.0


def rounds_of(seconds: float) -> int:
    """Of the plugin's loop, that take so long here."""
    tried = 200_000
    times = []
    for _ in range(7):
        begun, total = time.process_time(), 0
        for number in range(tried):
            total += number * number % 7
        times.append(time.process_time() - begun)
    return round(tried * seconds / statistics.median(times))


def megabytes_of(folder: Path) -> float:
    """Peak memory of a step of the base."""
    run = bench.run_suite(folder / "study.yaml", cache_dir=folder / "cache", out=folder / "out")
    frame = run.frame().set_index("method")
    return float(frame.loc[_MEMORY, "peak_rss_bytes"]) / 1e6


def gate(base: Path, candidate: Path, options: Sequence[str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.cli", "gate", "--speed", f"../{base.name}", "."]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'plugins'}"}
    done = subprocess.run(
        [*command, "--suite", "study.yaml", "--json", *options],
        cwd=candidate,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1, 3):
        raise SystemExit(f"the gate ended with {done.returncode}: {done.stdout[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


_BUSY = """
import random, time
while True:
    end = time.monotonic() + random.expovariate(1 / 2)
    while time.monotonic() < end:
        sum(range(10_000))
    time.sleep(random.expovariate(1 / 2))
"""


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Others that take the processor for some seconds, half of the time."""
    others = [subprocess.Popen([sys.executable, "-c", _BUSY]) for _ in range(processes)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def verdicts(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Of the study's cases, a line each."""
    cells = {(cell["method"], cell["measure"]): cell for cell in result["cells"]}
    kept = ("verdict", "change", "low", "high", "p", "reason")
    return [
        {**case._asdict(), "true_change": case.change}
        | {key: cells[case.method, case.measure][key] for key in kept}
        for case in CASES
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--busy", type=int, default=1, help="processes beside it")
    parser.add_argument("--launches", type=int, default=5)
    parser.add_argument("--blocks", type=int, default=3)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--page", type=Path)
    asked = parser.parse_args()
    done = json.loads(asked.out.read_text()) if asked.out.exists() else {"repeats": []}
    options = ["--launches", str(asked.launches), "--blocks", str(asked.blocks)]
    with tempfile.TemporaryDirectory(prefix="gate-study-") as name, busy(asked.busy):
        base, candidate = Path(name) / "base", Path(name) / "candidate"
        rounds = rounds_of(FIT_SECONDS)
        write_side(base, changed=False, rounds=rounds, megabytes=0)
        write_side(candidate, changed=True, rounds=rounds, megabytes=megabytes_of(base))
        while len(done["repeats"]) < asked.repeats:
            begun = time.monotonic()
            result = gate(base, candidate, options)
            seconds = round(time.monotonic() - begun)
            line = {"seconds": seconds, "load": os.getloadavg()[0], "busy": asked.busy}
            done["repeats"].append(line | {"cases": verdicts(result), "notes": result["notes"]})
            done |= {"launches": asked.launches, "blocks": asked.blocks}
            asked.out.write_text(json.dumps(done, indent=1) + "\n")
            print(f"repeat {len(done['repeats'])} of {asked.repeats}: {seconds} s", file=sys.stderr)
    if asked.page is not None:
        asked.page.write_text(page(done), "utf-8")


if __name__ == "__main__":
    main()
