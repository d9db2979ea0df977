"""Names and messages that somebody else wrote, made safe to show."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

__all__ = ["in_markdown", "short", "squeezed", "visible"]

_NAME_CELLS = 40
# Printable by their category, yet seen by nobody: fillers, joiners, variation selectors, the empty Braille pattern.
_UNSEEN = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
_INVISIBLE = re.compile(f"[{_UNSEEN}]")
# shares of a column that a long name's end keeps, tried in this order
_ENDS = (0.5, 0.75, 0.25, 0.0, 1.0)
_MARKUP = re.compile(r"([\\`*_\[\]|~#$])")
_ADDRESS = re.compile(r"(?i)(?:(?<=www)(?=\.)|(?=://)|(?<=mailto)(?=:)|(?<=xmpp)(?=:))")


def visible(text: str) -> str:
    """Control, bidirectional and other invisible characters, line ends among them, as escapes: `\\x1b`, `\\u202e`."""
    if text.isprintable() and not _INVISIBLE.search(text):
        return text
    return "".join(map(_escaped, text))


def short(text: str, cells: int = _NAME_CELLS) -> str:
    """`visible`, and where it is wider than so many cells of a terminal its start, an ellipsis and a digest, so that two
    long names that start alike still differ. Accents take no cell: of what is shown, letters are counted too."""
    shown = visible(text)
    if cell_len(shown) <= cells and len(shown) <= 2 * cells:
        return shown
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{set_cell_size(shown[: 2 * cells], cells - 9).rstrip()}…{digest}"


def squeezed(names: Sequence[str], cells: int) -> list[str]:
    """Names in a narrower column, in their order: what is wider loses its middle, or another part where two would then look
    alike; where they do wherever all are cut, each of the two is told apart by its digest."""
    cuts = (_cut(names, cells, share) for share in _ENDS)
    cut = next((one for one in cuts if len(set(one)) == len(set(names))), None)
    return _with_digests(names, cells) if cut is None else cut


def _with_digests(names: Sequence[str], cells: int) -> list[str]:
    cut = _cut(names, cells, _ENDS[0])
    meant: dict[str, set[str]] = {}
    for name, shown in zip(names, cut, strict=True):
        meant.setdefault(shown, set()).add(name)
    return [
        shown if len(meant[shown]) == 1 else short(name, cells)
        for name, shown in zip(names, cut, strict=True)
    ]


def _cut(names: Sequence[str], cells: int, share: float) -> list[str]:
    """`share`: of the cells, that a name's end keeps."""
    return [_without_middle(visible(name), cells, int(share * cells)) for name in names]


def _without_middle(shown: str, cells: int, most: int) -> str:
    """`most`: cells of its end."""
    if cell_len(shown) <= cells:
        return shown
    room = min(most, cells - 1)
    end = shown[len(shown) - room :]
    while cell_len(end) > room:
        end = end[1:]
    start = set_cell_size(shown, cells - 1 - cell_len(end)).rstrip()
    return f"{start}…{end}"


def in_markdown(text: str) -> str:
    """`visible`, with what GitHub's Markdown or HTML would read as markup, address or mention taken literally. A word
    joiner, as an entity, stands behind an @: no escape of the sign itself keeps an address dead."""
    literal = _MARKUP.sub(r"\\\1", visible(text).replace("&", "&amp;"))
    return (
        _ADDRESS.sub(r"\\", literal)
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("@", "@&#8288;")
    )


def _escaped(character: str) -> str:
    if character.isprintable() and not _INVISIBLE.match(character):
        return character
    return character.encode("unicode_escape").decode("ascii")
