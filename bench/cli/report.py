"""`bench report RUN...`: what a finished run found, or several side by side: in a terminal, as a page, as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli._common import echo_json, json_option
from bench.cli._output import echo, say
from bench.cli._report_files import check_files, file_options, printed_in_place, write_files
from bench.cli._report_shown import SECTIONS, show, show_parts
from bench.cli._several_shown import FORMS, show_several
from bench.cli._whole_file import check_folder, write_whole, wrote

if TYPE_CHECKING:
    from bench.records import Run
    from bench.report import Report

__all__ = ["command"]


@click.command("report")
@click.argument(
    "runs",
    metavar="RUN...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, readable=False),
)
@file_options
@click.option(
    "--against",
    metavar="METHOD",
    help="Give differences and verdicts against this method (default: the suite's, else the best single model).",
)
@click.option(
    "--html",
    metavar="FILE",
    help="Write a page to a file: tables, figures, and how to make it again.",
)
@click.option(
    "--figures", metavar="DIR", help="Write every figure into a folder, as SVG, PDF and PNG."
)
@click.option(
    "--section",
    "sections",
    type=click.Choice(SECTIONS),
    multiple=True,
    help="Print all that there is under this question. Repeatable.",
)
@click.option("--all", "everything", is_flag=True, help="Print all sections.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    runs: tuple[Path, ...],
    against: str | None,
    sections: tuple[str, ...],
    everything: bool,
    as_json: bool,
    **files: str | None,
) -> None:
    """Print what a finished run found, RUN being its folder: the answer and a table; nothing where files are asked for.

    Of several runs: what differs in how they were made, then their figures side by side. bench compare and bench gate judge
    two of them.

    Ends with 4 where trials failed or are missing, and where one of several runs can't be read, which is left out by name."""
    from bench.records import load
    from bench.report import build, progress, to_json

    check_files(files, as_json=as_json)
    if len(runs) > 1:
        _refuse(against=against, section=sections, all=everything, **files)
        ctx.exit(show_several(runs, files, as_json=as_json))
    (run,) = runs
    found = load(run)
    report = build(found, against)
    write_files(report, files)
    _draw(found, report, files)
    in_place = _page(found, report) if files["html"] == "-" else printed_in_place(report, files)
    if as_json:
        echo_json(to_json(report))
    elif in_place is not None:
        echo(in_place, nl=False)
    elif sections or everything:
        show_parts(report, SECTIONS if everything else sections)
    elif not any(files.values()):
        show(report, found)
    elif report.exit_code:
        say(progress(report))  # why it ends so
    ctx.exit(report.exit_code)


def _refuse(**asked: object) -> None:
    """UsageError for what is of one run's report."""
    for option, given in asked.items():
        if given and option not in FORMS:
            raise click.UsageError(
                f"--{option} is of one run's report; give one RUN, or leave it out"
            )


def _page(found: Run, report: Report) -> str:
    from bench.report import to_html

    return to_html(report, found)


def _draw(found: Run, report: Report, files: dict[str, str | None]) -> None:
    from bench.report import write_figures

    if (html := files["html"]) is not None and html != "-":
        write_whole(Path(html), _page(found, report).encode("utf-8"))
    if (figures := files["figures"]) is not None:
        check_folder(Path(figures))
        written = write_figures(report, found, Path(figures))
        wrote(Path(figures), f"{len(written)} files")
