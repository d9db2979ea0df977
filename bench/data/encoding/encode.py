"""Raw tables to the encoded arrays of bench.data.views.interactions: rows chosen, numbered, encoded and sorted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from bench.data.encoding.columns import Columns, encode_features
from bench.data.encoding.features import vocabulary
from bench.data.encoding.given_columns import given_split, true_logits
from bench.data.encoding.ordering import order_rows
from bench.data.encoding.roles import Layout, arrange
from bench.data.tables.labels import binary_labels, holds
from bench.data.tables.raw import RawTable
from bench.data.tables.text import as_ids
from bench.data.tables.times import order_of
from bench.errors import DataError
from bench.interfaces import Tables

__all__ = ["Encoded", "encode"]

_LARGEST = 100  # users whose row counts are kept, to say which min_rows_per_user would leave so many


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
    kept, counts, largest = _choose_rows(layout)
    layout = replace(layout, tables={**layout.tables, "row": kept})
    users, items = (vocabulary(as_ids(kept, name)) for name in (layout.user, layout.item))
    labels = binary_labels(layout.label, kept)
    order = order_of(kept, layout.order) if layout.order else None
    given = given_split(kept, *layout.split, users) if layout.split else None
    logits = true_logits(kept, layout.true_logit) if layout.true_logit else None
    columns = encode_features(layout, users, items, counts)
    ids = (users.words, items.words)
    content, part = columns.content(labels), given.part if given else None
    sorting = order_rows(users.codes - 1, items.codes - 1, order, ids, content, labels, part, logits)
    counts |= {"rows": len(labels), "users": len(ids[0]), "items": len(ids[1]), "positives": int(labels.sum())}
    counts |= sorting.repeats._asdict()
    rows = sorting.permutation
    arrays = {
        "user_ptr": np.concatenate([[0], np.cumsum(np.bincount(users.codes - 1))]).astype(np.int64),
        "users": users.codes[rows] - np.int32(1),
        "items": items.codes[rows] - np.int32(1),
        "labels": labels[rows],
        "identity": sorting.identity[rows],
        **({} if order is None else {"order": order[rows]}),
        **({} if given is None else {"given-role": given.role, "given-part": given.part[rows]}),
        **({} if logits is None else {"true-logit": logits[rows]}),
        **columns.arrays(rows),
    }
    meta = _meta(tables, layout, columns, counts)
    return Encoded(arrays, meta | {"most_rows_of_users": largest}, *ids)


def _choose_rows(layout: Layout) -> tuple[RawTable, dict[str, int], list[int]]:
    """The interactions that `drop` and `min_rows_per_user` leave, how many each left out, and the largest users' rows."""
    table = layout.tables["row"]
    dropped = holds(layout.drop, table) if layout.drop else np.zeros(len(table), dtype=bool)
    if dropped.all():
        raise DataError(f"{table.file}: drop leaves none of {len(table)} rows")
    kept = table.where(~dropped) if dropped.any() else table
    users = vocabulary(as_ids(kept, layout.user)).codes - 1
    rows = np.bincount(users)
    few = rows < layout.min_rows_per_user
    if few.all():
        raise DataError(
            f"{table.file}: min_rows_per_user: {layout.min_rows_per_user} leaves 0 of {len(rows)} users "
            f"(0 of {len(kept)} rows); the largest that leaves one is {rows.max()} "
            "(the protocol may need more users)"
        )
    counts = {
        "dropped_rows": int(dropped.sum()),
        **({"users_before_filter": len(rows), "rows_before_filter": len(kept)} if layout.min_rows_per_user > 1 else {}),
        "dropped_users": int(few.sum()),
        "dropped_rows_of_users": int(rows[few].sum()),
    }
    largest = np.sort(rows)[::-1][:_LARGEST].tolist()
    return (kept.where(~few[users]) if few.any() else kept), counts, largest


def _meta(tables: Tables, layout: Layout, columns: Columns, counts: Mapping[str, int]) -> dict[str, Any]:
    named = {feature.column: feature.field for feature in layout.features if feature.field.kind == "categorical"}
    fields = [feature.field for feature in columns.fields]
    owners = {name: bags.owner for name, bags in columns.owned_bags.items()}
    return {
        "label": tables.label,
        "drop": tables.drop,
        "order": layout.order,
        "fields": [{"name": each.name, "kind": each.kind, "side": each.side} for each in fields],
        "sizes": {each.name: size for each, size in zip(fields, columns.sizes, strict=True)},
        "user_field": named[layout.user].name if layout.user in named else None,
        "item_field": named[layout.item].name if layout.item in named else None,
        "bags": [[name, owners.get(name, "row")] for name in columns.bag_names],
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
