"""`bench run`: run a suite, show progress, print its table."""

from __future__ import annotations

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

if TYPE_CHECKING:
    from bench.records import Run

__all__ = ["command"]


def _folder(writable: bool) -> click.Path:
    return click.Path(path_type=Path, file_okay=False, exists=not writable)


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
    "--workers", type=click.IntRange(1, 1024), default=1, show_default=True, help="Steps at a time."
)
@click.option(
    "--threads",
    type=click.IntRange(1, 1024),
    default=1,
    show_default=True,
    help="Threads of each step.",
)
@click.option(
    "--executor",
    default="local",
    show_default=True,
    help="Where steps run: local, inline or a plugin.",
)
@click.option(
    "--executor-set",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a parameter of the executor (bench describe EXECUTOR lists them). Repeatable.",
)
@click.option(
    "--rerun",
    type=click.Choice(["failed", "all", "none"]),
    default="failed",
    show_default=True,
    help="What to do again of what is recorded already.",
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
    """Run SUITE (a YAML file): train its base models, run its methods, print the table.

    What an earlier run recorded, or left in the cache, is reused. Exit code 4 where trials failed or are missing."""
    from bench.registry import load_registry
    from bench.suite import load as load_suite

    registry = load_registry(plugins, autoload=autoload)
    checked = load_suite(suite, registry, plugins, overrides)
    warn_quarantined(registry)

    from bench.cli._progress import watching
    from bench.run import run

    with watching() as watcher:
        finished = run(checked, plugins=plugins, autoload=autoload, watcher=watcher, **options)
    exit_code = _show(finished, as_json)
    if exit_code:
        raise click.exceptions.Exit(exit_code)


def _show(run: Run, as_json: bool) -> int:
    """Prints the report; its exit code."""
    from rich.console import Console

    from bench.report import build, to_json, to_terminal

    report = build(run)
    if as_json:
        echo_json(to_json(report))
    else:
        to_terminal(report, Console())
        click.echo(f"Records: {run.folder}   Again: bench report {run.folder}", err=True)
    return report.exit_code
