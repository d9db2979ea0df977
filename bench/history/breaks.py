"""Where figures of two runs in a row are not of the same data, split, metric, seeds, settings, base models or machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise

from bench.compare.checks import metrics_asked
from bench.compare.conditions import slowing
from bench.compare.pools import Pools, change_of_pool
from bench.compare.relaimpr import base_of, change_of_base
from bench.compare.settings import differing_settings
from bench.history.model import Break
from bench.job.environment import MACHINE
from bench.job.outcome import of_record
from bench.records import Record, Run

__all__ = ["Known", "Place", "breaks"]

Place = tuple[str, str, str]  # dataset, protocol, method


class Known:
    """What is asked of a run again and again."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @cached_property
    def pools(self) -> Pools:
        return Pools(self.run)

    @cached_property
    def _by_place(self) -> dict[Place, dict[int, Record]]:
        found: dict[Place, dict[int, Record]] = {}
        for record in self.run.records:
            trial = record["trial"]
            if of_record(record).ok:
                place = trial["dataset"], trial["protocol"], trial["method"]
                found.setdefault(place, {})[trial["seed"]] = record
        return found

    def records(self, of: Place) -> dict[int, Record]:
        """Those with a result, by seed."""
        return self._by_place.get(of, {})


def breaks(of: Place, quantity: str, runs: Sequence[tuple[int, Known]]) -> Iterator[Break]:
    """`runs`: those with a figure of it, by their places among all."""
    for (_, before), (place, after) in pairwise(runs):
        why = list(_why(before.records(of), after.records(of)))
        why += _of_base_models(of, quantity, before, after)
        if why:
            yield Break(place, ", ".join(why))


def _why(before: dict[int, Record], after: dict[int, Record]) -> Iterator[str]:
    """Trials of one method differ in nothing but their seed: one of them speaks for all."""
    one, other = next(iter(before.values())), next(iter(after.values()))
    ours, theirs = one["identity"], other["identity"]
    if ours["data"] != theirs["data"]:
        yield "data"
    elif _splits(before) != _splits(after):
        yield "split"
    if before.keys() != after.keys():
        yield "seeds"
    if metrics_asked(one) != metrics_asked(other):
        yield "metrics"
    if ours.get("settings") != theirs.get("settings"):
        yield from (f"setting {key}" for key in differing_settings(one, other))
    yield from (what for what in slowing(one, other) if what in MACHINE)


def _of_base_models(of: Place, quantity: str, before: Known, after: Known) -> Iterator[str]:
    """Those that the method mixes, and the one that RelaImpr is against."""
    one, other = (next(iter(known.records(of).values())) for known in (before, after))
    if change := change_of_pool(before.pools.of(one), after.pools.of(other)):
        yield f"pool: {change}"
    if quantity == "relaimpr":
        bases = [base_of(known.run, *of[:2], known.pools) for known in (before, after)]
        if change := change_of_base(*bases):
            yield f"base of RelaImpr: {change}"


def _splits(records: dict[int, Record]) -> set[str]:
    return {record["identity"]["split"] for record in records.values()}
