"""Two trials of one name are comparable where they were scored on the same rows in the same way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bench.errors import CompareError
from bench.records import Record

__all__ = ["check_comparable", "metrics_asked"]


def check_comparable(pairs: Iterable[tuple[Record, Record]]) -> None:
    """Raise CompareError, one line that names each difference of data, split or metrics once."""
    found = dict.fromkeys(
        difference for base, candidate in pairs for difference in _differences(base, candidate)
    )
    if found:
        raise CompareError(f"BASE and CANDIDATE can't be compared: {'; '.join(found)}")


def _differences(base: Record, candidate: Record) -> list[str]:
    """Other data imply another split, so that the split is told of only where the data agree."""
    trial, ours, theirs = base["trial"], base["identity"], candidate["identity"]
    if ours["data"] != theirs["data"]:
        return [
            f"the data of {trial['dataset']!r} differ ({_digests(ours['data'], theirs['data'])}); use the same data"
        ]
    if ours["split"] != theirs["split"]:
        place = f"{trial['dataset']!r} under {trial['protocol']!r}"
        return [
            f"the split of {place} differs ({_digests(ours['split'], theirs['split'])}); use the same protocol settings"
        ]
    return _metrics(ours["metrics"], theirs["metrics"])


def _metrics(base: dict[str, Any], candidate: dict[str, Any]) -> list[str]:
    """Metrics that the candidate alone has don't matter. Other code of one version is told of, beside that of plugins."""
    ours, theirs = _versions(base), _versions(candidate)
    asked = [(name, _asked(of), _asked(candidate.get(name))) for name, of in base.items()]
    others = [
        f"metric {name!r} is {mine!r} in BASE and {other!r} in CANDIDATE; run both with the same metrics"
        for name, mine, other in asked
        if mine and other and mine != other
    ]
    return others + [
        f"metric {name!r} is of version {version} in BASE and {theirs.get(name, 'none')} in CANDIDATE; "
        "run both with the same metrics"
        for name, version in ours.items()
        if theirs.get(name) != version
    ]


def metrics_asked(record: Record) -> dict[str, str]:
    """Metric to what was asked of it and its version: `ndcg k=5, version 1`."""
    metrics = record["identity"]["metrics"]
    versions = _versions(metrics)
    return {
        name: ", ".join(filter(None, (_asked(of), f"version {versions[name]}")))
        for name, of in metrics.items()
    }


def _asked(of: Any) -> str:
    """`ndcg k=5`; "" in records of before metrics had parameters."""
    if not isinstance(of, dict) or "use" not in of:
        return ""
    return " ".join(
        [of["use"], *(f"{name}={value}" for name, value in of.get("params", {}).items())]
    )


def _versions(metrics: dict[str, Any]) -> dict[str, int]:
    """Schema 1 kept nothing but the version."""
    return {name: of["version"] if isinstance(of, dict) else of for name, of in metrics.items()}


def _digests(base: str, candidate: str) -> str:
    return f"{base[:12]} in BASE, {candidate[:12]} in CANDIDATE"
