"""Do the statistics of paired comparisons hold what they promise? On made-up rows, of which the truth is known:

    nice python benchmarks/simulate_statistics.py --runs 1000 --out benchmarks/statistics.md

A run draws users with unequal numbers of rows, labels, and the logits of seven methods: the truth, weakened, and noise of each
method's own (by user and by row), times a factor that is the method's quality. The reference and four candidates have one
quality, of which any difference is a false positive; two planted candidates are worse by what `detectable` says of log loss
and of AUC. With several seeds each training draws its quality anew."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.interpolate import CubicSpline

from bench.evaluate import Paired, Resampled, Slice, adjust, paired, resample, row_log_loss
from bench.evaluate.metrics.auc import pooled_auc

METRICS = ("logloss", "auc")
REFERENCE, EQUAL, PLANTED = (
    "reference",
    ("equal-1", "equal-2", "equal-3", "equal-4"),
    ("planted-logloss", "planted-auc"),
)
NAMES = (REFERENCE, *EQUAL, *PLANTED)
TRAINING = 0.05  # standard deviation of the logarithm of a training's quality, with several seeds
PILOT, PILOT_ROUNDS = 60, 3


class Setting(NamedTuple):
    users: int
    seeds: int


class World(NamedTuple):
    """What does not depend on a method."""

    users: np.ndarray  # (n,)
    truth: np.ndarray  # (n,) logits
    y: np.ndarray  # (n,)


class Trial(NamedTuple):
    resampled: Resampled
    qualities: np.ndarray  # (S, M)


def draw_world(generator: np.random.Generator, users: int) -> World:
    """Rows of a user: log-normal, from 1 to 60, median 5."""
    rows = np.clip(np.round(np.exp(generator.normal(1.6, 1.0, users))), 1, 60).astype(int)
    of_row = np.repeat(np.arange(users), rows)
    truth = generator.normal(-0.3, 1.0, users)[of_row] + generator.normal(0, 1.0, len(of_row))
    return World(
        of_row, truth, (generator.random(len(of_row)) < 1 / (1 + np.exp(-truth))).astype(np.uint8)
    )


def noise_of_method(generator: np.random.Generator, world: World) -> np.ndarray:
    by_user = generator.normal(0, 0.5, world.users.max() + 1)
    return np.asarray(by_user[world.users] + generator.normal(0, 0.7, len(world.users)))


def draw_trial(
    generator: np.random.Generator, setting: Setting, planted: Sequence[float], resamples: int
) -> Trial:
    world = draw_world(generator, setting.users)
    qualities = np.array([1.0] * (1 + len(EQUAL)) + list(planted))
    spread = TRAINING if setting.seeds > 1 else 0.0
    trained = qualities * np.exp(generator.normal(0, spread, (setting.seeds, len(NAMES))))
    noise = np.stack([noise_of_method(generator, world) for _ in NAMES])
    slices = [
        Slice.of_labels(
            world.y, world.users, (0.8 * world.truth + quality[:, None] * noise).astype(np.float32)
        )
        for quality in trained
    ]
    seed = int(generator.integers(2**31))
    return Trial(resample(slices, NAMES, resamples=resamples, seed=seed), trained)


def truths(generator: np.random.Generator) -> dict[str, CubicSpline]:
    """Metric of a quality in the population, from 40,000 users."""
    world = draw_world(generator, 40_000)
    noise, grid = noise_of_method(generator, world), np.linspace(0.6, 8, 60)
    logits = [0.8 * world.truth + quality * noise for quality in grid]
    return {
        "logloss": CubicSpline(grid, [row_log_loss(world.y, one).mean() for one in logits]),
        "auc": CubicSpline(grid, [pooled_auc(world.y, one) for one in logits]),
    }


def compare(trial: Trial, metric: str, candidate: str) -> Paired:
    return paired(trial.resampled, candidate, REFERENCE, metric)


def plant(
    generator: np.random.Generator, setting: Setting, truth: dict[str, CubicSpline], resamples: int
) -> tuple[float, float]:
    """Qualities whose true difference from 1 is the median `detectable` of runs with them; one a metric."""
    grid, planted = np.linspace(1, 8, 2000), [1.5, 1.5]
    for _ in range(PILOT_ROUNDS):
        trials = [draw_trial(generator, setting, planted, resamples) for _ in range(PILOT)]
        for place, metric in enumerate(METRICS):
            found = [compare(trial, metric, PLANTED[place]).detectable for trial in trials]
            aim = np.median([one for one in found if one is not None])
            planted[place] = float(
                grid[np.abs(np.abs(truth[metric](grid) - truth[metric](1.0)) - aim).argmin()]
            )
    return planted[0], planted[1]


class Tally:
    """Shares over runs, in percent."""

    def __init__(self) -> None:
        self.counts: dict[str, list[float]] = {}

    def add(self, what: str, value: float) -> None:
        self.counts.setdefault(what, []).append(value)

    def percent(self, what: str) -> str:
        return f"{100 * np.mean(self.counts[what]):.1f}"

    def median(self, what: str) -> float:
        return float(np.median(self.counts[what]))


def tally(tally: Tally, trial: Trial, metric: str, truth: CubicSpline) -> None:
    """Add what one run shows of one metric."""
    models = truth(trial.qualities).mean(axis=0)  # of the models that were trained
    first, planted = EQUAL[0], PLANTED[METRICS.index(metric)]
    for kind, name in (("equal", first), ("planted", planted)):
        one, difference = compare(trial, metric, name), models[NAMES.index(name)] - models[0]
        tally.add(
            f"covered {kind}",
            one.low is not None and one.high is not None and one.low <= difference <= one.high,
        )
        tally.add(f"found {kind}", one.verdict in ("better", "worse"))
        if one.detectable is not None:
            tally.add(f"detectable {kind}", one.detectable)
    family = adjust({name: compare(trial, metric, name) for name in EQUAL})
    tally.add("found in family", any(one.verdict in ("better", "worse") for one in family.values()))
    tally.add("effective users", trial.resampled.effective_users)


def simulate(
    settings: Sequence[Setting], runs: int, resamples: int, seed: int, say: Callable[[str], None]
) -> Iterator[str]:
    """Lines of the table."""
    truth = truths(np.random.default_rng(seed))
    for setting in settings:
        generator = np.random.default_rng([seed, *setting])
        planted = plant(generator, setting, truth, resamples)
        tallies = {metric: Tally() for metric in METRICS}
        for run in range(runs):
            trial = draw_trial(generator, setting, planted, resamples)
            for metric, one in tallies.items():
                tally(one, trial, metric, truth[metric])
            if (run + 1) % 100 == 0:
                say(f"{setting.users} users, {setting.seeds} seeds: {run + 1} of {runs} runs")
        for place, (metric, one) in enumerate(tallies.items()):
            effect = abs(float(truth[metric](planted[place]) - truth[metric](1.0)))
            yield (
                f"| {metric} | {setting.users} | {one.median('effective users'):.0f} | {setting.seeds} "
                f"| {one.percent('found equal')} | {one.percent('found in family')} "
                f"| {one.percent('covered equal')} | {one.percent('covered planted')} "
                f"| {effect:.4f} | {one.median('detectable planted'):.4f} | {one.percent('found planted')} |"
            )


HEAD = """| metric | users | effective users | seeds | false positives, % | in a table of 4, Holm, % | coverage, no effect, % \
| coverage, planted, % | planted effect | `detectable`, median | found, % |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Coverage, false positives and power of paired comparisons, by simulation."
    )
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--resamples", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--users", type=int, nargs="+", default=[30, 100, 600])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--out", type=Path, help="a Markdown file; else the table is printed")
    given = parser.parse_args()
    settings = [Setting(users, seeds) for seeds in given.seeds for users in given.users]
    lines = simulate(
        settings, given.runs, given.resamples, given.seed, lambda text: print(text, file=sys.stderr)
    )
    text = "\n".join(
        [
            "# Paired comparisons, simulated",
            "",
            f"Written by `python benchmarks/simulate_statistics.py --runs {given.runs} --resamples {given.resamples} "
            f"--seed {given.seed}`, which says how rows are made up.",
            "What the columns mean is in [docs/statistics.md](../docs/statistics.md#what-a-simulation-shows).",
            "",
            HEAD,
            *lines,
            "",
        ]
    )
    if given.out:
        given.out.write_text(text, encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
