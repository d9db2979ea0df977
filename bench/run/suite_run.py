"""One execution of a suite: prepare, split, plan, do what is missing, record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.data import cache_dir as resolve_cache
from bench.data.prepared.locate import roots
from bench.data.views.interactions import Interactions
from bench.errors import SuiteError
from bench.job.resources import Resources
from bench.records import Run
from bench.registry import Registry, did_you_mean, load_registry
from bench.run.execution import execute
from bench.run.executor_choice import choose_executor
from bench.run.limiting import limited, warn_of_limits
from bench.run.manifest import earlier_seeds
from bench.run.name_lists import apart
from bench.run.needed import before_any_trial
from bench.run.planning.divisions import divide_all, prepare_all
from bench.run.planning.joining import check_predictions
from bench.run.planning.plan import plan
from bench.run.planning.trials import Plan
from bench.run.progress import Watcher
from bench.run.recording import metrics_of, scorer_of
from bench.run.resolved import write_resolved
from bench.run.sharing import Shared
from bench.run.state import Rerun, RunState
from bench.scoring.division import Divisions
from bench.storage.at_work import at_work
from bench.storage.in_use import using
from bench.suite import Suite, registry_of
from bench.suite import load as load_suite

__all__ = ["Rerun", "as_names", "as_path", "as_paths", "as_suite", "plan_suite", "run"]


def run(
    suite: Suite | Path | str,
    *,
    out: Path | str | None = None,
    data_dir: Path | str | None = None,
    cache_dir: Path | str | None = None,
    plugins: Sequence[Path | str] = (),
    autoload: bool = True,
    workers: int | None = None,
    threads: int = 1,
    executor: str | None = None,
    executor_set: Sequence[str] = (),
    seeds: Sequence[int] | int = (),
    only: Sequence[str] = (),
    rerun: Rerun = "failed",
    watcher: Watcher | None = None,
    overrides: Sequence[str] = (),
    time_limit: str | None = None,
    memory_limit: str | None = None,
) -> Run:
    """Run a suite into `out` (default: results/NAME) and give the records back; what is recorded or cached is reused.
    `overrides`: of a suite file's values, `a.b=1` each (`--set`); `executor`: where steps run, if not where the suite says or
    on this machine; `executor_set`: of its parameters; `workers`: steps at a time, one where nobody says and the executor
    can't count them; `time_limit` ("20m"), `memory_limit` ("4GiB"):
    of every step, whatever the suite says.

    Raises BenchError where the suite or its data are wrong, before anything is written; a trial that fails is recorded."""
    cache = resolve_cache(as_path(cache_dir))
    with at_work(cache):  # nobody tidies up what a run uses of it
        watcher = watcher or Watcher()
        paths = as_paths(plugins)
        seeds = (seeds,) if isinstance(seeds, int) else tuple(seeds)
        suite = limited(
            as_suite(suite, paths, autoload, as_names(overrides)), time_limit, memory_limit
        )
        registry = registry_of(suite, load_registry(paths, autoload=autoload))
        with before_any_trial():
            chosen = choose_executor(
                registry, executor, as_names(executor_set), workers, suite.executor, watcher.say
            )
            metrics = metrics_of(registry, suite.computed)
        resources = Resources(threads=threads)
        folder = as_path(out) or Path("results") / suite.name
        planned, divisions = plan_suite(
            suite,
            registry,
            as_path(data_dir),
            as_path(cache_dir),
            resources,
            seeds,
            as_names(only),
            watcher,
            also=(*suite.seeds, *(earlier := earlier_seeds(folder))),
        )
        scorer = scorer_of(registry, suite.computed, metrics, threads, suite.rules.in_force)
        warn_of_limits(chosen.plugin, planned, watcher)
        work = Shared(cache, folder)
        state = RunState(
            suite, registry, planned, metrics, scorer, folder, cache, watcher, work, rerun
        )
        asked = tuple(dict.fromkeys((*(seeds or suite.seeds), *earlier)))
        write_resolved(state.folder, suite, registry, divisions, asked)
        # else a repair of the run would take blobs without a record yet for leftovers
        with using(folder / "blobs"):
            return execute(state, divisions, chosen)


def as_path(path: Path | str | None) -> Path | None:
    """A path that may be given as text."""
    return None if path is None else Path(path)


def as_paths(paths: Sequence[Path | str]) -> tuple[Path, ...]:
    """Paths that may be given as text; one alone is no sequence of its letters."""
    if isinstance(paths, str | Path):
        return (Path(paths),)
    return tuple(map(Path, paths))


def as_names(names: Sequence[str]) -> tuple[str, ...]:
    """Texts; one alone is no sequence of its letters."""
    return (names,) if isinstance(names, str) else tuple(names)


def as_suite(
    suite: Suite | Path | str, plugins: tuple[Path, ...], autoload: bool, overrides: Sequence[str]
) -> Suite:
    """A suite, read where it is a file."""
    if not isinstance(suite, Suite):
        return load_suite(
            Path(suite), load_registry(plugins, autoload=autoload), overrides=overrides
        )
    if overrides:
        raise SuiteError(
            "overrides are of a suite file; give its path, or the overrides to bench.suite.load"
        )
    return suite


@before_any_trial()
def plan_suite(
    suite: Suite,
    registry: Registry,
    data_dir: Path | None,
    cache_dir: Path | None,
    resources: Resources,
    seeds: tuple[int, ...],
    only: tuple[str, ...],
    watcher: Watcher,
    also: tuple[int, ...] = (),
) -> tuple[Plan, Divisions]:
    """Prepare the data, divide them and plan: all that comes before anything is run. `also`: seeds of which the trials are
    planned too, and not asked for."""
    only = _checked_only(suite, only)
    cache = resolve_cache(cache_dir)
    prepared = prepare_all(suite, registry, data_dir, cache, watcher)
    _check_frozen_fields(suite, prepared)
    asked = seeds or suite.seeds
    all_seeds = tuple(dict.fromkeys((*also, *asked)))
    divisions = divide_all(suite, registry, prepared, all_seeds, cache, watcher)
    planned = plan(
        suite,
        registry,
        divisions,
        cache,
        resources=resources,
        plugin_paths=registry.paths,
        only=only,
        seeds=asked,
        roots=roots(suite.file.parent, data_dir),
    )
    check_predictions(planned, registry)
    return planned, divisions


def _checked_only(suite: Suite, only: tuple[str, ...]) -> tuple[str, ...]:
    """The methods asked for; one that the grid has expanded stands for all its entries."""
    known = [*suite.base_models, *suite.methods]
    only = apart(only, {*known, *suite.expanded})
    for name in only:
        if name not in known and name not in suite.expanded:
            raise SuiteError(
                f"no method {name!r} to run{did_you_mean(name, known)}", file=str(suite.file)
            )
    return tuple(method for name in only for method in suite.expanded.get(name, (name,)))


def _check_frozen_fields(suite: Suite, prepared: Mapping[str, Interactions]) -> None:
    """Which fields there are is known once the data are prepared."""
    for name, method in suite.methods.items():
        for number, frozen in enumerate(
            method.meta_learner.frozen_fields if method.meta_learner else ()
        ):
            for dataset, interactions in prepared.items():
                fields = [field.name for field in interactions.fields]
                if frozen not in fields:
                    place = suite.places.get(
                        ("methods", name, "meta_learner", "frozen_fields", number)
                    )
                    said = f"dataset {dataset!r} has no field {frozen!r} to freeze{did_you_mean(frozen, fields)}"
                    raise place.error(said) if place else SuiteError(said, file=str(suite.file))
