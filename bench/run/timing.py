"""How long a step may take, from steps like it that were timed: in the cache, or by the run's records. Those of other settings
or, where there is none of these data, of other data give a rough figure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bench.data.splits.base_predictions import FitPlan
from bench.errors import StorageError
from bench.job.spec import BaseModelSpec, MethodSpec
from bench.job.steps import RESULT, FitStep, SelectStep
from bench.registry import Registry
from bench.run.planning.trials import Plan
from bench.run.step_kinds import Kind, kind_of_spec, spec_of_step
from bench.run.timed_records import cpu_seconds, rates_of_other_data, timed_records
from bench.run.timed_settings import EpochsKey, Nearest, Timed, epochs_key, nearest, settings_of
from bench.scoring.division import Division
from bench.storage.kept import KeptFolder

__all__ = ["Estimate", "Estimates", "wall_seconds"]


class Estimate(NamedTuple):
    """CPU seconds; `rough` where no step of these data and settings was timed, only of others."""

    seconds: float
    rough: bool


class _Asked(NamedTuple):
    """What a spec is judged by."""

    kind: Kind
    settings: str
    epochs: EpochsKey


class Estimates:
    """Of a plan's steps. `timed`: those in the cache; `run`: the run's folder, beside which other runs may lie."""

    def __init__(self, planned: Plan, registry: Registry, timed: Iterable[str], run: Path) -> None:
        self._steps, self._registry = planned.steps, registry
        self._asked: dict[int, _Asked] = {}
        self._rows = _Rows({trial.division.folder: trial.division for trial in planned.trials})
        self._rates: dict[tuple[str, Kind], list[Timed]] = defaultdict(list)  # by data and kind
        self._alike: dict[Kind, list[Timed]] = defaultdict(list)  # by kind, whatever the data
        for identity in timed:
            self.learn(identity)
        self._recorded = self._of_records(run)
        self._others = rates_of_other_data(run.absolute().parent)

    def learn(self, identity: str) -> float | None:
        """From a step that is done: what it took, if it tells."""
        step = self._steps[identity]
        seconds = _cost(step.folder)
        if seconds is not None:
            asked, data = self._ask(spec_of_step(step)), self._data(step)
            rate = Timed(seconds / self._rows.of(step), asked.settings)
            self._rates[data, asked.kind].append(rate)
            rough = Timed(seconds / self._rows.scale(step), asked.settings)
            self._alike[asked.kind].append(rough)
        return seconds

    def of(self, identity: str) -> Estimate | None:
        """For a fit the median time a training row times its own rows, for a method the median; None where nothing like it was
        ever timed."""
        step = self._steps[identity]
        asked = self._ask(spec_of_step(step))
        if found := self._of_these_data(self._data(step), asked):
            rough = not found.exact or self._has_another_pool(step)
            return Estimate(median(found.seconds) * self._rows.of(step), rough)
        if samples := self._alike.get(asked.kind) or self._others.get(asked.kind):
            seconds = nearest(samples, asked.settings, asked.epochs).seconds
            return Estimate(median(seconds) * self._rows.scale(step), rough=True)
        return None

    def _of_these_data(self, data: str, asked: _Asked) -> Nearest | None:
        """By the cache or, where that has none of these settings, by the records; None where neither has any."""
        key = data, asked.kind
        every = [found for found in (self._rates.get(key), self._recorded.get(key)) if found]
        by_place = [nearest(found, asked.settings, asked.epochs) for found in every]
        return next((one for one in by_place if one.exact), by_place[0] if by_place else None)

    def _has_another_pool(self, step: FitStep | SelectStep) -> bool:
        """Whether it adapts base models of which some were not timed as they are."""
        if isinstance(step, FitStep) or not step.method.full:
            return False
        of_pool = [
            self._of_these_data(self._data(step), self._ask(spec)) for spec in step.pool.values()
        ]
        return not all(found is not None and found.exact for found in of_pool)

    def _ask(self, spec: BaseModelSpec | MethodSpec) -> _Asked:
        """Once for each spec: they live as long as the plan."""
        if id(spec) not in self._asked:
            epochs = epochs_key(spec, self._registry)
            self._asked[id(spec)] = _Asked(kind_of_spec(spec), settings_of(spec), epochs)
        return self._asked[id(spec)]

    def _data(self, step: FitStep | SelectStep) -> str:
        return self._rows.division(step).interactions.digest

    def _of_records(self, run: Path) -> Mapping[tuple[str, Kind], list[Timed]]:
        """Rates from records of earlier runs in this folder, whatever their settings were."""
        by_data = self._rows.by_data
        found: dict[tuple[str, Kind], list[Timed]] = defaultdict(list)
        for one in timed_records(run):
            if one.data in by_data:
                rows = self._rows.of_star(by_data[one.data]) if one.kind[0] == "fit" else 1
                found[one.data, one.kind].append(Timed(one.cpu_s / rows, settings_of(one.spec)))
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
            self._counted[key] = {fit.variant: max(1, int(fit.trains().sum())) for fit in fits}
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
