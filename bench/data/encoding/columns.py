"""Encoded features: each column of the raw tables as codes, numbers or bags, a side's table joined by its ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from bench.data.encoding.features import BagCodes, Vocabulary, encode_bags, numeric_bits, vocabulary
from bench.data.encoding.hashing import content_key
from bench.data.encoding.joined import Joined, join
from bench.data.encoding.roles import Feature, Layout, Owner
from bench.data.tables.raw import shown
from bench.data.tables.room import Kept, Room, windows
from bench.data.tables.text import look_alikes
from bench.data.views.interactions import Bags

__all__ = ["Columns", "RowBags", "encode_features"]


@dataclass(frozen=True)
class RowBags:
    """Bags that rows own: each distinct one once, and which of them a row has."""

    bags: BagCodes
    which: Kept  # (n,) int32


@dataclass
class Columns:
    """Encoded features; (n,) arrays in the raw table's order, but bags that an item or user owns."""

    room: Room
    features: list[Feature] = field(default_factory=list)
    # of each feature: its entries in the joint index
    sizes: list[int] = field(default_factory=list)
    # values
    categorical: list[Kept] = field(default_factory=list)  # int32 codes within the field
    numeric: list[Kept] = field(default_factory=list)  # float32
    row_bags: dict[str, RowBags] = field(default_factory=dict)
    owned_bags: dict[str, Bags] = field(default_factory=dict)  # once an item or user
    # what is told about the data
    buckets: dict[str, int] = field(default_factory=dict)  # of the fields that are hashed
    # distinct values of a field; of one that is hashed, its buckets that have a row
    categories: dict[str, int] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)  # rows without a value of a field
    # users or items whose rows differ in a field of their side
    several: dict[str, int] = field(default_factory=dict)
    # users and items that only one of two joined tables has
    counts: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def warn_of_look_alikes(self, name: str, words: pa.Array) -> None:
        if (pair := look_alikes(words)) is not None:
            word, other = map(shown, pair)
            self.warnings.append(
                f"field {name!r}: {word} and {other} differ only by spaces around them; kept as two values"
            )

    def keep(self, values: np.ndarray) -> Kept:
        return self.room.keep([values], values.dtype)

    def content(self, labels: np.ndarray) -> Iterator[np.ndarray]:
        """(n,) uint64, in parts: equal where rows agree in label and all features."""
        for rows in windows(len(labels)):
            yield content_key(
                [
                    labels[rows],
                    *(codes.part(rows) for codes in self.categorical),
                    *(numeric_bits(values.part(rows)) for values in self.numeric),
                    *(own.bags.keys[own.which.part(rows)] for own in self.row_bags.values()),
                ]
            )

    @property
    def bag_names(self) -> list[str]:
        return [
            feature.field.name for feature in self.features if feature.field.kind == "multi_valued"
        ]


class _Ids(NamedTuple):
    """The ids of the interactions, as numbered."""

    of_side: Mapping[str, Vocabulary]
    of_column: Mapping[str, Vocabulary]


def encode_features(layout: Layout, users: Vocabulary, items: Vocabulary, room: Room) -> Columns:
    """`users` and `items`: the ids of the interactions."""
    columns = Columns(room)
    ids = _Ids({"user": users, "item": items}, {layout.user: users, layout.item: items})
    sources: dict[Owner, Joined] = {"row": Joined(layout.tables["row"])}
    sides: tuple[Owner, ...] = ("user", "item")
    for owner in sides:
        if owner in layout.tables:
            sources[owner] = join(layout, owner, ids.of_side[owner])
            absent = sources[owner].absent()
            in_both = len(ids.of_side[owner].words) - absent
            columns.counts[f"{owner}s_without_features"] = absent
            columns.counts[f"{owner}s_without_rows"] = len(layout.tables[owner]) - in_both
    for feature in layout.features:
        columns.features.append(feature)
        _ENCODERS[feature.field.kind](columns, feature, sources[feature.owner], ids)
    return columns


