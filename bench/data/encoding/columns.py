"""Encoded features: each column of the raw tables as codes, numbers or bags, a side's table joined by its ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from bench.data.encoding.features import BagCodes, Vocabulary, encode_bags, numeric_bits, vocabulary
from bench.data.encoding.joined import Joined, join
from bench.data.encoding.ordering import content_key
from bench.data.encoding.roles import Feature, Layout, Owner
from bench.data.tables.raw import shown
from bench.data.tables.text import look_alikes
from bench.data.views.interactions import Bags

__all__ = ["Columns", "encode_features"]


@dataclass
class Columns:
    """Encoded features; (n,) arrays in the raw table's order, but bags that an item or user owns."""

    features: list[Feature] = field(default_factory=list)
    # of each feature: its entries in the joint index
    sizes: list[int] = field(default_factory=list)
    # values
    categorical: list[np.ndarray] = field(default_factory=list)  # codes within the field
    numeric: list[np.ndarray] = field(default_factory=list)
    row_bags: dict[str, BagCodes] = field(default_factory=dict)
    owned_bags: dict[str, Bags] = field(default_factory=dict)  # once an item or user
    # what is told about the data
    categories: dict[str, int] = field(default_factory=dict)  # distinct values of a field
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

    def content(self, labels: np.ndarray) -> np.ndarray:
        """(n,) uint64: equal where rows agree in label and all features."""
        bags = [codes.of_cells() for codes in self.row_bags.values()]
        return content_key([labels, *self.categorical, *map(numeric_bits, self.numeric), *bags])

    @property
    def bag_names(self) -> list[str]:
        return [
            feature.field.name for feature in self.features if feature.field.kind == "multi_valued"
        ]

    def bags(self, rows: np.ndarray) -> list[Bags]:
        """Bags that rows own in the order of `rows`, as `arrays`."""
        return [
            self.owned_bags[name]
            if name in self.owned_bags
            else self.row_bags[name].at(rows, "row")
            for name in self.bag_names
        ]

    def arrays(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """By file name, as bench.data.views.interactions reads them; `rows` (n,): the raw table's rows in their new order."""
        starts = np.concatenate([[0], np.cumsum(self.sizes)])
        joint = np.empty((len(rows), len(self.categorical)), dtype=np.int32)
        for number, codes in enumerate(self.categorical):
            np.add(codes[rows], np.int32(starts[number]), out=joint[:, number])
        values = np.empty((len(rows), len(self.numeric)), dtype=np.float32)
        for number, column in enumerate(self.numeric):
            values[:, number] = column[rows]
        arrays = {"categorical": joint, "numeric": values}
        for number, bags in enumerate(self.bags(rows)):
            arrays |= {f"bags-{number}-ptr": bags.ptr, f"bags-{number}-codes": bags.codes}
        return arrays


def encode_features(layout: Layout, users: Vocabulary, items: Vocabulary) -> Columns:
    """`users` and `items`: the ids of the interactions."""
    columns = Columns()
    ids = {"user": users, "item": items}
    sources: dict[Owner, Joined] = {"row": Joined(layout.tables["row"])}
    sides: tuple[Owner, ...] = ("user", "item")
    for owner in sides:
        if owner in layout.tables:
            sources[owner] = join(layout, owner, ids[owner])
            absent = sources[owner].absent()
            in_both = len(ids[owner].words) - absent
            columns.counts[f"{owner}s_without_features"] = absent
            columns.counts[f"{owner}s_without_rows"] = len(layout.tables[owner]) - in_both
    for feature in layout.features:
        columns.features.append(feature)
        _ENCODERS[feature.field.kind](columns, feature, sources[feature.owner], ids)
    return columns


def _categorical(
    columns: Columns, feature: Feature, source: Joined, ids: Mapping[str, Vocabulary]
) -> None:
    name, known = feature.field.name, vocabulary(source.text(feature.column))
    # sorted: "" comes first, as code 1
    has_missing = len(known.words) > 0 and known.words[0].as_py() == ""
    codes = source.spread(known.codes)  # (n,)
    columns.warn_of_look_alikes(name, known.words)
    columns.categorical.append(codes)
    columns.sizes.append(len(known.words) + 1)  # and unknown
    columns.categories[name] = len(known.words) - has_missing
    columns.missing[name] = int((codes == 1).sum()) if has_missing else 0
    _count_several(columns, feature, codes, ids)


def _multi_valued(
    columns: Columns, feature: Feature, source: Joined, ids: Mapping[str, Vocabulary]
) -> None:
    name, side = feature.field.name, feature.field.side
    bags = encode_bags(source.text(feature.column), feature.separator)  # a cell a row of the source
    columns.warn_of_look_alikes(name, bags.words)
    several = _count_several(columns, feature, bags.of_cells(), ids)
    if feature.owner != "row":
        columns.owned_bags[name] = bags.at(np.arange(len(bags.which)), feature.owner)
    elif (
        side != "context" and several == 0
    ):  # all rows of a user or item agree: kept once, any row has it
        columns.owned_bags[name] = bags.at(_last_rows(ids[side]), side)
    else:
        columns.row_bags[name] = bags
    lengths = np.diff(bags.ptr)[bags.which]
    columns.sizes.append(len(bags.words) + 1)
    columns.categories[name] = len(bags.words)
    columns.missing[name] = int((source.spread(lengths) == 0).sum())


def _numeric(
    columns: Columns, feature: Feature, source: Joined, ids: Mapping[str, Vocabulary]
) -> None:
    values = source.spread(source.numbers(feature.column))  # (n,)
    columns.numeric.append(values)
    columns.sizes.append(2)  # the value's entry and the missing value's
    columns.missing[feature.field.name] = int(np.isnan(values).sum())
    _count_several(columns, feature, numeric_bits(values), ids)


_ENCODERS = {"categorical": _categorical, "multi_valued": _multi_valued, "numeric": _numeric}


def _count_several(
    columns: Columns, feature: Feature, keys: np.ndarray, ids: Mapping[str, Vocabulary]
) -> int:
    """How many users or items, whose side the field is on, have rows that differ in it; kept where there are any. keys (n,)
    are equal where values are."""
    if feature.owner != "row" or feature.field.side not in ids:
        return 0
    owners = ids[feature.field.side]
    owner_of_row = owners.codes - 1  # (n,)
    key_of_owner = keys[_last_rows(owners)]  # (V,)
    differs = keys != key_of_owner[owner_of_row]
    count = len(np.unique(owner_of_row[differs]))
    if count:
        columns.several[feature.field.name] = count
    return count


def _last_rows(owners: Vocabulary) -> np.ndarray:
    """(V,) a row of each user or item: the last."""
    rows = np.empty(len(owners.words), dtype=np.int64)
    rows[owners.codes - 1] = np.arange(len(owners.codes))
    return rows
