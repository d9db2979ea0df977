"""Encoded features: each column of the raw tables as codes, numbers or bags, a side's table joined by its ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.data.features import BagCodes, Vocabulary, encode_bags, numeric, numeric_bits, vocabulary
from bench.data.interactions import Bags
from bench.data.layout import Feature, Layout, Owner
from bench.data.ordering import content_key
from bench.data.raw import RawTable, shown
from bench.data.text import as_ids, as_text, look_alikes

__all__ = ["Columns", "encode_features"]


@dataclass
class Columns:
    """Encoded features; (n,) arrays in the raw table's order, but bags that an item or user owns."""

    fields: list[Feature] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    categorical: list[np.ndarray] = field(default_factory=list)  # codes within the field
    numeric: list[np.ndarray] = field(default_factory=list)
    row_bags: dict[str, BagCodes] = field(default_factory=dict)
    owned_bags: dict[str, Bags] = field(default_factory=dict)
    categories: dict[str, int] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
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
        return [feature.field.name for feature in self.fields if feature.field.kind == "multi_valued"]

    def bags(self, rows: np.ndarray) -> list[Bags]:
        return [
            self.owned_bags[n] if n in self.owned_bags else self.row_bags[n].at(rows, "row") for n in self.bag_names
        ]

    def arrays(self, rows: np.ndarray) -> dict[str, np.ndarray]:
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


class _Joined(NamedTuple):
    """How rows of a table reach the interactions: row i of these has the owner `of_row[i]`, an owner its own `table` row
    `at_owner` (-1 where the table lacks it). The interactions reach themselves: both are None."""

    table: RawTable
    at_owner: np.ndarray | None = None
    of_row: np.ndarray | None = None

    def text(self, column: str) -> pa.Array:
        """Of owners that appear in the interactions; "" where the table lacks one."""
        text = as_text(self.table, column)
        if self.at_owner is None:
            return text
        return text.take(pa.array(self.at_owner, mask=self.at_owner < 0)).fill_null("")

    def numbers(self, column: str) -> np.ndarray:
        values = numeric(self.table, column)
        if self.at_owner is None:
            return values
        return np.where(self.at_owner < 0, np.float32(np.nan), values[self.at_owner])

    def absent(self) -> int:
        """Owners that the table lacks."""
        return 0 if self.at_owner is None else int(np.count_nonzero(self.at_owner < 0))

    def spread(self, values: np.ndarray) -> np.ndarray:
        """From owners to rows of the interactions."""
        return values if self.of_row is None else np.asarray(values[self.of_row])


def encode_features(layout: Layout, users: Vocabulary, items: Vocabulary, counts: dict[str, int]) -> Columns:
    columns = Columns()
    joined: dict[Owner, _Joined] = {"row": _Joined(layout.tables["row"])}
    sides: tuple[tuple[Owner, Vocabulary], ...] = (("user", users), ("item", items))
    for owner, ids in sides:
        if owner in layout.tables:
            joined[owner] = _join(layout, owner, ids)
            counts[f"{owner}s_without_features"] = joined[owner].absent()
            counts[f"{owner}s_without_rows"] = len(layout.tables[owner]) - len(ids.words) + joined[owner].absent()
    for feature in layout.features:
        columns.fields.append(feature)
        _ENCODERS[feature.field.kind](columns, feature, joined[feature.owner], {"user": users, "item": items})
    return columns


def _join(layout: Layout, owner: Owner, ids: Vocabulary) -> _Joined:
    table, name = layout.tables[owner], layout.id_column(owner)
    known = vocabulary(as_ids(table, name))
    first = np.full(len(known.words) + 1, -1, dtype=np.int64)
    first[known.codes[::-1]] = np.arange(len(table) - 1, -1, -1)
    if (row := table.first(first[known.codes] != np.arange(len(table)))) is not None:
        table.refuse(
            row, name, f"{known.words[known.codes[row] - 1].as_py()!r} is there twice; one row for each {owner}"
        )
    place = pc.fill_null(pc.index_in(ids.words, value_set=known.words), -1).to_numpy()
    if (place < 0).all():
        ours, theirs = shown(ids.words[0].as_py()), shown(known.words[0].as_py())
        rows = layout.tables["row"].file
        table.refuse_column(
            name, f"holds none of the {len(ids.words)} {owner}s of {rows}; ids are text: {theirs} here, {ours} there"
        )
    return _Joined(table, first[place + 1], ids.codes - 1)


def _categorical(columns: Columns, feature: Feature, source: _Joined, _: Mapping[str, Vocabulary]) -> None:
    known = vocabulary(source.text(feature.column))
    has_missing = len(known.words) > 0 and known.words[0].as_py() == ""
    columns.warn_of_look_alikes(feature.field.name, known.words)
    codes = source.spread(known.codes)
    columns.categorical.append(codes)
    columns.sizes.append(len(known.words) + 1)
    columns.categories[feature.field.name] = len(known.words) - has_missing
    columns.missing[feature.field.name] = int((codes == 1).sum()) if has_missing else 0


def _multi_valued(columns: Columns, feature: Feature, source: _Joined, ids: Mapping[str, Vocabulary]) -> None:
    bags, name = encode_bags(source.text(feature.column), feature.separator), feature.field.name
    columns.warn_of_look_alikes(name, bags.words)
    lengths = np.diff(bags.ptr)[bags.which]
    if feature.owner != "row":
        columns.owned_bags[name] = bags.at(np.arange(len(bags.which)), feature.owner)
    elif (cells := _one_cell_an_owner(bags, feature, ids)) is not None:
        columns.owned_bags[name] = bags.at(cells, feature.field.side)  # type: ignore[arg-type]
    else:
        columns.row_bags[name] = bags
    columns.sizes.append(len(bags.words) + 1)
    columns.categories[name] = len(bags.words)
    columns.missing[name] = int((source.spread(lengths) == 0).sum())


def _one_cell_an_owner(bags: BagCodes, feature: Feature, ids: Mapping[str, Vocabulary]) -> np.ndarray | None:
    """A cell of each user or item (whose side the field is on); None where their rows don't agree on the bag."""
    if feature.field.side not in ids:
        return None
    owners = ids[feature.field.side].codes - 1
    cells = np.empty(len(ids[feature.field.side].words), dtype=np.int64)
    cells[owners] = np.arange(len(owners))
    keys = bags.of_cells()
    return cells if (keys == keys[cells][owners]).all() else None


def _numeric(columns: Columns, feature: Feature, source: _Joined, _: Mapping[str, Vocabulary]) -> None:
    values = source.spread(source.numbers(feature.column))
    columns.numeric.append(values)
    columns.sizes.append(2)
    columns.missing[feature.field.name] = int(np.isnan(values).sum())


_ENCODERS = {"categorical": _categorical, "multi_valued": _multi_valued, "numeric": _numeric}
