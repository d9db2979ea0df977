"""Several runs side by side: what differs in how they were made, then their figures. No verdicts: those are `bench.gate`'s."""

from __future__ import annotations

from pathlib import Path

from bench.several.as_json import to_json
from bench.several.build import side_by_side
from bench.several.model import Several
from bench.several.readable import readable
from bench.several.sections import blocks

__all__ = [
    "Several",
    "blocks",
    "readable",
    "side_by_side",
    "to_html",
    "to_json",
    "write_figures",
]


def to_html(several: Several) -> str:
    """A page of them: one self-contained file."""
    from bench.several.page import to_html as page

    return page(several)


def write_figures(several: Several, folder: Path) -> list[Path]:
    """Every figure of the page as SVG, PDF and PNG: the files. Raises StorageError."""
    from bench.several.page import write_figures as write

    return write(several, folder)
