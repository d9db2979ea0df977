"""`bench report RUN...`: what a finished run found, or several side by side: in a terminal, as a page, as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli._common import echo_json, json_option
from bench.cli._output import echo, say
from bench.cli._report_shown import SECTIONS, show, show_parts
from bench.cli._several_shown import show_several
from bench.cli._written import write_text

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
@click.option(
    "--markdown",
    metavar="FILE",
    help="Write Markdown to a file too; - prints it instead of the table.",
)
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
    """Print what a finished run found, RUN being its folder: the answer and a table.

    Of several runs: what differs in how they were made, then their figures side by side. bench compare and bench gate judge
    two of them.

    Ends with 4 where trials failed or are missing."""
    from bench.records import load
    from bench.report import build, to_json, to_markdown

    if len(runs) > 1:
        _refuse(against, sections, everything)
        ctx.exit(show_several(runs, as_json=as_json, **files))
    (run,) = runs
    found = load(run)
    report = build(found, against)
    markdown = files["markdown"]
    if markdown is not None and markdown != "-":
        write_text(Path(markdown), to_markdown(report))
    _draw(found, report, files)
    if as_json:
        echo_json(to_json(report))
    elif markdown == "-":
        echo(to_markdown(report), nl=False)
    elif sections or everything:
        show_parts(report, SECTIONS if everything else sections)
    else:
        show(report, run)
    ctx.exit(report.exit_code)


def _refuse(against: str | None, sections: tuple[str, ...], everything: bool) -> None:
    """What asks for a part of one run's report."""
    asked = {"--against": against is not None, "--section": sections, "--all": everything}
    for option, given in asked.items():
        if given:
            raise click.UsageError(
                f"{option} is of one run's report; give one RUN, or leave it out"
            )


def _draw(found: Run, report: Report, files: dict[str, str | None]) -> None:
    from bench.report import to_html, write_figures

    if (html := files["html"]) is not None:
        write_text(Path(html), to_html(report, found))
        say(f"wrote {html}")
    if (figures := files["figures"]) is not None:
        written = write_figures(report, Path(figures))
        say(f"wrote {len(written)} files into {figures}")
