"""What a prepared dataset holds, as JSON and as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from bench.cli._output import echo, printable
from bench.cli._table import echo_table
from bench.data import Interactions
from bench.data.oddities import oddities
from bench.report.words.oddities import largest, odd_sentences

__all__ = ["echo_facts", "facts"]

_QUANTILES = {"min": 0.0, "25%": 0.25, "median": 0.5, "75%": 0.75, "max": 1.0}


def facts(interactions: Interactions) -> dict[str, Any]:
    """JSON: counts (rows, users, items, positives, exact_duplicates, contradictory, ...) beside what they are counts of."""
    meta = interactions.meta
    lengths = np.diff(interactions.user_ptr)
    quantiles = np.quantile(lengths, list(_QUANTILES.values()))
    return {
        **meta["counts"],
        "rows_per_user": {
            name: float(value) for name, value in zip(_QUANTILES, quantiles, strict=True)
        },
        **{
            key: meta[key]
            for key in (
                "label",
                "drop",
                "order",
                "min_rows_per_user",
                "split",
                "categories",
                "missing",
            )
        },
        **{
            key: meta[key]
            for key in ("several_values", "fields", "source", "digest", "truth", "warnings")
        },
        "buckets": meta.get("buckets", {}),
        **oddities(interactions),
    }


def echo_facts(datasets: Mapping[str, Mapping[str, Any]]) -> None:
    """Print each dataset's summary and its fields."""
    for number, (name, held) in enumerate(datasets.items()):
        if number:
            echo()
        echo(printable(name))
        echo_table(("", ""), list(_summary(held).items()))
        echo()
        rows = [(each["name"], *_field(each, held)) for each in held["fields"]]
        echo_table(("field", "kind", "side", "values", "missing"), rows)
        for said in _several(held):
            echo(printable(said))
        for warning in (*odd_sentences(held), *held["warnings"]):
            echo(printable(f"warning: {warning}"))


def _field(field: Mapping[str, str], held: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return (
        field["kind"],
        field["side"],
        _values(field["name"], held),
        f"{held['missing'][field['name']]:,}",
    )


def _values(field: str, held: Mapping[str, Any]) -> str:
    """Of a field that is hashed how many buckets have a row: values that share one are not told apart."""
    found, buckets = held["categories"].get(field), held["buckets"].get(field)
    if found is None:
        return "-"
    return f"{found:,}" if buckets is None else f"{found:,} of {buckets:,} buckets"


def _several(held: Mapping[str, Any]) -> Iterator[str]:
    sides = {each["name"]: each["side"] for each in held["fields"]}
    for field, count in held["several_values"].items():
        what = f"1 {sides[field]} has" if count == 1 else f"{count:,} {sides[field]}s have"
        yield f"{what} more than one {field}, though it is said to be the {sides[field]}'s"


def _summary(held: Mapping[str, Any]) -> dict[str, str]:
    share = held["positives"] / held["rows"]
    alike = (
        "user, item, fields, label and order" if held["order"] else "user, item, fields and label"
    )
    of_one = "user, item and order" if held["order"] else "user and item"
    quantiles = ", ".join(f"{name} {value:g}" for name, value in held["rows_per_user"].items())
    return {
        "rows": f"{held['rows']:,}",
        "users": f"{held['users']:,}",
        "items": f"{held['items']:,}",
        "positives": f"{held['positives']:,} ({share:.1%}): {held['label']}",
        "rows per user": quantiles,
        "largest user": largest(held["largest_user"]),
        "largest item": largest(held["largest_item"]),
        "left out": _left_out(held),
        "exact duplicates": f"{held['exact_duplicates']:,} (alike in {alike})",
        "contradictory": f"{held['contradictory']:,} (both labels for one {of_one})",
        "repeated pairs": f"{held['repeated_pairs']:,} (rows beyond a user's first of an item)",
        **_without_features(held),
        "order": held["order"] or "none: a seeded order",
        "split": ", ".join(held["split"]) if held["split"] else "by the protocol",
        "source": ", ".join(dict.fromkeys([held["source"]["name"], *held["source"]["sha256"]])),
        "digest": held["digest"],
    }


def _left_out(held: Mapping[str, Any]) -> str:
    dropped = f"{held['dropped_rows']:,} rows by drop ({held['drop']})" if held["drop"] else ""
    return "; ".join(filter(None, [dropped, _filtered(held)])) or "nothing"


def _filtered(held: Mapping[str, Any]) -> str:
    few = held["min_rows_per_user"]
    if few == 1:
        return ""
    users = f"{held['dropped_users']:,} of {held['users_before_filter']:,} users with fewer than {few} rows"
    return f"{users} ({held['dropped_rows_of_users']:,} of {held['rows_before_filter']:,} rows)"


def _without_features(held: Mapping[str, Any]) -> dict[str, str]:
    """Where users or items have a table of their own: ids that it lacks, and ids of it that no row has."""
    return {
        f"{owner} in one table alone": f"{held[lacking]:,} have rows and no features, {held[unused]:,} features and no rows"
        for owner in ("users", "items")
        if (lacking := f"{owner}_without_features") in held and (unused := f"{owner}_without_rows")
    }
