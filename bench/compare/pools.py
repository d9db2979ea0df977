"""The base models under a method: two methods of the same settings over other pools are two methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.compare.settings import whole_settings
from bench.records import Record, Run

__all__ = ["Pool", "Pools", "change_of_pool"]

Pool = Mapping[str, Any]  # base model -> its settings; None where the run has no record of it


class Pools:
    """The pools of a run's methods, from their records and those of its base models."""

    def __init__(self, run: Run) -> None:
        self._settings: dict[tuple[str, str, str], Any] = {}
        for record in run.records:
            trial = record["trial"]
            if record["kind"] == "base_model":
                place = trial["dataset"], trial["protocol"], trial["method"]
                self._settings[place] = whole_settings(record)

    def of(self, record: Record) -> Pool:
        """Of what is no method, an empty one."""
        trial = record["trial"]
        seen = (
            record.get("details", {}).get("source_shift", {}) if record["kind"] == "method" else {}
        )
        models = seen if isinstance(seen, Mapping) else {}
        return {
            model: self._settings.get((trial["dataset"], trial["protocol"], model))
            for model in models
        }


def change_of_pool(base: Pool, candidate: Pool) -> str:
    """`2 -> 4 base models`, `gbdt in place of lr`, `other settings of fm`; nothing where they are alike or unknown."""
    if not base or not candidate:
        return ""
    if len(base) != len(candidate):
        return f"{len(base)} -> {len(candidate)} base models"
    if base.keys() != candidate.keys():
        ours, theirs = (
            sorted(base.keys() - candidate.keys()),
            sorted(candidate.keys() - base.keys()),
        )
        return f"{', '.join(theirs)} in place of {', '.join(ours)}"
    other = [
        model
        for model in base
        if base[model] and candidate[model] and base[model] != candidate[model]
    ]
    return f"other settings of {', '.join(other)}" if other else ""
