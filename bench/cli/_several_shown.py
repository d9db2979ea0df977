"""How `bench report` shows several runs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.cli._common import echo_json
from bench.cli._output import console, echo, say
from bench.cli._written import write_text

__all__ = ["show_several"]


def show_several(
    folders: Sequence[Path],
    *,
    as_json: bool,
    markdown: str | None,
    html: str | None,
    figures: str | None,
) -> int:
    """Print and write what was asked for: the exit code."""
    from bench.records import load
    from bench.report import blocks_to_markdown, print_blocks
    from bench.several import blocks, side_by_side, to_html, to_json, write_figures
    from bench.several.labels import check_distinct

    check_distinct(folders)
    several = side_by_side([load(folder) for folder in folders])
    if markdown is not None and markdown != "-":
        write_text(Path(markdown), blocks_to_markdown(blocks(several)))
    if html is not None:
        write_text(Path(html), to_html(several))
        say(f"wrote {html}")
    if figures is not None:
        written = write_figures(several, Path(figures))
        say(f"wrote {len(written)} files into {figures}")
    if as_json:
        echo_json(to_json(several))
    elif markdown == "-":
        echo(blocks_to_markdown(blocks(several)), nl=False)
    else:
        print_blocks(blocks(several), console())
    return several.exit_code
