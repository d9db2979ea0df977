"""How `bench report` shows several runs side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.cli._common import echo_json
from bench.cli._output import console, echo, say
from bench.cli._whole_file import check_folder, encoded, write_whole, wrote

if TYPE_CHECKING:
    from bench.several import Several

__all__ = ["FORMS", "show_several"]

FORMS = ("html", "markdown", "figures")  # options of files that several runs have too


def show_several(folders: Sequence[Path], asked: Mapping[str, str | None], *, as_json: bool) -> int:
    """Print and write what was asked for: the exit code."""
    from bench.report import blocks_to_markdown, print_blocks
    from bench.several import blocks, readable, side_by_side, to_html, to_json
    from bench.several.labels import check_distinct

    check_distinct(folders)
    several = side_by_side(*readable(folders, least=2))
    _write(several, asked)
    if as_json:
        echo_json(to_json(several))
    elif asked["html"] == "-":
        echo(to_html(several), nl=False)
    elif asked["markdown"] == "-":
        echo(blocks_to_markdown(blocks(several)), nl=False)
    elif not any(asked.values()):
        print_blocks(blocks(several), console())
    else:
        _say_what_is_lacking(several)
    return several.exit_code


def _say_what_is_lacking(several: Several) -> None:
    """Why it ends with 4, where nothing is printed."""
    from bench.report import progress
    from bench.several.readable import left_out_notes

    for run in several.runs:
        if run.report.exit_code:
            say(f"{run.name}: {progress(run.report)}")
    for note in left_out_notes(several.left_out):
        say(note.text)


def _write(several: Several, asked: Mapping[str, str | None]) -> None:
    from bench.report import blocks_to_markdown
    from bench.several import blocks, to_html, write_figures

    if (markdown := asked["markdown"]) is not None and markdown != "-":
        write_whole(Path(markdown), encoded(blocks_to_markdown(blocks(several))))
    if (html := asked["html"]) is not None and html != "-":
        write_whole(Path(html), encoded(to_html(several)))
    if (figures := asked["figures"]) is not None:
        check_folder(Path(figures))
        written = write_figures(several, Path(figures))
        wrote(Path(figures), f"{len(written)} files")
