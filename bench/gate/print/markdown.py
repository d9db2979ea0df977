"""A gate's result as GitHub's Markdown: for a comment on a pull request, or a step's summary."""

from __future__ import annotations

from bench.gate.model import GateResult, Verdict
from bench.gate.print.blocks import gate_blocks
from bench.report import Heading, blocks_to_markdown

__all__ = ["to_markdown"]

_LIGHT: dict[Verdict, str] = {
    "ok": "🟢",
    "better": "🟢",
    "regressed": "🔴",
    "inconclusive": "🟡",
    "incomplete": "🔴",
}
_MOST = 60_000  # characters; a comment of GitHub's holds 65,536


def to_markdown(result: GateResult, *, every: bool = False) -> str:
    """The blocks of the terminal. Names are escaped: none is markup, a mention or a link."""
    first, *rest = gate_blocks(result, every=every)
    assert isinstance(first, Heading), "the verdict leads"
    lead = Heading(3, f"{_LIGHT[result.verdict]} {first.text}")
    text = blocks_to_markdown([lead, *rest])
    if len(text) <= _MOST:
        return text
    whole = text[:_MOST].rpartition("\n")[0]
    return f"{whole}\n\nCut here; --json has all.\n"
