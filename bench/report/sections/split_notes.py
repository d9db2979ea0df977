"""How users and rows were divided, in sentences, and what of it may flatter a method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.report.words.figures import number
from bench.report.words.names import short

__all__ = ["split_facts"]

_ROLES = {"base_models": "base models", "train": "training", "valid": "validation", "test": "test"}
_PARTS = {"support": "support", "train_query": "training query", "query": "query"}
_SETTINGS = {
    "cold": "base models never saw validation and test users (cold)",
    "warm": "base models saw every user's support (warm)",
}


def split_facts(name: str, facts: Mapping[str, Any], ordered: bool = True) -> str:
    """What the manifest has of it; nothing where it has nothing. `ordered`: the data have an order."""
    if not facts:
        return ""
    return f"Split {short(name)}: {'. '.join(_sizes(facts))}. {' '.join(_cautions(facts, ordered))}".rstrip()


def _sizes(facts: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(facts.get("setting"), str):
        yield _SETTINGS.get(facts["setting"], f"setting {short(facts['setting'])}")
    for what in ("users", "rows"):
        if isinstance(facts.get(what), Mapping):
            yield f"{what.capitalize()}: {', '.join(_of_role(role, count) for role, count in facts[what].items())}"


def _of_role(role: str, count: Any) -> str:
    named = _ROLES.get(role, short(role))
    if not isinstance(count, Mapping):
        return f"{named} {number(count)}"
    parts = [
        f"{number(rows)} {_PARTS.get(part, short(part))}"
        for part, rows in count.items()
        if rows or part != "train_query"
    ]
    return f"{named} {' + '.join(parts)}"


def _cautions(facts: Mapping[str, Any], ordered: bool) -> Iterator[str]:
    if facts.get("time"):
        yield f"Time is cut at {_times(facts['time'])}."
    if facts.get("users_not_tested"):
        yield f"{_users(facts['users_not_tested'], 'is', 'are')} not tested: they have no rows to be tested on."
    if facts.get("tie_share"):
        yield (
            f"{facts['tie_share']:.1%} of users are cut between rows of one time; the order of such rows is drawn at random."
        )
    if facts.get("users_cut_through_copies"):
        cut = _users(facts["users_cut_through_copies"], "is", "are")
        alike = f"user, item, fields{', label and order' if ordered else ' and label'}"
        yield f"{cut} cut between copies of one row (alike in {alike}), so the support gives a tested row away."
    if facts.get("users_cut_through_contradictions"):
        cut = _users(facts["users_cut_through_contradictions"], "is", "are")
        yield f"{cut} cut between rows of one item{' and time' if ordered else ''} whose labels differ."
    if facts.get("later_training_share") is not None:
        yield _later(facts["later_training_share"])


def _later(share: float) -> str:
    if not share:
        return "No training row is later than a test row."
    return (
        f"{share:.1%} of training rows are later than some test row: what they tell about items would not be known yet when "
        "that row is predicted."
    )


def _users(count: Any, one: str, several: str) -> str:
    return f"{number(count)} {f'user {one}' if count == 1 else f'users {several}'}"


def _times(time: Any) -> str:
    if isinstance(time, Mapping):
        return ", ".join(
            f"{_PARTS.get(key, short(str(key)))} {_time(value)}" for key, value in time.items()
        )
    return _time(time)


def _time(value: Any) -> str:
    """A time as the data have it, with no thousands apart: it may be a date or a year."""
    several = isinstance(value, Sequence) and not isinstance(value, str)
    return " to ".join(map(_time, value)) if several else short(str(value))
