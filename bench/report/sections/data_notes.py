"""The data that a table is of, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.report.content.model import Section
from bench.report.words.blocks import Note
from bench.report.words.figures import counted, loss, number, share
from bench.report.words.names import short
from bench.report.words.oddities import odd_sentences

__all__ = ["data_facts", "data_warnings"]

_MAIN = ("rows", "users", "items", "positives")
_COUNTS = {  # one of them, several
    "dropped_rows": (
        "1 row was left out, as the suite says",
        "{} rows were left out, as the suite says",
    ),
    "dropped_users": (
        "1 user with too few rows was left out",
        "{} users with too few rows were left out",
    ),
    "dropped_rows_of_users": ("1 row went with them", "{} rows went with them"),
    "users_without_features": ("1 user has no features", "{} users have no features"),
    "items_without_features": ("1 item has no features", "{} items have no features"),
}
_REPEATS = {  # the same of rows that may be alike, by whether the data have an order
    True: {
        "exact_duplicates": (
            "1 row repeats another in everything used (user, item, fields, label and order)",
            "{} rows repeat another in everything used (user, item, fields, label and order)",
        ),
        "contradictory": (
            "one user has both labels for one item at one time",
            "{} times a user has both labels for one item at one time",
        ),
        "repeated_pairs": (
            "1 row has an item that its user had before",
            "{} rows have an item that their user had before",
        ),
    },
    False: {
        "exact_duplicates": (
            "1 row repeats another in everything used (user, item, fields and label)",
            "{} rows repeat another in everything used (user, item, fields and label)",
        ),
        "contradictory": (
            "one user has both labels for one item",
            "{} times a user has both labels for one item",
        ),
        "repeated_pairs": (
            "1 further row has an item that its user has in another row",
            "{} further rows have an item that their user has in another row",
        ),
    },
}
_TRUTHS = 12


def data_facts(name: str, facts: Mapping[str, Any], optimum: float | None) -> list[str]:
    """Sizes, label, order and source; what is odd about rows; of generated data how it was made."""
    if not facts:
        return []
    order = (
        f"ordered by {short(facts['order'])}"
        if facts.get("order")
        else "have no time, so a seed orders them"
    )
    sizes = _sizes(facts["counts"])
    sentences = [
        f"Data {short(name)}{sizes and f': {sizes}'}.",
        f"The label is {short(facts['label'])}. Rows {'are ' * bool(facts.get('order'))}{order}.",
        f"The source is {_source(facts['source'])}.",
        *_oddities(facts),
    ]
    return [" ".join(sentences), *_truth(facts.get("truth"), optimum)]


def data_warnings(section: Section) -> list[Note]:
    """What of the data may make the answer another than it seems, to stand beside it."""
    told = [
        *odd_sentences(section.dataset_facts),
        *_one_user(section.split_facts.get("largest_user_share") or {}),
    ]
    return [Note(f"Warning, data {short(section.dataset)}: {' '.join(told)}")] if told else []


def _one_user(shares: Mapping[str, float | None]) -> Iterator[str]:
    """Where one user has most of the rows that something rests on."""
    rows = {"train": "that base models are trained on", "test": "that are tested"}
    for role, of_what in rows.items():
        if (share := shares.get(role)) is not None and share > 0.5:
            yield f"One user has {share:.0%} of the rows {of_what}."


def _sizes(counts: Mapping[str, Any]) -> str:
    sizes = ", ".join(
        f"{number(counts[key])} {key}" for key in ("rows", "users", "items") if key in counts
    )
    if counts.get("rows") and "positives" in counts:
        sizes += f", {share(counts['positives'] / counts['rows'])} positive"
    return sizes


def _oddities(facts: Mapping[str, Any]) -> Iterator[str]:
    words = _COUNTS | _REPEATS[bool(facts.get("order"))]
    told = [
        _count(key, count, words)
        for key, count in facts["counts"].items()
        if key not in _MAIN and count
    ]
    told += _several(facts)
    if told:
        yield f"Of note: {'; '.join(told)}."


def _several(facts: Mapping[str, Any]) -> Iterator[str]:
    """Users or items with more than one value of a field that is said to be theirs."""
    sides = {each["name"]: each["side"] for each in facts.get("fields", ())}
    for field, count in facts.get("several_values", {}).items():
        side = short(sides.get(field, "owner"))
        yield f"{counted(count, side)} {'has' if count == 1 else 'have'} more than one {short(field)}"


def _count(key: str, count: Any, words: Mapping[str, tuple[str, str]]) -> str:
    if key not in words:
        return f"{number(count)} {short(key.replace('_', ' '))}"
    one, several = words[key]
    return one if count == 1 else several.format(number(count))


def _source(source: Any) -> str:
    """A source is told by its name and what it served."""
    if not isinstance(source, Mapping):
        return short(str(source))
    told = [short(str(source[key])) for key in ("name", "url", "path") if source.get(key)]
    return " ".join(told)


def _truth(truth: Any, optimum: float | None) -> Iterator[str]:
    """Settings of the generator that are single values; JSON has all."""
    if not truth and optimum is None:
        return
    best = (
        f": their true probabilities have an expected log loss of {loss(optimum, 4)}"
        if optimum is not None
        else ""
    )
    settings = dict(truth) if isinstance(truth, Mapping) else {}
    single = {key: value for key, value in settings.items() if isinstance(value, str | int | float)}
    made = ", ".join(
        f"{short(key.replace('_', ' '))} {number(value)}"
        for key, value in list(single.items())[:_TRUTHS]
    )
    left = len(settings) - min(len(single), _TRUTHS)
    more = f" and {left:,} more setting{'s' * (left != 1)}" if made and left else ""
    yield f"The data are generated{best}.{f' They were made with {made}{more}.' if made else ''}"
