"""Raw tables to the encoded arrays of bench.data.views.interactions: rows chosen, numbered, encoded and sorted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from bench.data.encoding.chosen_rows import choose_rows
from bench.data.encoding.columns import Columns, encode_features
from bench.data.encoding.features import Vocabulary, vocabulary
from bench.data.encoding.given_columns import GivenSplit, given_split, true_logits
from bench.data.encoding.ordering import Order, order_rows
from bench.data.encoding.roles import Layout, arrange
from bench.data.tables.labels import binary_labels
from bench.data.tables.text import as_ids
from bench.data.tables.times import OrderColumn, read_order
from bench.errors import DataError
from bench.interfaces import Tables

__all__ = ["Encoded", "encode"]


@dataclass(frozen=True)
class Encoded:
    """What a prepared folder holds: arrays by file name, meta.json less its name, source and digest, and the ids' texts."""

    arrays: Mapping[str, np.ndarray]
    meta: Mapping[str, Any]
    user_ids: pa.Array
    item_ids: pa.Array


def encode(tables: Tables) -> Encoded:
    """Choose, number, encode and sort. DataError, with the place, for anything that can't be read as asked."""
    layout = arrange(tables)
    chosen = choose_rows(layout)
    layout = replace(layout, tables={**layout.tables, "row": chosen.table})
    rows = _read(layout)
    sorting = _sorted(rows)
    counts = {**chosen.counts, **rows.columns.counts, **_sizes(rows), **sorting.repeats._asdict()}
    meta = _meta(tables, layout, rows.columns, counts) | {
        "most_rows_of_users": chosen.largest,
        "order_unit": "" if rows.order is None else rows.order.unit,
    }
    return Encoded(_arrays(rows, sorting), meta, rows.users.words, rows.items.words)


@dataclass(frozen=True)
class _Rows:
    """The n interactions that were chosen, encoded, in the raw table's order."""

    users: Vocabulary
    items: Vocabulary
    labels: np.ndarray  # (n,) uint8
    order: OrderColumn | None
    given: GivenSplit | None
    true_logits: np.ndarray | None  # (n,) float64
    columns: Columns

    @property
    def user(self) -> np.ndarray:
        """(n,) int32 from 0; codes are from 1."""
        return self.users.codes - np.int32(1)

    @property
    def item(self) -> np.ndarray:
        return self.items.codes - np.int32(1)


def _read(layout: Layout) -> _Rows:
    table = layout.tables["row"]
    users = vocabulary(as_ids(table, layout.user))
    items = vocabulary(as_ids(table, layout.item))
    return _Rows(
        users,
        items,
        labels=binary_labels(layout.label, table),
        order=read_order(table, layout.order) if layout.order else None,
        given=given_split(table, *layout.split, users) if layout.split else None,
        true_logits=true_logits(table, layout.true_logit) if layout.true_logit else None,
        columns=encode_features(layout, users, items),
    )


def _sorted(rows: _Rows) -> Order:
    return order_rows(
        rows.user,
        rows.item,
        None if rows.order is None else rows.order.values,
        ids=(rows.users.words, rows.items.words),
        content=rows.columns.content(rows.labels),
        labels=rows.labels,
        part=None if rows.given is None else rows.given.part,
        true_logits=rows.true_logits,
    )


def _arrays(rows: _Rows, sorting: Order) -> dict[str, np.ndarray]:
    """By file name, in the sorted order."""
    permutation = sorting.permutation
    rows_of_user = np.bincount(rows.user)
    arrays = {
        "user_ptr": np.concatenate([[0], np.cumsum(rows_of_user)]).astype(np.int64),
        "users": rows.user[permutation],
        "items": rows.item[permutation],
        "labels": rows.labels[permutation],
        "identity": sorting.identity[permutation],
    }
    if rows.order is not None:
        arrays["order"] = rows.order.values[permutation]
    if rows.given is not None:
        arrays |= {"given-role": rows.given.role, "given-part": rows.given.part[permutation]}
    if rows.true_logits is not None:
        arrays["true-logit"] = rows.true_logits[permutation]
    return arrays | rows.columns.arrays(permutation)


def _sizes(rows: _Rows) -> dict[str, int]:
    return {
        "rows": len(rows.labels),
        "users": len(rows.users.words),
        "items": len(rows.items.words),
        "positives": int(rows.labels.sum()),
    }


def _meta(
    tables: Tables, layout: Layout, columns: Columns, counts: Mapping[str, int]
) -> dict[str, Any]:
    fields = [feature.field for feature in columns.features]
    categorical = {
        feature.column: feature.field
        for feature in layout.features
        if feature.field.kind == "categorical"
    }
    user_field, item_field = categorical.get(layout.user), categorical.get(layout.item)
    bag_owners = {name: bags.owner for name, bags in columns.owned_bags.items()}
    return {
        "label": tables.label,
        "drop": tables.drop,
        "order": layout.order,
        "fields": [{"name": each.name, "kind": each.kind, "side": each.side} for each in fields],
        "sizes": {each.name: size for each, size in zip(fields, columns.sizes, strict=True)},
        "user_field": user_field.name if user_field else None,
        "item_field": item_field.name if item_field else None,
        "bags": [[name, bag_owners.get(name, "row")] for name in columns.bag_names],
        "counts": dict(counts),
        "categories": columns.categories,
        "missing": columns.missing,
        "several_values": columns.several,
        "min_rows_per_user": layout.min_rows_per_user,
        "split": list(layout.split) if layout.split else None,
        "true_logit": layout.true_logit,
        "truth": _json(tables.truth),
        "warnings": columns.warnings,
    }


def _json(truth: Mapping[str, Any]) -> dict[str, Any]:
    """As it reads back from a file."""
    try:
        return dict(json.loads(json.dumps(dict(truth), allow_nan=False)))
    except (TypeError, ValueError) as error:
        raise DataError(f"truth: is no JSON: {error}") from error