def _categorical(columns: Columns, feature: Feature, source: Joined, ids: _Ids) -> None:
    if feature.buckets:
        _in_buckets(columns, feature, source, ids)
        return
    name, known = feature.field.name, _vocabulary(feature, source, ids)
    # sorted: "" comes first, as code 1
    has_missing = len(known.words) > 0 and known.words[0].as_py() == ""
    codes = source.spread(known.codes)  # (n,)
    columns.warn_of_look_alikes(name, known.words)
    columns.categorical.append(columns.keep(codes))
    columns.sizes.append(len(known.words) + 1)  # and unknown
    columns.categories[name] = len(known.words) - has_missing
    columns.missing[name] = int((codes == 1).sum()) if has_missing else 0
    _count_several(columns, feature, codes, ids)


def _in_buckets(columns: Columns, feature: Feature, source: Joined, ids: _Ids) -> None:
    """Codes from 1, as those of words; a missing value is a text like any other."""
    name = feature.field.name
    found = source.hashed(feature.column, feature.buckets)
    codes = source.spread(found.buckets) + np.int32(1)
    columns.categorical.append(columns.keep(codes))
    columns.sizes.append(feature.buckets + 1)
    columns.buckets[name] = feature.buckets
    columns.categories[name] = len(np.unique(codes))
    columns.missing[name] = int(source.spread(found.missing).sum())
    _count_several(columns, feature, codes, ids)


def _vocabulary(feature: Feature, source: Joined, ids: _Ids) -> Vocabulary:
    known = ids.of_column.get(feature.column) if feature.owner == "row" else None
    return known or vocabulary(source.text(feature.column))


def _multi_valued(columns: Columns, feature: Feature, source: Joined, ids: _Ids) -> None:
    name, side = feature.field.name, feature.field.side
    bags = encode_bags(source.text(feature.column), feature.separator)  # a cell a row of the source
    columns.warn_of_look_alikes(name, bags.words)
    several = _count_several(columns, feature, bags.keys[bags.which], ids)
    if feature.owner != "row":
        columns.owned_bags[name] = bags.at(bags.which, feature.owner)
    elif (
        side != "context" and several == 0
    ):  # all rows of a user or item agree: kept once, any row has it
        columns.owned_bags[name] = bags.at(bags.which[_last_rows(ids.of_side[side])], side)
    else:
        columns.row_bags[name] = RowBags(bags, columns.keep(bags.which))
    lengths = np.diff(bags.ptr)[bags.which]
    columns.sizes.append(len(bags.words) + 1)
    columns.categories[name] = len(bags.words)
    columns.missing[name] = int((source.spread(lengths) == 0).sum())


def _numeric(columns: Columns, feature: Feature, source: Joined, ids: _Ids) -> None:
    values = source.spread(source.numbers(feature.column))  # (n,)
    columns.numeric.append(columns.keep(values))
    columns.sizes.append(2)  # the value's entry and the missing value's
    columns.missing[feature.field.name] = int(np.isnan(values).sum())
    _count_several(columns, feature, numeric_bits(values), ids)


_ENCODERS = {"categorical": _categorical, "multi_valued": _multi_valued, "numeric": _numeric}


def _count_several(columns: Columns, feature: Feature, keys: np.ndarray, ids: _Ids) -> int:
    """How many users or items, whose side the field is on, have rows that differ in it; kept where there are any. keys (n,)
    are equal where values are."""
    if feature.owner != "row" or feature.field.side not in ids.of_side:
        return 0
    owners = ids.of_side[feature.field.side]
    key_of_owner = keys[_last_rows(owners)]  # (V,)
    differs = np.zeros(len(owners.words), dtype=bool)
    for rows in windows(len(keys)):
        owner_of_row = owners.codes[rows] - 1
        differs[owner_of_row[keys[rows] != key_of_owner[owner_of_row]]] = True
    if count := int(differs.sum()):
        columns.several[feature.field.name] = count
    return count


def _last_rows(owners: Vocabulary) -> np.ndarray:
    """(V,) a row of each user or item: the last."""
    last = np.empty(len(owners.words), dtype=np.int64)
    for rows in windows(len(owners.codes)):
        last[owners.codes[rows] - 1] = np.arange(rows.start, rows.stop)
    return last
