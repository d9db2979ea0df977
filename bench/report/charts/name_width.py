"""How wide a name beside a point is, as far as charts have to know: an upper bound, by classes of letters."""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import cell_len

__all__ = ["name_width"]

_EM = 8 / 72  # inches, of the size in which names are drawn
_WIDTHS: Mapping[str, float] = {
    letter: width
    for letters, width in (
        ("'ijl", 0.28), (" ,.IJ", 0.32), ("/:;\\f|", 0.36), ("()-[]rt", 0.40), ("!", 0.44), ('"', 0.48), ("*_`", 0.52),
        ("?Lcsz", 0.56), ("FTkvxy", 0.60), ("$0123456789EPSYabdeghnopqu{}", 0.64), ("K", 0.68), ("ABCRVXZ", 0.72),
        ("HNU", 0.76), ("&DGOQ", 0.80), ("#+<=>^w~", 0.84), ("M", 0.88), ("%", 0.96), ("@Wm", 1.00),
    )
    for letter in letters
}  # fmt: skip
_OTHER = 0.84  # of a cell


def name_width(name: str) -> float:
    """In inches."""
    return _EM * sum(_WIDTHS.get(letter, _OTHER * cell_len(letter)) for letter in name)
