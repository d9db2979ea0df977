"""`bench plan`: what a run would do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli._common import (
    echo_json,
    json_option,
    plugin_options,
    seeds_option,
    set_option,
    warn_quarantined,
)
from bench.cli._output import echo, printable
from bench.cli._plan_words import duration, steps_in_words, trials_in_words
from bench.cli._table import echo_table

if TYPE_CHECKING:
    from bench.run.preview import PlannedStep, Preview

__all__ = ["command"]

_KINDS = {"base_model": "base model", "method": "method", "bound": "bound"}


@click.command("plan")
@click.argument("suite", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False, readable=False),
    help="The run's folder (default: results/NAME).",
)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    envvar="BENCH_DATA",
    help="Where datasets lie (or BENCH_DATA).",
)
@click.option(
    "--cache-dir",
    type=click.Path(path_type=Path, file_okay=False, readable=False),
    help="Where prepared data and steps are kept (or BENCH_CACHE).",
)
@seeds_option
@click.option(
    "--only", multiple=True, metavar="METHOD", help="This method or base model alone. Repeatable."
)
@click.option(
    "--workers", type=click.IntRange(1, 1024), default=1, show_default=True, help="Steps at a time."
)
@click.option(
    "--threads",
    type=click.IntRange(1, 1024),
    default=1,
    show_default=True,
    help="Threads of each step.",
)
@set_option
@plugin_options
@json_option
def command(
    suite: Path,
    overrides: tuple[str, ...],
    plugins: tuple[Path, ...],
    autoload: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Say what `bench run SUITE` with the same options would do: trials and steps, what is there already, what is left and
    about how long it takes, once steps like it were timed; roughly (~) where steps of other data or settings were.

    Runs no step and writes nothing into the run's folder. Data are prepared where they are not yet, since the splits
    depend on them: they go into the cache."""
    from bench.registry import load_registry
    from bench.suite import load as load_suite

    registry = load_registry(plugins, autoload=autoload)
    warn_quarantined(registry)
    checked = load_suite(suite, registry, plugins, overrides)

    from bench.cli._progress import watching
    from bench.run.preview import preview

    with watching() as watcher:
        found = preview(checked, plugins=plugins, autoload=autoload, watcher=watcher, **options)
    if as_json:
        echo_json(_as_dict(found))
    else:
        echo_table(
            ("kind", "method", "trials", "recorded", "steps", "cached", "to run", "CPU time"),
            list(_rows(found)),
        )
        echo()
        echo(printable(f"{trials_in_words(found)}; {steps_in_words(found)}"))


def _rows(found: Preview) -> Iterator[tuple[str, ...]]:
    """A line for each base model, method and bound."""
    trials: dict[tuple[str, str], list[str]] = defaultdict(list)
    steps: dict[str, list[PlannedStep]] = defaultdict(list)
    for planned in found.trials:
        trials[planned.trial.kind, planned.trial.method].append(planned.state)
    for step in found.steps:
        steps[step.step.owner].append(step)
    for (kind, method), states in trials.items():
        own = steps[method]
        left = [step for step in own if step.to_run]
        counts = (
            len(states),
            states.count("recorded"),
            len(own),
            sum(step.cached for step in own),
            len(left),
        )
        yield _KINDS[kind], method, *map(str, counts), _time(left)


def _time(left: Sequence[PlannedStep]) -> str:
    known = [step.seconds for step in left if step.seconds is not None]
    if not left:
        return ""
    rough = "~" if any(step.rough for step in left) else ""
    return f"{rough}{duration(sum(known))}" if len(known) == len(left) else "unknown"


def _as_dict(found: Preview) -> dict[str, Any]:
    states = [planned.state for planned in found.trials]
    return {
        "suite": found.suite.name,
        "out": str(found.out),
        "workers": found.workers,
        "trials": [
            {
                "id": planned.trial.id,
                **planned.trial.names,
                "kind": planned.trial.kind,
                "state": planned.state,
            }
            for planned in found.trials
        ],
        "steps": [
            {
                "id": step.step.id,
                "title": step.step.title,
                "kind": step.step.kind,
                "of": step.step.owner,
                "cached": step.cached,
                "to_run": step.to_run,
                "cpu_s": step.seconds,
                "rough": step.rough,
            }
            for step in found.steps
        ],
        "totals": {
            "trials": len(states),
            "recorded": states.count("recorded"),
            "trials_to_run": states.count("to run"),
            "unavailable": states.count("unavailable"),
            "steps": len(found.steps),
            "cached": sum(step.cached for step in found.steps),
            "steps_to_run": sum(step.to_run for step in found.steps),
            "never_timed": found.never_timed,
            "wall_s": found.seconds,
            "rough": found.rough,
        },
    }
