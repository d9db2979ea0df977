"""The two versions that the study of the gate compares: folders that are the same but for how much they burn and hold."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import NamedTuple

import bench

__all__ = ["CASES", "Case", "write_light", "write_real"]

FIT_SECONDS = 0.06  # of CPU, of the base's fit
MEGABYTES = 100  # that a step of the light harness holds


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

# A harness of one function, for the gate's workers: it fits nothing, and takes time and memory for it. A launch of it costs a
# tenth of a second, one of the real harness, which imports torch, five to ten.
LIGHT = """
import os, time
from types import SimpleNamespace

__version__ = "0"
ROUNDS = {rounds}
BYTES = {held}
GATE = {gate}


def run_suite(suite, *, executor, only, **options):
    step = in_child if executor == "local" else here
    records = [record(method, step(method)) for method in ROUNDS if not only or method in only]
    lines = [dict(record["trial"], status="ok", kind="base_model") for record in records]
    return SimpleNamespace(records=records, manifest=dict(trials=lines, gate=GATE))


def here(method):
    begun = time.process_time()
    total = 0
    for number in range(ROUNDS[method]):
        total += number * number % 7
    return dict(train_cpu_s=time.process_time() - begun)


def in_child(method):
    child = os.fork()
    if child == 0:
        held = b"1" * BYTES[method]
        os._exit(0)
    used = os.wait4(child, 0)[2]
    return dict(peak_rss_bytes=used.ru_maxrss * 1024)


def record(method, cost):
    return dict(
        trial=dict(dataset="made", protocol="up", method=method, seed=0),
        kind="base_model",
        outcome=dict(status="ok", reason=""),
        cost=dict(own=cost),
        blobs=dict(logits=method),
        details={{}},
        identity=dict(data="", split="", settings={{}}, steps=[]),
        versions={{}},
    )
"""

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


def _suite() -> str:
    models = [f"  {case.method}: {{use: burning, case: {case.method}}}" for case in CASES]
    exceptions = [
        f"    - {{method: {case.method}, {_aspect(case)}: {case.margin}}}" for case in CASES
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


def write_light(base: Path, candidate: Path) -> None:
    """Trees of a harness of their own."""
    rounds = _rounds_of(FIT_SECONDS)
    exceptions = [{"method": case.method, _aspect(case): case.margin} for case in CASES]
    for folder, changed in ((base, False), (candidate, True)):
        (folder / "bench").mkdir(parents=True)
        (folder / "plugins").mkdir()
        (folder / "bench" / "hookspecs.py").touch()
        (folder / "study.yaml").touch()
        slower, larger = (
            _shares(measure, changed) for measure in ("train_cpu_s", "peak_rss_bytes")
        )
        code = LIGHT.format(
            rounds={method: round(rounds * (1 + share)) for method, share in slower.items()},
            held={method: round(MEGABYTES * 1e6 * (1 + share)) for method, share in larger.items()},
            gate={"exceptions": exceptions},
        )
        (folder / "bench" / "__init__.py").write_text(code)


def write_real(base: Path, candidate: Path) -> None:
    """A suite, its data and a plugin, for the real harness."""
    rounds = _rounds_of(FIT_SECONDS)
    _write_suite(base, changed=False, rounds=rounds, megabytes=0)
    _write_suite(candidate, changed=True, rounds=rounds, megabytes=_megabytes_of(base))


def _write_suite(folder: Path, changed: bool, rounds: int, megabytes: float) -> None:
    """`megabytes`: of the base's processes, in proportion to which the candidate holds more."""
    folder.mkdir()
    slower, larger = (_shares(measure, changed) for measure in ("train_cpu_s", "peak_rss_bytes"))
    (folder / "burning.py").write_text(
        PLUGIN.format(
            rounds={method: round(rounds * (1 + share)) for method, share in slower.items()},
            megabytes={method: megabytes * share for method, share in larger.items()},
        )
    )
    (folder / "study.yaml").write_text(_suite())
    rows = [
        f"{user},{item},{(user + item) % 2}"
        for user in range(30)
        for item in range(user % 3, 12, 2)
    ]
    (folder / "clicks.csv").write_text("\n".join(["user,item,label", *rows, ""]))


def _shares(measure: str, changed: bool) -> dict[str, float]:
    return {
        case.method: case.change if changed and case.measure == measure else 0.0 for case in CASES
    }


def _aspect(case: Case) -> str:
    return "memory" if case.measure == "peak_rss_bytes" else "throughput"


def _rounds_of(seconds: float) -> int:
    """Of the plugin's loop, that take so long here."""
    tried = 200_000
    times = []
    for _ in range(7):
        begun, total = time.process_time(), 0
        for number in range(tried):
            total += number * number % 7
        times.append(time.process_time() - begun)
    return round(tried * seconds / statistics.median(times))


def _megabytes_of(folder: Path) -> float:
    """Peak memory of a step of the base."""
    run = bench.run_suite(folder / "study.yaml", cache_dir=folder / "cache", out=folder / "out")
    frame = run.frame().set_index("method")
    return float(frame.loc[_MEMORY, "peak_rss_bytes"]) / 1e6
