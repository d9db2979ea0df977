"""An analysis whose differences are from another method than those that it was made with."""

from __future__ import annotations

from dataclasses import replace

from bench.evaluate.analysis.findings import Analysis
from bench.evaluate.inference.pairings import pairings
from bench.evaluate.inference.resampling import Resampled

__all__ = ["held_against"]


def held_against(analysis: Analysis, resampled: Resampled, chosen: str) -> Analysis:
    """The same with every method's difference from `chosen` by the primary. The analysis's own `resampled`: what it was made
    of. A method without the primary in some seed has no differences, nor has anybody from it."""
    found = pairings(resampled, analysis.best_single, analysis.lead, chosen)
    methods = tuple(
        replace(
            one,
            against_chosen=found.with_chosen.get(one.name, {}),
            # the lead's pair with the chosen one has one verdict in both tables
            against_lead={**one.against_lead, **found.with_lead.get(one.name, {})},
        )
        for one in analysis.methods
    )
    return replace(analysis, chosen=chosen, methods=methods)
