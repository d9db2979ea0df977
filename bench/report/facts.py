"""What a table has to be read with: the data, the split, who was left out, what went wrong. In sentences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from bench.report.blocks import Note
from bench.report.model import Failure, Report, Section
from bench.report.names import short

__all__ = ["section_facts", "trouble"]

_REASON_CELLS = 300
_MAIN_COUNTS = ("rows", "users", "items", "positives")


def section_facts(section: Section) -> list[Note]:
    """The dataset, the split, where base predictions came from, who could not be scored or adapted to, warnings."""
    lines = [
        _dataset(section.dataset, section.dataset_facts),
        _split(section.protocol, section.split_facts),
        _base_predictions(section.base_predictions),
        _users(section),
    ]
    warnings = [
        f"Warning: {short(text, _REASON_CELLS)} ({_names(methods)})." for text, methods in section.warnings.items()
    ]
    return [Note(line) for line in (*lines, *warnings) if line]


def trouble(report: Report) -> list[Note]:
    """Trials without a result, results in conflict, plugins that were left out."""
    conflicts = [
        f"Conflict: the same trial gave different results in {', '.join(files)}; the first is shown."
        for files in report.conflicts
    ]
    quarantined = [
        f"Plugin {short(origin, 100)} is quarantined: {short(reason, _REASON_CELLS)}."
        for origin, reason in report.quarantined
    ]
    return [Note(line) for line in (*_failures(report.failures), *conflicts, *quarantined)]


def _dataset(name: str, facts: Mapping[str, Any]) -> str:
    if not facts:
        return ""
    counts = facts["counts"]
    sizes = ", ".join(f"{counts[key]:,} {key}" for key in ("rows", "users", "items") if key in counts)
    if counts.get("rows") and "positives" in counts:
        sizes += f", {counts['positives'] / counts['rows']:.1%} positive"
    rest = [f"{count:,} {key.replace('_', ' ')}" for key, count in counts.items() if key not in _MAIN_COUNTS and count]
    order = f"order {short(facts['order'])}" if facts.get("order") else "order seeded, there is no time"
    told = [sizes, *rest, f"label {short(facts['label'])}", order, f"source {_source(facts['source'])}"]
    return f"Data {short(name)}: {'; '.join(told)}."


def _source(source: Any) -> str:
    """A source is told by its name and what it served."""
    if not isinstance(source, Mapping):
        return short(str(source))
    told = [short(str(source[key])) for key in ("name", "url", "path") if source.get(key)]
    return " ".join(told)


def _split(name: str, facts: Mapping[str, Any]) -> str:
    if not facts:
        return ""
    told = [f"users {_by_role(facts['users'])}", f"rows {_by_role(facts['rows'])}"]
    if facts.get("tie_share") is not None:
        told.append(f"{facts['tie_share']:.1%} of users cut inside a tie of their times")
    return f"Split {short(name)}: {'; '.join(told)}."


def _by_role(counts: Mapping[str, Any]) -> str:
    return ", ".join(f"{role} {_count(count)}" for role, count in counts.items())


def _count(count: Any) -> str:
    if isinstance(count, Mapping):
        return " + ".join(f"{number:,} {part}" for part, number in count.items())
    return f"{count:,}"


def _base_predictions(sources: Mapping[str, tuple[str, ...]]) -> str:
    if len(sources) < 2:
        return "".join(f"Base predictions: {short(source)}." for source in sources)
    return "Base predictions: " + "; ".join(f"{short(s)} for {_names(m)}" for s, m in sources.items()) + "."


def _users(section: Section) -> str:
    told = []
    if section.users_without_support:
        counts = " or ".join(f"{count:,}" for count in section.users_without_support)
        told.append(f"{counts} test users have no support and are predicted unadapted.")
    if section.gauc_users is not None:
        scored, users = section.gauc_users
        told.append(
            f"GAUC weighs users by rows and leaves out {users - scored:,} of {users:,}, who have one class alone."
        )
    return " ".join(told)


def _failures(failures: Iterable[Failure]) -> list[str]:
    """One line for the seeds of a method that ended alike."""
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for one in failures:
        place = f"{short(one.dataset)}/{short(one.protocol)} {short(one.method)}"
        alike[place, one.status, short(one.reason, _REASON_CELLS)].append(str(one.seed))
    return [
        f"Failed: {place}, seed{'s' * (len(seeds) > 1)} {', '.join(seeds)}: {status}: {reason}."
        for (place, status, reason), seeds in alike.items()
    ]


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(short, names))
