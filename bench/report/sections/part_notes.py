"""What a run lacks without anything having gone wrong: trials that nobody asked for, and an analysis that can't be used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from bench.report.content.model import Report
from bench.report.words.blocks import Note
from bench.report.words.figures import counted, listed
from bench.report.words.names import short

__all__ = ["analysis_fault", "not_asked"]

_REASON_CELLS = 300


def not_asked(report: Report) -> Iterator[Note]:
    """How many trials, which methods in which seeds, and how to get them."""
    trials = sum(len(one.seeds) for one in report.not_asked)
    if not trials:
        return
    methods: dict[tuple[int, ...], dict[str, None]] = defaultdict(dict)
    for one in report.not_asked:
        methods[one.seeds][one.method] = None
    told = "; ".join(f"{listed(names)} ({_seeds(seeds)})" for seeds, names in methods.items())
    were = "was" if trials == 1 else "were"
    yield Note(
        f"{counted(trials, 'trial')} of the suite {were} never asked for: {told}. To add them, run the suite again without "
        "--seeds and --only."
    )


def analysis_fault(report: Report) -> Iterator[Note]:
    """Why there are no intervals although the run was analysed."""
    if report.analysis_fault:
        yield Note(f"The analysis can't be used: {short(report.analysis_fault, _REASON_CELLS)}.")


def _seeds(seeds: tuple[int, ...]) -> str:
    return f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"
