"""`bench run`: run a suite, show progress, print its table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli._common import (
    echo_json,
    executor_options,
    json_option,
    plugin_options,
    seeds_option,
    set_option,
    warn_quarantined,
)
from bench.cli._output import say
from bench.cli._report_shown import show
from bench.cli._run_page import has_page, leave_page
from bench.job.limits import parse_memory, parse_time

if TYPE_CHECKING:
    from bench.finished import Command
    from bench.records import Run

__all__ = ["command"]

_DEPENDED_ON = ("out", "data_dir", "seeds", "only", "threads", "executor", "executor_set")


def _folder(writable: bool) -> click.Path:
    return click.Path(path_type=Path, file_okay=False, exists=not writable, readable=not writable)


def _checked(parse: Callable[[str], object], text: str | None) -> str | None:
    """A limit as it was given, so that the run's copy of the suite has it so."""
    try:
        _ = text is None or parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    return text


@click.command("run")
@click.argument("suite", type=click.Path(path_type=Path))
@click.option("--out", type=_folder(True), help="Where records go (default: results/NAME).")
@click.option(
    "--data-dir",
    type=_folder(False),
    envvar="BENCH_DATA",
    help="Where datasets lie (or BENCH_DATA).",
)
@click.option(
    "--cache-dir",
    type=_folder(True),
    help="Where prepared data and steps are kept (or BENCH_CACHE).",
)
@seeds_option
@click.option(
    "--only",
    multiple=True,
    metavar="METHOD",
    help="Run this method or base model alone. Repeatable.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 1024),
    help="Steps at a time.  [default: as many as the executor has; 1 on this machine]",
)
@click.option(
    "--threads",
    type=click.IntRange(1, 1024),
    default=1,
    show_default=True,
    help="Threads of each step.",
)
@click.option(
    "--time-limit",
    metavar="TIME",
    callback=lambda *given: _checked(parse_time, given[2]),
    help="End a step that runs longer (20m, 1h30m), whatever the suite says.",
)
@click.option(
    "--memory-limit",
    metavar="MEMORY",
    callback=lambda *given: _checked(parse_memory, given[2]),
    help="End a step that takes more memory (4GiB, 500MB), whatever the suite says.",
)
@executor_options
@click.option(
    "--rerun",
    type=click.Choice(["failed", "all", "none"]),
    default="failed",
    show_default=True,
    help="What to do again of what is recorded already.",
)
@click.option(
    "--page/--no-page",
    default=True,
    envvar="BENCH_PAGE",
    help="Leave report.html in the run's folder, or not (or BENCH_PAGE=0).  [default: page]",
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
    page: bool,
    **options: Any,
) -> None:
    """Run SUITE (a YAML file): train its base models, run its methods, print the table.

    What an earlier run recorded, or left in the cache, is reused, and what it recorded of the same suite stays in the table.
    Exit code 4 where a trial that was asked for failed or is missing."""
    from bench.cache_folder import cache_dir
    from bench.finished import Command, key_of, recall
    from bench.records.status_file import forget_killed

    asked = Command(
        suite=suite,
        cache=cache_dir(options["cache_dir"]),
        plugins=plugins,
        autoload=autoload,
        overrides=overrides,
        **{key: options[key] for key in _DEPENDED_ON},
    )
    key = None if options["rerun"] == "all" else key_of(asked)
    finished = None if key is None else recall(asked, key)
    recalled = finished is not None
    if finished is not None:
        forget_killed(finished.folder)
        say(f"all {len(finished.wanted or ())} trials are recorded; nothing to run")
    else:
        finished = _run(asked, key, options)
    code = 4 if finished.lacking or not finished.wanted else 0
    draws = page and not (recalled and has_page(finished))
    raise click.exceptions.Exit(_show(finished, code, as_json, draws))


def _run(asked: Command, key: str | None, options: dict[str, Any]) -> Run:
    from bench.finished import key_of, remember, seen
    from bench.registry import load_registry
    from bench.suite import load as load_suite
    from bench.suite import registry_of

    plugins, autoload = asked.plugins, asked.autoload
    registry = load_registry(plugins, autoload=autoload)
    warn_quarantined(registry)
    suite = load_suite(asked.suite, registry, plugins, asked.overrides)

    from bench.cli._progress import watching
    from bench.run import places_of_files, run

    every = registry_of(suite, registry)
    files = seen(places_of_files(suite, every, asked.data_dir))

    with watching() as watcher:
        finished = run(suite, plugins=plugins, autoload=autoload, watcher=watcher, **options)
    # what was changed while it ran may or may not have been read
    if key is not None and not every.quarantined and key == key_of(asked):
        remember(asked, key, finished, files)
    return finished


def _show(run: Run, code: int, as_json: bool, draws: bool) -> int:
    """Prints the report and, where it `draws`, leaves its page; `code`, or 4 where the primary metric is no score anywhere."""
    from bench.report import build, to_json

    report = build(run)
    if draws:
        leave_page(run, report)
    code = code or 4 * any(section.invalid_primary for section in report.sections)
    if as_json:
        echo_json(to_json(report) | {"exit_code": code})
    else:
        show(report, run)
        lines = run.manifest["trials"]
        if not all(line["asked"] for line in lines):
            ok = sum(line["status"] == "ok" for line in lines)
            say(f"A part: {ok} of {len(lines)} trials of the suite.")
    return code
