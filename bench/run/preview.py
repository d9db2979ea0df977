"""What a run would do: which trials are recorded, which steps are cached, what is left and how long it may take. Runs nothing
and writes nothing into the run's folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from bench.errors import RecordError
from bench.job.resources import Resources
from bench.job.steps import FitStep, SelectStep
from bench.records import read_record, record_path
from bench.registry import Registry, load_registry
from bench.run.planning.trials import Plan, Trial
from bench.run.progress import Watcher
from bench.run.suite_run import as_names, as_path, as_paths, as_suite, plan_suite
from bench.run.timing import Estimates, wall_seconds
from bench.storage.kept import KeptFolder
from bench.suite import Suite, registry_of

__all__ = ["PlannedStep", "PlannedTrial", "Preview", "preview"]

State = Literal["recorded", "to run", "unavailable"]


class PlannedTrial(NamedTuple):
    """`state`: recorded already, to run, or unavailable (which a run will record)."""

    trial: Trial
    state: State


class PlannedStep(NamedTuple):
    """`needed`: by a trial that is to run. `seconds`: of CPU time, None where no step like it was ever timed; `rough`: known
    of other data or settings alone."""

    step: FitStep | SelectStep
    cached: bool
    needed: bool
    seconds: float | None
    rough: bool = False

    @property
    def to_run(self) -> bool:
        return self.needed and not self.cached


@dataclass(frozen=True)
class Preview:
    """Trials in the order of the suite, steps in the order in which they would be done."""

    suite: Suite
    out: Path
    workers: int
    trials: tuple[PlannedTrial, ...]
    steps: tuple[PlannedStep, ...]

    @property
    def seconds(self) -> float:
        """Of wall time that the steps left to run take, as far as known."""
        return wall_seconds(
            [step.seconds or 0.0 for step in self.steps if step.to_run], self.workers
        )

    @property
    def rough(self) -> bool:
        """Whether other data or settings alone tell the time of some step left to run."""
        return any(step.rough for step in self.steps if step.to_run)

    @property
    def never_timed(self) -> int:
        """Steps left to run of which nothing is known."""
        return sum(step.to_run and step.seconds is None for step in self.steps)


def preview(
    suite: Suite | Path | str,
    *,
    out: Path | str | None = None,
    data_dir: Path | str | None = None,
    cache_dir: Path | str | None = None,
    plugins: Sequence[Path | str] = (),
    autoload: bool = True,
    workers: int = 1,
    threads: int = 1,
    seeds: Sequence[int] | int = (),
    only: Sequence[str] = (),
    watcher: Watcher | None = None,
    overrides: Sequence[str] = (),
) -> Preview:
    """What `bench.run.run` of the same options would do. Data are prepared, since the splits depend on them.

    Raises what a run would raise before its first step, a damaged record among it."""
    paths = as_paths(plugins)
    suite = as_suite(suite, paths, autoload, as_names(overrides))
    registry = registry_of(suite, load_registry(paths, autoload=autoload))
    planned, _ = plan_suite(
        suite,
        registry,
        as_path(data_dir),
        as_path(cache_dir),
        Resources(threads=threads),
        (seeds,) if isinstance(seeds, int) else tuple(seeds),
        as_names(only),
        watcher or Watcher(),
    )
    folder = as_path(out) or Path("results") / suite.name
    trials = tuple(PlannedTrial(trial, _state(trial, folder)) for trial in planned.trials)
    return Preview(suite, folder, workers, trials, tuple(_steps(planned, registry, trials, folder)))


def _state(trial: Trial, folder: Path) -> State:
    file = record_path(folder, trial.id)
    if file.exists():
        try:
            read_record(file)
        except RecordError as error:
            raise RecordError(f"{error}; remove it to run the trial again") from error
        return "recorded"
    return "unavailable" if trial.unavailable else "to run"


def _steps(
    planned: Plan, registry: Registry, trials: tuple[PlannedTrial, ...], folder: Path
) -> list[PlannedStep]:
    read = _in_order([planned_trial.trial for planned_trial in trials])
    needed = _in_order([trial for trial, state in trials if state == "to run"])
    cached = {step for step in read if KeptFolder(planned.steps[step].folder).looks_whole()}
    estimates = Estimates(planned, registry, cached, folder)
    found = {step: estimates.of(step) for step in needed if step not in cached}
    return [
        PlannedStep(
            planned.steps[step],
            step in cached,
            step in needed,
            estimate.seconds if (estimate := found.get(step)) else None,
            bool(estimate and estimate.rough),
        )
        for step in read
    ]


def _in_order(trials: list[Trial]) -> dict[str, None]:
    """Steps, those that others need first."""
    fits = [
        step
        for trial in trials
        for step in trial.steps
        if step != trial.own or trial.kind == "base_model"
    ]
    return dict.fromkeys([*fits, *(trial.own for trial in trials if trial.own is not None)])
