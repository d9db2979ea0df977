"""Both studies of the gate as a page, a function of their files:

python -m benchmarks.gate_study.page docs/gate-study"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["page"]

VERDICTS = ("ok", "inconclusive", "regressed")
_LIGHT = "The harness that the gate ran does nothing but take time and memory: a pure loop, a block of bytes."
_REAL = "The gate ran the real harness, with a plugin that takes time and memory: a pure loop, an array."
_PAGE = """# Is the gate right?

The gate's own commands, on changes that are known. A verdict is *wrong* where it is green although the change is beyond the
margin, or red although it is not. In brackets: the 95 % interval of that share (Wilson 1927). "Found" is the middle of the
changes that were measured.

## Speed and memory

`bench gate --speed`, {repeats} times, on a machine that others use too (load {load}; one gate took {seconds} s in the middle).
{launches} launches a side, {blocks} blocks each, and what lay beyond the margin was measured once more.
{harness}

{speed}

{speed_wrong}

## Quality

`bench gate`, {quality_repeats} times, each on generated data of its own: 4,000 users, of whom two fifths are tested. Each has
{seeds} seeds. The model is a logistic regression. "Trained anew" is another order of the same rows. A worse model is trained
anew too, and a share of its scores is shuffled among rows, as large as takes so much AUC in expectation.

{quality}

{quality_wrong}

Made by `python -m benchmarks.gate_study.speed`, `.quality` and `.page`; each verdict is in `gate-study/`.
"""

Cases = Mapping[str, Sequence[dict[str, Any]]]  # of a method, one a repeat


def page(speed: dict[str, Any], quality: dict[str, Any]) -> str:
    """Markdown."""
    of_speed, of_quality = _by_method(speed), _by_method(quality)
    loads = [one["load"] for one in speed["repeats"]]
    seconds = sorted(one["seconds"] for one in speed["repeats"])
    return _PAGE.format(
        repeats=len(speed["repeats"]),
        load=f"{min(loads):.1f} to {max(loads):.1f}",
        seconds=seconds[len(seconds) // 2],
        launches=speed["launches"],
        blocks=speed["blocks"],
        harness=_REAL if speed["real"] else _LIGHT,
        speed=_table(of_speed.values(), _speed_change),
        speed_wrong=_told_wrong(of_speed),
        quality_repeats=len(quality["repeats"]),
        seeds=quality["seeds"],
        quality=_table(of_quality.values(), _quality_change),
        quality_wrong=_told_wrong(of_quality),
    )


def _by_method(done: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Of a study's file; each case gets `true` and `margin`, in the unit of its `change`."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in done["repeats"]:
        for case in one["cases"]:
            true = case["worse_by"] if "worse_by" in case else case["true_change"]
            margin = case.get("margin", done.get("margin"))
            found.setdefault(case["method"], []).append(case | {"true": true, "margin": margin})
    return found


Row = tuple[str, str, str]  # what changed, the margin, the change that was found
Told = Callable[[dict[str, Any], float], Row]


def _speed_change(case: dict[str, Any], found: float) -> Row:
    what = "memory" if "bytes" in case["measure"] else "time"
    change = f"{what} {case['true']:+.0%}" if case["true"] else f"{what}, identical code"
    return change, f"{case['margin']:.0%}", f"{found:+.1%}"


def _quality_change(case: dict[str, Any], found: float) -> Row:
    alike = "trained anew" if case["training"] else "identical code"
    change = f"AUC {-case['true']:+.3f}" if case["true"] else alike
    return change, f"{case['margin']:.3f}", f"{0.0 - found:+.4f}"


def _table(rows: Iterable[Sequence[dict[str, Any]]], told: Told) -> str:
    lines = [
        "| change | margin | ok | inconclusive | regressed | wrong | found |",
        "|---|---|---|---|---|---|---|",
        *(_line(cases, told) for cases in rows),
    ]
    return "\n".join(lines)


def _line(cases: Sequence[dict[str, Any]], told: Told) -> str:
    counts = Counter("ok" if case["verdict"] == "better" else case["verdict"] for case in cases)
    middle = sorted(case["change"] for case in cases)[len(cases) // 2]
    change, margin, found = told(cases[0], middle)
    wrong = _with_interval(sum(map(_is_wrong, cases)), len(cases))
    cells = [change, margin, *(str(counts[verdict]) for verdict in VERDICTS), wrong, found]
    return f"| {' | '.join(cells)} |"


def _told_wrong(rows: Cases) -> str:
    wrong = {method: sum(map(_is_wrong, cases)) for method, cases in rows.items()}
    told = [f"{method} {count} of {len(rows[method])}" for method, count in wrong.items() if count]
    return f"Wrong verdicts: {', '.join(told)}." if told else "No verdict was wrong."


def _is_wrong(case: dict[str, Any]) -> bool:
    """A change that equals its margin has no wrong verdict."""
    if case["verdict"] in ("ok", "better"):
        return bool(case["true"] > case["margin"])
    return bool(case["verdict"] == "regressed" and case["true"] < case["margin"])


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


def main() -> None:
    folder = Path(sys.argv[1])
    speed, quality = (
        json.loads((folder / f"{name}.json").read_text("utf-8")) for name in ("speed", "quality")
    )
    folder.with_suffix(".md").write_text(page(speed, quality), "utf-8")


if __name__ == "__main__":
    main()
