"""`bench report RUN`: the table of a finished run."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli._common import echo_json, json_option
from bench.cli._output import console, echo
from bench.errors import StorageError

__all__ = ["command"]


@click.command("report")
@click.argument("run", type=click.Path(path_type=Path, readable=False))
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
@json_option
@click.pass_context
def command(
    ctx: click.Context, run: Path, markdown: str | None, against: str | None, as_json: bool
) -> None:
    """Print the table of a finished run, RUN being its folder.

    Ends with 4 where trials failed or are missing."""
    from bench.records import load
    from bench.report import build, to_json, to_markdown, to_terminal

    report = build(load(run), against)
    if markdown is not None and markdown != "-":
        _write(Path(markdown), to_markdown(report))
    if as_json:
        echo_json(to_json(report))
    elif markdown == "-":
        echo(to_markdown(report), nl=False)
    else:
        to_terminal(report, console())
    ctx.exit(report.exit_code)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise StorageError(
            f"{path}: can't be written: {error.strerror}; choose another file"
        ) from error
