"""Names and messages that somebody else wrote, made safe to show."""

from __future__ import annotations

import hashlib
import re

from rich.cells import cell_len, set_cell_size

__all__ = ["in_markdown", "short", "visible"]

_NAME_CELLS = 40
_MARKDOWN = re.compile(r"([\\`*_\[\]|~#$])")


def visible(text: str) -> str:
    """Control, bidirectional and other invisible characters, line ends among them, as escapes: `\\x1b`, `\\u202e`."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def short(text: str, cells: int = _NAME_CELLS) -> str:
    """`visible`, and where it is wider than so many cells of a terminal its start, an ellipsis and a digest, so that two
    long names that start alike still differ."""
    shown = visible(text)
    if cell_len(shown) <= cells:
        return shown
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{set_cell_size(shown, cells - 9).rstrip()}…{digest}"


def in_markdown(text: str) -> str:
    """`visible`, with what Markdown or HTML would read as markup taken literally."""
    literal = _MARKDOWN.sub(r"\\\1", visible(text).replace("&", "&amp;"))
    return literal.replace("<", "&lt;").replace(">", "&gt;")
