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
from bench.data.encoding.given_columns import given_split, true_logits
from bench.data.encoding.ordering import Order, RowKeys, order_rows
from bench.data.encoding.roles import MOST_ENTRIES, Layout, arrange
from bench.data.encoding.sorted_arrays import EncodedRows, sorted_arrays
from bench.data.tables.labels import binary_labels
from bench.data.tables.room import InMemory, Kept, Room, counts_of
from bench.data.tables.text import as_ids
from bench.data.tables.times import read_order
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


def encode(tables: Tables, room: Room | None = None) -> Encoded:
    """Choose, number, encode and sort; columns that wait, and the arrays, lie in the `room` (without one: in memory).
    DataError, with the place, for anything that can't be read as asked; OSError where the room is full."""
    room = room or InMemory()
    layout = arrange(tables, room)
    chosen = choose_rows(layout)
    layout = replace(layout, tables={**layout.tables, "row": chosen.table})
    users, counts, largest = vocabulary(chosen.users), chosen.counts, chosen.largest
    rows = _read(layout, users, room)
    # what was read is needed no more: free its memory and disk
    layout = replace(layout, tables={})
    del chosen
    rows_of_user = counts_of(rows.users.codes, len(rows.users.words) + 1)[1:]
    sorting = _sorted(rows, rows_of_user)
    counts = {**counts, **rows.columns.counts, **_sizes(rows), **sorting.repeats._asdict()}
    meta = _meta(tables, layout, rows.columns, counts) | {
        "most_rows_of_users": largest,
        "order_unit": rows.order_unit,
    }
    return Encoded(
        sorted_arrays(rows, rows_of_user, sorting), meta, rows.users.words, rows.items.words
    )


def _read(layout: Layout, users: Vocabulary, room: Room) -> EncodedRows:
    table = layout.tables["row"]
    items = vocabulary(as_ids(table, layout.item))
    labels = binary_labels(layout.label, table)
    order = read_order(table, layout.order) if layout.order else None
    given = given_split(table, *layout.split, users) if layout.split else None
    logits = true_logits(table, layout.true_logit) if layout.true_logit else None

    def kept(values: np.ndarray | None) -> Kept | None:
        return None if values is None else room.keep([values], values.dtype)

    kept_order = kept(None if order is None else order.values)
    unit = "" if order is None else order.unit
    del order  # the rest does not need it in memory
    columns = encode_features(layout, users, items, room)
    _refuse_too_many(columns, table.file)
    return EncodedRows(users, items, labels, kept_order, unit, given, kept(logits), columns, room)


def _refuse_too_many(columns: Columns, file: str) -> None:
    """Entries are int32."""
    total = sum(columns.sizes)
    if total > MOST_ENTRIES:
        size, name = max(
            zip(columns.sizes, (each.field.name for each in columns.features), strict=True)
        )
        raise DataError(
            f"the fields have {total:,} values in all, and {MOST_ENTRIES:,} is the most; {name!r} has {size:,}: give it "
            "fewer `buckets`, 1000000 say",
            file=file,
        )


def _sorted(rows: EncodedRows, rows_of_user: np.ndarray) -> Order:
    room, content = rows.room, rows.columns.content(rows.labels)
    keys = RowKeys(
        rows.users.codes,
        rows.items.codes,
        ids=(rows.users.words, rows.items.words),
        order=rows.order,
        content=room.keep(content, np.dtype(np.uint64)),
        labels=rows.labels,
        part=None if rows.given is None else rows.given.part,
        true_logits=rows.true_logits,
    )
    return order_rows(keys, rows_of_user, room)


def _sizes(rows: EncodedRows) -> dict[str, int]:
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
        **({"buckets": columns.buckets} if columns.buckets else {}),
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
