"""What can't be judged since a trial of it is missing: incomplete, whatever is asked of a gate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bench.gate.model import Aspect, Cell
from bench.gate.trials import MethodTrials

__all__ = ["incomplete_cells"]


def incomplete_cells(
    methods: Iterable[MethodTrials], aspects: Sequence[Aspect], metrics: Sequence[str]
) -> Iterator[Cell]:
    """Of methods whose trials are not all there: a cell for each metric where quality is asked for; else one for the method,
    since nobody knows which sizes it would have."""
    aspect: Aspect = "quality" if "quality" in aspects else "memory"
    measures = metrics if aspect == "quality" and metrics else [""]
    for one in methods:
        if one.missing:
            for measure in measures:
                yield Cell(aspect, *one.place, measure, "incomplete", one.missing)
