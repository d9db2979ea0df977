"""The study of the gate as a page."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

__all__ = ["page"]

VERDICTS = ("ok", "inconclusive", "regressed")
_LIGHT = "The harness that the gate ran does nothing but take time and memory: a pure loop, a block of bytes."
_REAL = "The gate ran the real harness, with a plugin that takes time and memory: a pure loop, an array."
_PAGE = """# Is the gate right?

`bench gate --speed` on code of which the truth is known, {repeats} times, on a machine that others use too (load {load}; one
gate took {seconds} s in the middle). Made by `python -m benchmarks.gate_study`; each verdict is in `gate-study.json`.
{launches} launches a side, {blocks} blocks each, and what lay beyond the margin was measured once more. {harness}

A verdict is *wrong* where it is green although the change is beyond the margin, or red although it is not. At a change that
equals its margin, neither is. In brackets: the 95 % interval of a share (Wilson 1927).

{table}

"Found" is the middle of the changes that were measured.

{summary}
"""


def page(done: dict[str, Any]) -> str:
    """Markdown, of the study's file."""
    repeats = done["repeats"]
    names = [case["method"] for case in repeats[0]["cases"]]
    rows = {
        name: [case for one in repeats for case in one["cases"] if case["method"] == name]
        for name in names
    }
    lines = [
        "| change | margin | ok | inconclusive | regressed | wrong | found |",
        "|---|---|---|---|---|---|---|",
        *(_line(cases) for cases in rows.values()),
    ]
    wrong = {
        name: sum(map(_is_wrong, cases))
        for name, cases in rows.items()
        if sum(map(_is_wrong, cases))
    }
    told = ", ".join(f"{name} {count} of {len(repeats)}" for name, count in wrong.items())
    loads = [one["load"] for one in repeats]
    seconds = sorted(one["seconds"] for one in repeats)
    return _PAGE.format(
        repeats=len(repeats),
        load=f"{min(loads):.1f} to {max(loads):.1f}",
        seconds=seconds[len(seconds) // 2],
        harness=_REAL if done["real"] else _LIGHT,
        launches=done["launches"],
        blocks=done["blocks"],
        table="\n".join(lines),
        summary=f"Wrong verdicts: {told}." if told else "No verdict was wrong.",
    )


def _line(cases: list[dict[str, Any]]) -> str:
    first, total = cases[0], len(cases)
    counts = Counter("ok" if case["verdict"] == "better" else case["verdict"] for case in cases)
    changes = sorted(case["change"] for case in cases)
    what = "memory" if "bytes" in first["measure"] else "time"
    cells = [
        f"{what} {first['true_change']:+.0%}"
        if first["true_change"]
        else f"{what}, identical code",
        f"{first['margin']:.0%}",
        *(str(counts[verdict]) for verdict in VERDICTS),
        _with_interval(sum(map(_is_wrong, cases)), total),
        f"{changes[total // 2]:+.1%}",
    ]
    return f"| {' | '.join(cells)} |"


def _is_wrong(case: dict[str, Any]) -> bool:
    change, margin = case["true_change"], case["margin"]
    if case["verdict"] in ("ok", "better"):
        return bool(change > margin)
    return bool(case["verdict"] == "regressed" and change < margin)


def _with_interval(count: int, total: int) -> str:
    """`0 % [0, 16]`"""
    z, share = 1.96, count / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = (
        z
        / (1 + z * z / total)
        * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    )
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return f"{share:.0%} [{low:.0%}, {high:.0%}]"
