"""Where figures of two runs in a row are not of the same data, split, metric, seeds, settings or machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from bench.compare.checks import metrics_asked
from bench.compare.conditions import slowing
from bench.compare.settings import differing_settings
from bench.history.model import Break
from bench.job.outcome import of_record
from bench.records import Record, Run
from bench.report.content.made import MACHINE

__all__ = ["breaks"]


def breaks(of: tuple[str, str, str], runs: Sequence[tuple[int, Run]]) -> Iterator[Break]:
    """`of`: dataset, protocol, method; `runs`: those with a figure of it, by their places among all."""
    records = [(place, _records(of, run)) for place, run in runs]
    for (_, before), (place, after) in pairwise(records):
        if why := list(_why(before, after)):
            yield Break(place, ", ".join(why))


def _records(of: tuple[str, str, str], run: Run) -> dict[int, Record]:
    """By seed."""
    return {
        record["trial"]["seed"]: record
        for record in run.records
        if of_record(record).ok
        and (record["trial"]["dataset"], record["trial"]["protocol"], record["trial"]["method"])
        == of
    }


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


def _splits(records: dict[int, Record]) -> set[str]:
    return {record["identity"]["split"] for record in records.values()}
