"""A bibliography of what a run used: its plugins' own citations, and those of the statistics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.bibtex import Entry, entries
from bench.registry import KINDS
from bench.report.content.model import Report
from bench.report.print.own_citations import own_citations
from bench.report.words.latex_text import in_latex_comment
from bench.report.words.names import short

__all__ = ["to_bibtex"]


def to_bibtex(report: Report) -> str:
    """BibTeX entries, each below a line that says who asks for it: those of the plugins that the suite uses, and those of
    the statistics that its figures were made by. An entry that two ask for is there once; of two that share a key the later
    one gets another. What is no BibTeX is left out, and a line says so. Ends with a line end."""
    works = _Works()
    for owner, text in _asked(report):
        works.add(owner, text)
    return "\n\n".join((_head(report), *works.shown())) + "\n"


def _head(report: Report) -> str:
    lines = [f"To cite for the run of suite {short(report.suite)}, by `bench report --bibtex`."]
    if report.citations is None:
        lines.append(
            "This run is of a version that did not record what plugins cite; run the suite again."
        )
    return "\n".join(map(_comment, lines))


def _asked(report: Report) -> Iterator[tuple[str, str]]:
    """(who, entries)"""
    for one in report.citations or ():
        yield f"{KINDS.get(one.kind, 'plugin')} {short(one.name)}", one.citation
    yield from own_citations(report)


@dataclass
class _Works:
    """Entries by key, in lower case; who asks for each; what was left out."""

    known: dict[str, Entry] = field(default_factory=dict)
    owners: dict[str, list[str]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def add(self, owner: str, text: str) -> None:
        try:
            found = entries(text)
        except ValueError as error:
            self.left_out.append(f"Left out, of {owner}: no BibTeX: {short(str(error), 300)}")
            return
        for entry in found:
            self._add(owner, entry)

    def _add(self, owner: str, entry: Entry) -> None:
        number, key = 1, entry.key.lower()
        while key in self.known and self.known[key].fields != entry.fields:
            number, key = number + 1, f"{entry.key}-{number + 1}".lower()
        self.known.setdefault(key, entry if number == 1 else entry.renamed(f"{entry.key}-{number}"))
        self.owners.setdefault(key, []).append(owner)

    def shown(self) -> Iterator[str]:
        for key, entry in self.known.items():
            yield f"{_comment(', '.join(dict.fromkeys(self.owners[key])))}\n{entry.text}"
        yield from map(_comment, self.left_out)


def _comment(line: str) -> str:
    """BibTeX skips what is outside of entries, which an @ begins whatever stands before it."""
    return f"% {in_latex_comment(line).replace('@', '(at)')}"
