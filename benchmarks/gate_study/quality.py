"""How often is `bench gate` right about quality? The command itself, on runs of which the truth is known:

    python -m benchmarks.gate_study.quality --repeats 20 --out docs/gate-study/quality.json

Each repeat has generated data of its own. Base and candidate are trained for real; of the candidate's models one is the same,
the others are trained anew, and two of them are worse by a known AUC (`shuffled.py`). A repeat that is done is in the file at
once; a study that was stopped goes on where it was."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import bench

__all__ = ["CASES", "Case"]

MARGIN = 2e-3  # what the gate allows of AUC where the suite says nothing
SEEDS = 5
ROOT = Path(__file__).resolve().parents[2]
PLUGIN = Path(__file__).with_name("shuffled.py")


class Case(NamedTuple):
    """A model of the study. `training`: another number than the base's 0 is another training; `worse_by`: of AUC."""

    method: str
    training: int
    worse_by: float


CASES = (
    Case("unchanged", 0, 0.0),
    Case("anew", 1, 0.0),
    Case("worse-001", 2, 0.001),
    Case("worse-003", 3, 0.003),
)
_SUITE = """version: 1
name: gate-study
plugins: [shuffled.py]
datasets:
  made: {{use: synthetic, users: 4000, items: 200, groups: 1, gap: 0.7, quality: 0.7, user_bias: 0.3, seed: {data_seed}}}
protocols:
  cold: {{use: user-holdout, setting: cold, users: {{train: 0.5, valid: 0.1, test: 0.4}}, support: {{share: 0.1}}}}
base_models:
{models}
seeds: {seeds}
metrics: [auc]
"""


def repeat(folder: Path, data_seed: int) -> dict[str, Any]:
    base = _run(folder / "base", data_seed, {case.method: "{use: shuffled}" for case in CASES})
    auc = float(base.frame().groupby("method")["auc"].mean()["unchanged"])
    models = {
        case.method: f"{{use: shuffled, training: {case.training}, shuffled: {_share(case, auc)}}}"
        for case in CASES
    }
    _run(folder / "candidate", data_seed, models)
    found = _gate(folder / "base" / "out", folder / "candidate" / "out")
    cells = {cell["method"]: cell for cell in found["cells"]}
    kept = ("verdict", "change", "low", "high", "p", "reason")
    cases = [case._asdict() | {key: cells[case.method][key] for key in kept} for case in CASES]
    return {"data_seed": data_seed, "auc": auc, "cases": cases}


def _share(case: Case, auc: float) -> float:
    return case.worse_by / (auc - 0.5)


def _run(folder: Path, data_seed: int, models: dict[str, str]) -> Any:
    folder.mkdir(parents=True)
    (folder / "shuffled.py").write_text(PLUGIN.read_text("utf-8"), "utf-8")
    suite = folder / "study.yaml"
    lines = "\n".join(f"  {method}: {model}" for method, model in models.items())
    suite.write_text(
        _SUITE.format(data_seed=data_seed, models=lines, seeds=list(range(SEEDS))), "utf-8"
    )
    return bench.run_suite(suite, out=folder / "out", cache_dir=folder / "cache")


def _gate(base: Path, candidate: Path) -> dict[str, Any]:
    options = ["--aspect", "quality", "--json"]
    command = [sys.executable, "-P", "-m", "bench.cli", "gate", str(base), str(candidate), *options]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'plugins'}"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 1, 3):
        raise SystemExit(f"the gate ended with {done.returncode}: {done.stdout[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    begun = {"margin": MARGIN, "seeds": SEEDS, "repeats": []}
    done = json.loads(asked.out.read_text("utf-8")) if asked.out.exists() else begun
    while (number := len(done["repeats"])) < asked.repeats:
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="gate-study-") as name:
            done["repeats"].append(repeat(Path(name), data_seed=number))
        asked.out.write_text(json.dumps(done, indent=1) + "\n", "utf-8")
        seconds = time.monotonic() - started
        print(f"repeat {number + 1} of {asked.repeats}: {seconds:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
