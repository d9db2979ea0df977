"""`bench run`: run a suite, show progress, print its table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli._common import echo_json, json_option, plugin_options, warn_quarantined

if TYPE_CHECKING:
    from bench.records import Run

__all__ = ["command"]


def _numbers(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, ...]:  # noqa: ARG001
    """`0,1,2` as seeds."""
    if value is None:
        return ()
    try:
        seeds = tuple(int(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a list of whole numbers like 0,1,2") from None
    if min(seeds) < 0 or len(set(seeds)) < len(seeds):
        raise click.BadParameter("seeds are different whole numbers from 0 on")
    return seeds


def _folder(writable: bool) -> click.Path:
    return click.Path(path_type=Path, file_okay=False, exists=not writable)


@click.command("run")
@click.argument("suite", type=click.Path(path_type=Path))
@click.option("--out", type=_folder(True), help="Where records go (default: results/NAME).")
@click.option("--data-dir", type=_folder(False), envvar="BENCH_DATA", help="Where datasets lie (or BENCH_DATA).")
@click.option("--cache-dir", type=_folder(True), help="Where prepared data and steps are kept (or BENCH_CACHE).")
@click.option("--seeds", callback=_numbers, metavar="0,1,…", help="Seeds to run instead of the suite's.")
@click.option("--only", multiple=True, metavar="METHOD", help="Run this method or base model alone. Repeatable.")
@click.option("--workers", type=click.IntRange(1, 1024), default=1, show_default=True, help="Steps at a time.")
@click.option("--threads", type=click.IntRange(1, 1024), default=1, show_default=True, help="Threads of each step.")
@click.option("--executor", default="local", show_default=True, help="Where steps run: local, inline or a plugin.")
@click.option(
    "--rerun",
    type=click.Choice(["failed", "all", "none"]),
    default="failed",
    show_default=True,
    help="What to do again of what is recorded already.",
)
@plugin_options
@json_option
def command(suite: Path, plugins: tuple[Path, ...], autoload: bool, as_json: bool, **options: Any) -> None:
    """Run SUITE (a YAML file): train its base models, run its methods, print the table.

    What an earlier run recorded, or left in the cache, is reused. Exit code 4 where trials failed or are missing."""
    from bench.registry import load_registry
    from bench.suite import load as load_suite

    registry = load_registry(plugins, autoload=autoload)
    checked = load_suite(suite, registry, plugins=plugins)
    warn_quarantined(registry)

    from bench.cli._progress import watching
    from bench.run import run

    with watching() as watcher:
        finished = run(checked, plugins=plugins, autoload=autoload, watcher=watcher, **options)
    _show(finished, as_json)
    if finished.manifest["status"] != "complete":
        raise click.exceptions.Exit(4)


def _show(run: Run, as_json: bool) -> None:
    from rich.console import Console

    from bench.report import build, to_json, to_terminal

    report = build(run)
    if as_json:
        echo_json(to_json(report))
    else:
        to_terminal(report, Console())
        click.echo(f"Records: {run.folder}   Again: bench report {run.folder}", err=True)
