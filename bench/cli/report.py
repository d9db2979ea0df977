"""`bench report RUN`: the table of a finished run."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli._common import echo_json, json_option
from bench.cli._output import console, echo
from bench.cli._report_files import check_files, file_options, printed_in_place, write_files

__all__ = ["command"]


@click.command("report")
@click.argument("run", type=click.Path(path_type=Path, readable=False))
@file_options
@click.option(
    "--against",
    metavar="METHOD",
    help="Give differences and verdicts against this method (default: the suite's, else the best single model).",
)
@json_option
@click.pass_context
def command(
    ctx: click.Context, /, run: Path, against: str | None, as_json: bool, **files: str | None
) -> None:
    """Print the table of a finished run, RUN being its folder.

    Ends with 4 where trials failed or are missing."""
    from bench.records import load
    from bench.report import build, to_json, to_terminal

    check_files(files, as_json=as_json)
    report = build(load(run), against)
    write_files(report, files)
    in_place = printed_in_place(report, files)
    if as_json:
        echo_json(to_json(report))
    elif in_place is not None:
        echo(in_place, nl=False)
    else:
        to_terminal(report, console())
    ctx.exit(report.exit_code)
