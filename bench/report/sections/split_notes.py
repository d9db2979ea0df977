"""How users and rows were divided, in sentences, and what of it may flatter a method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.report.words.figures import listed, number
from bench.report.words.names import short

__all__ = ["split_facts"]

_ROLES = {"base_models": "base models", "train": "training", "valid": "validation", "test": "test"}
_PARTS = {"support": "support", "train_query": "training query", "query": "query"}
_SETTINGS = {
    "cold": "base models never saw validation and test users (cold)",
    "warm": "base models saw every user's support (warm)",
}


def split_facts(
    name: str,
    facts: Mapping[str, Any],
    ordered: bool = True,
    from_files: Sequence[str] = (),
    all_from_files: bool = False,
) -> str:
    """What the manifest has of it; nothing where it has nothing. `ordered`: the data have an order. `from_files`: base
    models that were fitted elsewhere."""
    if not facts:
        return ""
    by = f" (protocol {short(facts['use'])})" if facts.get("use") not in (None, name) else ""
    sizes = ". ".join(filter(None, [_saw(facts, from_files, all_from_files), *_sizes(facts)]))
    return f"Split {short(name)}{by}: {sizes}. {' '.join(_cautions(facts, ordered))}".rstrip()


def _saw(facts: Mapping[str, Any], from_files: Sequence[str], all_from_files: bool) -> str:
    """What base models were fitted on; of one that was read from a file nobody here knows."""
    if not isinstance(facts.get("setting"), str):
        return ""
    told = _SETTINGS.get(facts["setting"], f"setting {short(facts['setting'])}")
    if all_from_files:
        return f"setting {short(facts['setting'])}, and which rows the models behind the files of predictions saw is not known"
    names = listed(from_files)
    return f"{told}, but which rows {names} saw is not known (read from a file)" if names else told


def _sizes(facts: Mapping[str, Any]) -> Iterator[str]:
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
    if facts.get("training_after_test") is not None:
        yield _later(facts["training_after_test"])


def _later(share: float) -> str:
    if not share:
        return "No training row of another user is later than a tested row."
    shown = f"{share:.1%}" if share >= 0.0005 else "less than 0.1%"
    return (
        f"When a tested row happens, {shown} of other users' training rows are still to come, on average: what they tell "
        "of items would not be known yet. A cut in time has 0% (protocol temporal), one without regard to time about 50%."
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
