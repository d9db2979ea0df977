"""All methods on the same resamples, held against one reference each: best-single, the lead, a method of one's choice."""

from __future__ import annotations

from typing import NamedTuple

from bench.evaluate.inference.comparisons import Table, against, agree
from bench.evaluate.inference.resampling import Resampled

__all__ = ["NO_PAIRINGS", "Pairings", "pairings"]


class Pairings(NamedTuple):
    """A table for each reference; empty where there is no such reference among the methods."""

    with_single: Table
    with_lead: Table
    with_chosen: Table


NO_PAIRINGS = Pairings({}, {}, {})


def pairings(
    resampled: Resampled, single: str | None, lead: str | None, chosen: str | None
) -> Pairings:
    """The lead's pair with best-single, and with the `chosen` method, has one verdict in both tables that it is in."""
    with_single, with_lead, with_chosen = (
        against(resampled, reference) if reference in resampled.names else {}
        for reference in (single, lead, chosen)
    )
    if with_single and with_lead:
        with_single, with_lead = agree(with_single, with_lead, single, lead)
    if with_chosen and with_lead:
        with_chosen, with_lead = agree(with_chosen, with_lead, chosen, lead)
    return Pairings(with_single, with_lead, with_chosen)
