"""Against what RelaImpr is measured: against two bases it is two quantities."""

from __future__ import annotations

from typing import NamedTuple

from bench.compare.pools import Pool, Pools, change_of_pool
from bench.compare.settings import differing_settings
from bench.evaluate import BEST_SINGLE, best_single
from bench.records import Record, Run

__all__ = ["Base", "base_of", "change_of_base"]


class Base(NamedTuple):
    """`named`: in the suite; `model`: who that is at one dataset and protocol, None where best-single is nobody; `record`: one
    of its records, None where there is none; `pool`: below it."""

    named: str
    model: str | None
    record: Record | None
    pool: Pool

    def __str__(self) -> str:
        return f"{self.named} ({self.model})" if self.named == BEST_SINGLE else self.named


def base_of(run: Run, dataset: str, protocol: str, pools: Pools) -> Base:
    """`pools`: of that run."""
    named = run.manifest["relaimpr_base"]
    records = [
        record
        for record in run.records
        if (record["trial"]["dataset"], record["trial"]["protocol"]) == (dataset, protocol)
    ]
    model = named
    if named == BEST_SINGLE:
        model = best_single(records).get((dataset, protocol))
    record = next((one for one in records if one["trial"]["method"] == model), None)
    return Base(named, model, record, {} if record is None else pools.of(record))


def change_of_base(base: Base, candidate: Base) -> str:
    """`best-single (fm) -> lr`, `other settings of fm`, `2 -> 4 base models under gating`; nothing where they are alike."""
    if base[:2] != candidate[:2]:
        return f"{base} -> {candidate}"
    if base.record is None or candidate.record is None:
        return ""
    if differing_settings(base.record, candidate.record):
        return f"other settings of {base.model}"
    pool = change_of_pool(base.pool, candidate.pool)
    return f"{pool} under {base.model}" if pool else ""
