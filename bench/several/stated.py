"""What manifests and records state of a run as a whole: its data, splits, suite, seeds, metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bench.compare.checks import metrics_asked
from bench.records import Run
from bench.report import short
from bench.several.model import Differing, Kind

__all__ = ["digests", "stated"]

_ABSENT = "–"
_DIGEST = 12
_ALONE = ("data ", "split ")  # what is told where one run alone has it
_COUNTS = ("rows", "users", "items", "positives")


def stated(runs: Sequence[Run]) -> Iterator[Differing]:
    """What differs of it."""
    for kind, of in _STATED:
        told = [of(run) for run in runs]
        for what in dict.fromkeys(key for one in told for key in one):
            values = tuple(one.get(what, _ABSENT) for one in told)
            others = len(values) - values.count(_ABSENT)
            if len(set(values)) > 1 and (others > 1 or what.startswith(_ALONE)):
                yield Differing(kind, what, values)


def digests(run: Run, key: str) -> dict[tuple[str, str], str]:
    """(dataset, protocol) to the digest of its "data" or "split", as records have it; of several, each."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for record in run.records:
        place = record["trial"]["dataset"], record["trial"]["protocol"]
        if (digest := record["identity"].get(key)) is not None:
            found.setdefault(place, {})[str(digest)] = None
    return {place: " ".join(ones) for place, ones in found.items()}


def _data(run: Run) -> Mapping[str, str]:
    """A digest for each dataset, and how much there is of it."""
    recorded = {dataset: digest for (dataset, _), digest in digests(run, "data").items()}
    told = {}
    for name, facts in run.manifest["datasets"].items():
        digest = recorded.get(name) or str(facts.get("digest", "not recorded"))
        told[f"data {short(name, 25)}"] = digest[:_DIGEST]
        counts: Mapping[str, Any] = facts.get("counts", {})
        told |= {
            f"{what} of {short(name, 25)}": f"{counts[what]:,}"
            for what in _COUNTS
            if isinstance(counts.get(what), int)
        }
    return told


def _splits(run: Run) -> Mapping[str, str]:
    recorded = digests(run, "split")
    told = {}
    for trial in run.manifest["trials"]:
        dataset, protocol = trial["dataset"], trial["protocol"]
        facts: Mapping[str, Any] = run.manifest["splits"].get(f"{dataset}/{protocol}", {})
        digest = recorded.get((dataset, protocol)) or str(facts.get("digest", "not recorded"))
        name = f"{short(dataset, 25)} / {short(protocol, 25)}"
        told[f"split {name}"] = digest[:_DIGEST]
        kinds = [str(facts[key]) for key in ("use", "setting") if facts.get(key) is not None]
        told[f"protocol {name}"] = ", ".join(kinds) or "not recorded"
    return told


def _suite(run: Run) -> Mapping[str, str]:
    return {"suite": str(run.manifest["suite"]["name"])}


def _seeds(run: Run) -> Mapping[str, str]:
    return {"seeds": ", ".join(map(str, run.manifest["seeds"]))}


def _metrics(run: Run) -> Mapping[str, str]:
    names = {"metrics": ", ".join(sorted(run.manifest["metrics"]))}
    asked = metrics_asked(run.records[0]) if run.records else {}
    told = {f"metric {short(name, 25)}": what for name, what in asked.items()}
    if "relaimpr" in run.manifest["metrics"]:
        told["base of RelaImpr"] = run.manifest["relaimpr_base"]
    return {"primary metric": str(run.manifest["primary"]), **names, **told}


_STATED: tuple[tuple[Kind, Callable[[Run], Mapping[str, str]]], ...] = (
    ("data", _data),
    ("split", _splits),
    ("suite", _suite),
    ("seeds", _seeds),
    ("metrics", _metrics),
)
