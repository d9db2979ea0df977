"""`bench history DIR...`: a metric and cost over runs in time."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli._common import echo_json, json_option
from bench.cli._output import console, echo, say
from bench.cli._whole_file import check_folder, encoded, write_whole, wrote

__all__ = ["command"]


@click.command("history")
@click.argument(
    "folders",
    metavar="DIR...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, readable=False),
)
@click.option("--metric", metavar="NAME", help="Follow this metric (default: each run's primary).")
@click.option("--html", metavar="FILE", help="Write a page to a file: lines over runs.")
@click.option(
    "--figures", metavar="DIR", help="Write every figure into a folder, as SVG, PDF and PNG."
)
@click.option(
    "--otava",
    metavar="PYTHON|VENV",
    envvar="BENCH_OTAVA",
    type=click.Path(path_type=Path),
    help="Look for change points with Apache Otava, which is installed there (default: BENCH_OTAVA).",
)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    folders: tuple[Path, ...],
    metric: str | None,
    html: str | None,
    figures: str | None,
    otava: Path | None,
    as_json: bool,
) -> None:
    """Follow a metric, CPU time and memory over runs in time, DIR being a run's folder or one that holds runs;
    print nothing where files are asked for.

    A line ends where data, split, metrics, seeds, settings, base models or machine change, and another begins. Apache Otava
    says where lines changed; it has an environment of its own, and without it the lines are shown all the same.

    Ends with 0 whatever changed: bench gate is for CI. With 4 where a run can't be read, which is then left out by name."""
    from bench.history import (
        blocks,
        history,
        runs_in_time,
        to_html,
        to_json,
        with_changes,
        write_figures,
    )
    from bench.report import print_blocks
    from bench.several.readable import left_out_notes

    runs, unreadable = runs_in_time(folders)
    found = with_changes(history(runs, metric, unreadable), otava)
    if html is not None and html != "-":
        write_whole(Path(html), encoded(to_html(found)))
    if figures is not None:
        check_folder(Path(figures))
        written = write_figures(found, Path(figures))
        wrote(Path(figures), f"{len(written)} files")
    if as_json:
        echo_json(to_json(found))
    elif html == "-":
        echo(to_html(found), nl=False)
    elif html is None and figures is None:
        print_blocks(blocks(found), console())
    else:
        for note in left_out_notes(found.unreadable):
            say(note.text)  # why it ends so
    ctx.exit(found.exit_code)
