"""How long a step may take, from steps like it that were timed: in the cache, or by the run's records. Where there is none
of these data, those of other data give a rough figure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bench.data.splits.base_predictions import FitPlan
from bench.errors import StorageError
from bench.job.steps import RESULT, FitStep, SelectStep
from bench.run.planning.trials import Plan
from bench.run.step_kinds import Kind, kind_of_step
from bench.run.timed_records import cpu_seconds, rates_of_other_data, timed_records
from bench.scoring.division import Division
from bench.storage.kept import KeptFolder

__all__ = ["Estimate", "Estimates", "wall_seconds"]


class Estimate(NamedTuple):
    """CPU seconds; `rough` where no step of these data was timed, only of others."""

    seconds: float
    rough: bool


class Estimates:
    """Of a plan's steps. `timed`: those in the cache; `run`: the run's folder, beside which other runs may lie."""

    def __init__(self, planned: Plan, timed: Iterable[str], run: Path) -> None:
        self._steps = planned.steps
        self._rows = _Rows({trial.division.folder: trial.division for trial in planned.trials})
        self._rates: dict[tuple[str, Kind], list[float]] = defaultdict(list)  # by data and kind
        self._alike: dict[Kind, list[float]] = defaultdict(list)  # by kind, whatever the data
        for identity in timed:
            self.learn(identity)
        self._recorded = self._of_records(run)
        self._others = rates_of_other_data(run.absolute().parent)

    def learn(self, identity: str) -> float | None:
        """From a step that is done: what it took, if it tells."""
        step = self._steps[identity]
        seconds = _cost(step.folder)
        if seconds is not None:
            self._rates[self._key(step)].append(seconds / self._rows.of(step))
            self._alike[kind_of_step(step)].append(seconds / self._rows.scale(step))
        return seconds

    def of(self, identity: str) -> Estimate | None:
        """For a fit the median time a training row times its own rows, for a method the median; None where nothing like it was
        ever timed."""
        step = self._steps[identity]
        key, kind = self._key(step), kind_of_step(step)
        if samples := self._rates.get(key) or self._recorded.get(key):
            return Estimate(median(samples) * self._rows.of(step), rough=False)
        if samples := self._alike.get(kind) or self._others.get(kind):
            return Estimate(median(samples) * self._rows.scale(step), rough=True)
        return None

    def _key(self, step: FitStep | SelectStep) -> tuple[str, Kind]:
        return self._rows.division(step).interactions.digest, kind_of_step(step)

    def _of_records(self, run: Path) -> Mapping[tuple[str, Kind], list[float]]:
        """Rates from records of earlier runs in this folder, whatever their other settings were."""
        by_data = self._rows.by_data
        found: dict[tuple[str, Kind], list[float]] = defaultdict(list)
        for one in timed_records(run):
            if one.data in by_data:
                rows = self._rows.of_star(by_data[one.data]) if one.kind[0] == "fit" else 1
                found[one.data, one.kind].append(one.cpu_s / rows)
        return found


class _Rows:
    """Training rows of fits, counted once for each split and source of base predictions."""

    def __init__(self, divisions: Mapping[Path, Division]) -> None:
        self._divisions = divisions
        self._counted: dict[tuple[Any, ...], dict[str, int]] = {}

    @property
    def by_data(self) -> dict[str, Division]:
        return {division.interactions.digest: division for division in self._divisions.values()}

    def division(self, step: FitStep | SelectStep) -> Division:
        return self._divisions[step.split]

    def of(self, step: FitStep | SelectStep) -> int:
        """1 for a method: what it learns from is the same for all of a division."""
        if isinstance(step, SelectStep):
            return 1
        key = (step.split, step.source)
        if key not in self._counted:
            fits = FitPlan(self._divisions[step.split].split, step.source).fits
            self._counted[key] = {fit.variant: max(1, len(fit.train)) for fit in fits}
        return self._counted[key].get(step.variant, 1)

    def scale(self, step: FitStep | SelectStep) -> int:
        """What the time of a step grows with from one dataset to another."""
        return self.of(step) if isinstance(step, FitStep) else self.of_star(self.division(step))

    def of_star(self, division: Division) -> int:
        """Of the fit on all that a base model may see."""
        return max(1, int(division.plan.star_rows.sum()))


def wall_seconds(steps: Collection[float], workers: int) -> float:
    """Of steps that take so long, on so many workers: no less than the longest of them."""
    return max(sum(steps) / workers, max(steps, default=0.0))


def _cost(folder: Path) -> float | None:
    try:
        return cpu_seconds(KeptFolder(folder).json(RESULT)["cost"])
    except (StorageError, ValueError, KeyError, TypeError):
        return None  # an estimate does without it; the run itself makes such a step anew
