"""How often is `bench gate --speed` right on a machine that is busy with other things? The command itself, on code of which
the truth is known:

    python -m benchmarks.gate_study.speed --repeats 20 --out docs/gate-study/speed.json

Models burn processor time and hold memory, in proportions that the candidate raises. One suite has a model for each, so that
one repeat is one gate over all of them. The harness that runs them does nothing else, so that a repeat takes about a minute;
with `--real` it is the real one, whose every launch imports torch, with a plugin that burns. A repeat that is done is in the
file at once; a study that was stopped goes on where it was. Beside the gate, `--busy` processes take the processor now and
then."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.gate_study.speed_sides import CASES, write_light, write_real

ROOT = Path(__file__).resolve().parents[2]


def gate(base: Path, candidate: Path, options: Sequence[str]) -> dict[str, Any]:
    command = [sys.executable, "-P", "-m", "bench.cli", "gate", "--speed", f"../{base.name}", "."]
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
import os, random, sys, time
while os.getppid() == int(sys.argv[1]):  # it ends with the study, however that ends
    end = time.monotonic() + random.expovariate(1 / 2)
    while time.monotonic() < end:
        sum(range(10_000))
    time.sleep(random.expovariate(1 / 2))
"""


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Others that take the processor for some seconds, half of the time."""
    others = [
        subprocess.Popen([sys.executable, "-c", _BUSY, str(os.getpid())]) for _ in range(processes)
    ]
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
    parser.add_argument("--real", action="store_true", help="with the real harness: slow")
    parser.add_argument("--launches", type=int, default=5)
    parser.add_argument("--blocks", type=int, default=3)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    done = json.loads(asked.out.read_text()) if asked.out.exists() else {"repeats": []}
    options = ["--launches", str(asked.launches), "--blocks", str(asked.blocks)]
    with tempfile.TemporaryDirectory(prefix="gate-study-") as name, busy(asked.busy):
        base, candidate = Path(name) / "base", Path(name) / "candidate"
        (write_real if asked.real else write_light)(base, candidate)
        while len(done["repeats"]) < asked.repeats:
            begun = time.monotonic()
            result = gate(base, candidate, options)
            seconds = round(time.monotonic() - begun)
            line = {"seconds": seconds, "load": os.getloadavg()[0], "busy": asked.busy}
            done["repeats"].append(line | {"cases": verdicts(result), "notes": result["notes"]})
            done |= {"launches": asked.launches, "real": asked.real, "blocks": asked.blocks}
            asked.out.write_text(json.dumps(done, indent=1) + "\n")
            print(f"repeat {len(done['repeats'])} of {asked.repeats}: {seconds} s", file=sys.stderr)


if __name__ == "__main__":
    main()
