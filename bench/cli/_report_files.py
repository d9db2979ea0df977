"""What `bench report` writes into files, or prints in place of its table: an option and a function of a Report for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bench.cli._whole_file import encoded, write_whole

if TYPE_CHECKING:
    from bench.report import Report

__all__ = ["check_files", "file_options", "printed_in_place", "write_files"]

F = TypeVar("F", bound=Callable[..., Any])
Asked = Mapping[str, str | None]  # option -> FILE, "-" or None

_HELP = {
    "markdown": "Write Markdown to a file; - prints it.",
    "latex": "Write the tables for a paper, in LaTeX; - as above.",
    "csv": "Write the tables' figures, unrounded, as CSV; - as above.",
    "bibtex": "Write what a paper has to cite, as BibTeX; - as above.",
}


def file_options(command: F) -> F:
    """An option of each kind, as a text of its name or None."""
    for name in reversed(_HELP):
        command = click.option(f"--{name}", metavar="FILE", help=_HELP[name])(command)
    return command


def check_files(asked: Asked, *, as_json: bool) -> None:
    """UsageError where two answers would go to one place. Before anything is read."""
    places: dict[str, str] = {"-": "json"} if as_json else {}
    for option, file in asked.items():
        if file is None:
            continue
        place = file if file == "-" else str(Path(file).absolute())
        if place in places:
            where = "standard output" if file == "-" else file
            raise click.UsageError(
                f"--{places[place]} and --{option} can't both go to {where}; give one of them a file of its own"
            )
        places[place] = option


def write_files(report: Report, asked: Asked) -> None:
    """Those that were asked for; all are made before the first is written. Raises StorageError."""
    texts = {
        Path(file): encoded(_function(option)(report))
        for option, file in _of_these(asked).items()
        if file not in (None, "-")
    }
    for path, data in texts.items():
        write_whole(path, data)


def printed_in_place(report: Report, asked: Asked) -> str | None:
    """What is to be printed in place of the table; None: the table."""
    option = next((option for option, file in _of_these(asked).items() if file == "-"), None)
    return None if option is None else encoded(_function(option)(report)).decode("utf-8")


def _of_these(asked: Asked) -> Asked:
    """A command may have options of other files, which differ from these in what they need."""
    return {option: file for option, file in asked.items() if option in _HELP}


def _function(option: str) -> Callable[[Report], str]:
    from bench import report  # which `--help` does without

    return {
        "markdown": report.to_markdown,
        "latex": report.to_latex,
        "csv": report.to_csv,
        "bibtex": report.to_bibtex,
    }[option]
