"""Names and sentences as LaTeX that any pdflatex typesets as text: plain ASCII, no package, nothing that acts."""

from __future__ import annotations

import re
import unicodedata

from bench.report.words.names import short, visible

__all__ = ["in_latex", "in_latex_comment", "latex_name", "seen_name"]

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "`": r"\`{}", '"': r"\textquotedblright{}",
    # behind a row's end, \\ or a rule, they would be read as its options
    "[": "{[}", "]": "{]}", "*": "{*}",
}  # fmt: skip
_KNOWN = {
    "\u00a0": "~", "…": r"\ldots{}", "–": r"\textendash{}", "—": r"\textemdash{}", "‘": r"\textquoteleft{}",
    "’": r"\textquoteright{}", "“": r"\textquotedblleft{}", "”": r"\textquotedblright{}",
    "±": r"$\pm$", "×": r"$\times$", "·": r"$\cdot$", "−": "$-$", "≤": r"$\leq$", "≥": r"$\geq$", "≠": r"$\neq$",
    "∞": r"$\infty$", "µ": r"$\mu$", "°": r"$^{\circ}$",
    "ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ø": r"\o{}", "Ø": r"\O{}",
    "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}",
}  # fmt: skip
_ACCENTS = {
    "\u0300": r"\`", "\u0301": r"\'", "\u0302": r"\^", "\u0303": r"\~", "\u0304": r"\=", "\u0306": r"\u",
    "\u0307": r"\.", "\u0308": r"\"", "\u030a": r"\r", "\u030b": r"\H", "\u030c": r"\v", "\u0327": r"\c",
}  # fmt: skip
_LIGATURE = re.compile(r"([-',])(?=\1)")  # two of them would be set as one other sign
_LOST_BLANK = re.compile(r"^ | (?= )| $")


def in_latex(text: str) -> str:
    """The text in ASCII: what LaTeX would act on is taken literally, Latin letters keep their accents, and a character that
    pdflatex's own fonts lack, or that nobody sees, is an escape like `\\u6f22`."""
    plain = _plain(unicodedata.normalize("NFC", visible(text)))
    # one before the other: the second is of signs, of which an accent or a dash may be made
    kept = _LOST_BLANK.sub("\0", _LIGATURE.sub("\\1\1", plain))
    return "".join(map(_set, kept)).replace("\0", r"\ ").replace("\1", "{}")


def latex_name(text: str) -> str:
    """A name as `seen_name` gives it, in LaTeX."""
    return in_latex(seen_name(text))


def seen_name(text: str) -> str:
    """A name as a reader sees it: as short as in a terminal; where escapes make it longer than that, shortened once more."""
    shown = unicodedata.normalize("NFC", short(text))
    plain = _plain(shown)
    return shown if plain == shown else short(plain)


def in_latex_comment(text: str) -> str:
    """For a line that starts with a per cent sign: one line of ASCII."""
    return visible(text).replace("…", "...").encode("ascii", "backslashreplace").decode("ascii")


def _plain(shown: str) -> str:
    """Escapes in place of what has no LaTeX here."""
    return "".join(map(_escaped, shown))


def _escaped(character: str) -> str:
    if character.isascii() or character in _KNOWN or _accented(character):
        return character
    return character.encode("unicode_escape").decode("ascii")


def _set(character: str) -> str:
    return _SPECIAL.get(character) or _KNOWN.get(character) or _accented(character) or character


def _accented(character: str) -> str:
    """`\\'{e}`; nothing for what is no ASCII letter with one known accent."""
    letter, *accents = tuple(unicodedata.normalize("NFD", character))
    if not letter.isascii() or not letter.isalpha() or len(accents) != 1:
        return ""
    return f"{_ACCENTS[accents[0]]}{{{letter}}}" if accents[0] in _ACCENTS else ""
