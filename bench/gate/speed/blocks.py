"""What one block of one side said: figures by method, and what is to be known beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["WHOLE", "Block", "Figure", "Place", "Trial", "Work", "block_of"]


class Place(NamedTuple):
    dataset: str
    protocol: str
    method: str


class Figure(NamedTuple):
    """What was measured of a method: `train_cpu_s`, `peak_rss_bytes`."""

    place: Place
    measure: str


class Trial(NamedTuple):
    place: Place
    seed: int


class Work(NamedTuple):
    data: str
    split: str
    settings: Any


# what is measured of a suite and not of a method
WHOLE = Place("", "", "suite")


@dataclass(frozen=True)
class Block:
    """`values`: seconds of all seeds together, of memory the most of any. `failed`: methods without a result, with the reason.
    `logits`: digests, by method and seed. `work`: what each was asked for: data, split and settings."""

    values: Mapping[Figure, float]
    failed: Mapping[Place, str]
    logits: Mapping[Trial, str]
    work: Mapping[Trial, Work]
    bench: str
    versions: Mapping[str, str]
    gate: Mapping[str, Any]

    @property
    def places(self) -> set[Place]:
        """Of methods with a result."""
        return {trial.place for trial in self.logits}


def block_of(answer: Mapping[str, Any]) -> Block:
    """From a worker's answer. Bounds are no methods: nothing is trained for them."""
    values: dict[Figure, list[float]] = defaultdict(list)
    failed: dict[Place, str] = {}
    logits: dict[Trial, str] = {}
    work: dict[Trial, Work] = {}
    for trial in answer["trials"]:
        if trial["kind"] == "bound":
            continue
        place = Place(trial["dataset"], trial["protocol"], trial["method"])
        if trial["status"] != "ok":
            reason = f": {trial['reason']}" if trial["reason"] else ""
            failed[place] = f"{trial['status']}{reason}"
        elif trial["logits"] is not None:
            asked = Trial(place, trial["seed"])
            logits[asked] = trial["logits"]
            work[asked] = Work(trial["data"], trial["split"], trial["settings"])
            for measure, value in trial["figures"].items():
                values[Figure(place, measure)].append(float(value))
    together = {
        figure: sum(of_seeds) if figure.measure.endswith("_s") else max(of_seeds)
        for figure, of_seeds in values.items()
    }
    whole = {Figure(WHOLE, "cache_bytes"): float(size) for size in [answer["cache_bytes"]] if size}
    return Block(
        values=together | whole,
        failed=failed,
        logits={trial: digest for trial, digest in logits.items() if trial.place not in failed},
        work=work,
        bench=answer["bench"],
        # of what is imported, which another version may be installed beside
        versions={**answer["versions"], "metaselector-bench": answer["version"]},
        gate=answer["gate"],
    )
