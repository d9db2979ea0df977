"""How often is the speed gate wrong? On made-up seconds, of which the truth is known:

    python -m benchmarks.gate_simulation --runs 400 --out benchmarks/gate_simulation.md

A launch has its luck, a factor of its own for each process, with heavy tails (Student's t with 3 degrees of freedom); each
block has a little noise, and now and then another program takes the processor. A gate judges several figures: all but the last
are of identical code, the last is slower by what the table says. What lies beyond
the margin is measured once more, as the command does."""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.gate.speed.intervals import paired_estimate
from bench.gate.speed.judging import Control, Sample, confirmed, is_suspect, judged

__all__ = ["Machine", "Rates", "rates"]

MARGIN = 0.10
SLOWER = (0.0, 0.05, 0.10, 0.20, 0.30)
VERDICTS = ("ok", "inconclusive", "regressed")


class Machine(NamedTuple):
    """Standard deviations of log seconds between launches, and between blocks of one. `disturbed`: the share of blocks that
    take half as long again."""

    launch: float
    block: float
    disturbed: float = 0.02


class Rates(NamedTuple):
    """`verdicts` of the slower figure; `false_red`: gates in which any figure of identical code was red; `covered`: intervals
    of the slower figure that hold the truth. Shares of `runs`."""

    verdicts: dict[str, float]
    false_red: float
    covered: float
    runs: int


def rates(
    machine: Machine, slower: float, runs: int, figures: int = 8, launches: int = 5, blocks: int = 3
) -> Rates:
    generator = np.random.default_rng(round(1e6 * (machine.launch + slower)))
    changes = [0.0] * (figures - 1) + [slower]
    verdicts: Counter[str] = Counter()
    false_red = covered = 0
    for _ in range(runs):
        first = _ratios_of_figures(generator, machine, changes, launches, blocks)
        cells = judged(_samples(generator, machine, changes, first))
        if any(is_suspect(cell) for cell in cells):
            again = _ratios_of_figures(generator, machine, changes, launches, blocks)
            together = [np.concatenate(pair) for pair in zip(first, again, strict=True)]
            of_both = judged(_samples(generator, machine, changes, together))
            cells = confirmed(cells, judged(_samples(generator, machine, changes, again)), of_both)
        verdicts["ok" if cells[-1].verdict == "better" else cells[-1].verdict] += 1
        false_red += any(cell.verdict == "regressed" for cell in cells[:-1])
        estimate = paired_estimate(first[-1])
        covered += estimate.low <= math.log1p(slower) <= estimate.high
    shares = {verdict: verdicts[verdict] / runs for verdict in VERDICTS}
    return Rates(shares, false_red / runs, covered / runs, runs)


def _ratios_of_figures(
    generator: np.random.Generator,
    machine: Machine,
    changes: Sequence[float],
    launches: int,
    blocks: int,
) -> list[np.ndarray]:
    return [_ratios(generator, machine, change, launches, blocks) for change in changes]


def _samples(
    generator: np.random.Generator,
    machine: Machine,
    changes: Sequence[float],
    ratios: Sequence[np.ndarray],
) -> list[Sample]:
    return [
        Sample(
            aspect="throughput",
            dataset="",
            protocol="",
            method="",
            measure=str(number),
            base=1.0,
            candidate=1.0 + change,
            estimate=paired_estimate(of_figure),
            margin=MARGIN,
            control=Control(np.median(_ratios(generator, machine, 0.0, 3, 3), axis=1)),
        )
        for number, (change, of_figure) in enumerate(zip(changes, ratios, strict=True))
    ]


def _ratios(
    generator: np.random.Generator, machine: Machine, change: float, launches: int, blocks: int
) -> np.ndarray:
    """(launches, blocks) logs of candidate over base."""
    shape = (2, launches, blocks)
    luck = generator.standard_t(3, (2, launches, 1)) / math.sqrt(3) * machine.launch
    disturbed = (generator.random(shape) < machine.disturbed) * math.log(1.5)
    seconds = luck + generator.normal(0, machine.block, shape) + disturbed
    return np.asarray(seconds[1] - seconds[0] + math.log1p(change))


def table(runs: int) -> str:
    """Markdown."""
    lines = [
        "| between launches | slower by | ok | inconclusive | regressed | another figure red | interval holds the truth |",
        "|---|---|---|---|---|---|---|",
    ]
    for launch in (0.005, 0.01, 0.03):
        for slower in SLOWER:
            found = rates(Machine(launch, launch / 2), slower, runs)
            shares = [found.verdicts[verdict] for verdict in VERDICTS]
            cells = [*shares, found.false_red, found.covered]
            lines.append(
                f"| {launch:.1%} | {slower:.0%} | {' | '.join(f'{cell:.1%}' for cell in cells)} |"
            )
    return "\n".join(lines)


_ABOUT = """# How often the speed gate is wrong, on made-up seconds

Made by `python -m benchmarks.gate_simulation --runs {runs} --out FILE`, {runs} gates a row. The margin is 10 %, a gate has 5
launches of 3 blocks a side, a control of 3, and 8 figures of which 7 are of identical code. Regressed counts after the repeat.

{table}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    text = _ABOUT.format(runs=asked.runs, table=table(asked.runs))
    if asked.out is None:
        print(text)
    else:
        asked.out.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
