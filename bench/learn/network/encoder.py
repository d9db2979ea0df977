"""From rows of a dataset to entries of the joint index, with what a fit may know: its own training rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from torch import Tensor

from bench.data.paged import blocks
from bench.data.views.interactions import Interactions
from bench.data.views.rows import View
from bench.interfaces import Field
from bench.learn.network.lookup import Layout
from bench.learn.network.packed import PackedRows

__all__ = ["Encoded", "Encoder", "layout_of"]


@dataclass(frozen=True)
class Encoded:
    """n rows as entries: index (n, E) int32 into the joint index; weights (n, E - single) float32 of those that are not
    categorical (see Layout)."""

    index: Tensor
    weights: Tensor
    packed: PackedRows | None = None  # what both are views of, where they are an encoder's

    def rows(self, layout: Layout) -> PackedRows:
        """As training and prediction read them; a copy where they are not an encoder's."""
        if self.packed is not None:
            return self.packed
        packed = PackedRows.empty(len(self.index), layout)
        packed.index.copy_(self.index)
        packed.weights.copy_(self.weights)
        return packed


def layout_of(interactions: Interactions) -> Layout:
    """The layout of a dataset; the longest bag of a multi-valued field sets its width."""
    starts = [0]
    for field in interactions.fields:
        starts.append(starts[-1] + _width(interactions, field))
    return Layout(interactions.fields, tuple(starts))


def _width(interactions: Interactions, field: Field) -> int:
    """How many entries of a row are the field's."""
    if field.kind == "categorical":
        return 1
    if field.kind == "numeric":
        return 2
    bag_lengths = np.diff(interactions.bags[field.name].ptr)
    return max(1, int(bag_lengths.max(initial=0)))


@dataclass(frozen=True)
class Encoder:
    """Values that the training rows don't have become unknown; numeric fields are standardised by those rows alone."""

    interactions: Interactions
    seen: np.ndarray  # (J,) bool
    mean: np.ndarray  # (numeric fields,) float64
    deviation: np.ndarray

    @classmethod
    def fit(cls, train: View) -> Encoder:
        numeric = [field.name for field in train.fields if field.kind == "numeric"]
        moments = [_moments(train.values(field)) for field in numeric]
        mean, deviation = np.array(moments).reshape(-1, 2).T
        return cls(train.interactions, _seen(train), mean, deviation)

    @cached_property
    def layout(self) -> Layout:
        return layout_of(self.interactions)

    def encode(self, view: View) -> Encoded:
        """Index and weights of a view's rows."""
        packed = PackedRows.empty(len(view), self.layout)
        for rows, part in zip(blocks(len(view)), view.blocks(), strict=True):
            self._encode(part, packed.index[rows].numpy(), packed.weights[rows].numpy())
        return Encoded(packed.index, packed.weights, packed)

    def _encode(self, view: View, index: np.ndarray, weights: np.ndarray) -> None:
        """To index (n, E) and weights (n, E - single)."""
        layout, single = self.layout, self.layout.single
        # all categorical fields at once; they come first
        index[:, :single] = self._known[view.joint]
        for field in layout.fields[single:]:
            span = layout.span(field.name)
            if field.kind == "multi_valued":
                entries, of_field = self._bags(view, field.name, width=span.stop - span.start)
            else:
                entries, of_field = self._numbers(view, field.name)
            index[:, span] = entries
            weights[:, span.start - single : span.stop - single] = of_field

    @cached_property
    def _known(self) -> np.ndarray:
        """(J,) int32: each entry itself where seen, else its field's unknown entry."""
        known = np.arange(self.interactions.entries, dtype=np.int32)
        for field in self.interactions.fields:
            if field.kind != "numeric":  # a numeric field's entries are no values: none is unknown
                unknown = self.interactions.offsets[field.name]
                own = slice(unknown, unknown + self.interactions.sizes[field.name])
                known[own] = np.where(self.seen[own], known[own], np.int32(unknown))
        return known

    def _bags(self, view: View, field: str, width: int) -> tuple[np.ndarray, np.ndarray]:
        """(n, width) entries of a multi-valued field, and their weights."""
        if self.interactions.bags[field].owner == "row":  # as many as there are rows
            return self._padded(field, width, *view.bags(field))
        if field not in self._of_owners:
            bags = self.interactions.bags[field]
            self._of_owners[field] = self._padded(field, width, bags.ptr, bags.codes)
        entries, weights = self._of_owners[field]
        owners = view.owners(field)  # (n,)
        return entries[owners], weights[owners]

    @cached_property
    def _of_owners(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Field to the padded bags of all users or items."""
        return {}

    def _padded(
        self, field: str, width: int, ptr: np.ndarray, codes: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Of every bag: (bags, width) entries and their weights 1/k; padding is the unknown entry with weight 0."""
        unknown = self.interactions.offsets[field]  # a field's first entry; codes count from it
        lengths = np.diff(ptr)[:, None]  # (bags, 1)
        filled = np.arange(width) < lengths  # (bags, width)
        entries = np.full(filled.shape, unknown, dtype=np.int32)
        # bag by bag: the order in which `filled` is filled
        entries[filled] = self._known[unknown + np.asarray(codes)]
        weights = np.where(filled, 1 / np.maximum(lengths, 1), 0)
        return entries, weights.astype(np.float32)

    def _numbers(self, view: View, field: str) -> tuple[np.ndarray, np.ndarray]:
        """(2,) entries of a numeric field, its value's and its missing value's, the same in all rows; and their weights
        (n, 2): the standardised value and 0, or 0 and 1 where it is missing."""
        entries = self.interactions.offsets[field] + np.arange(2)
        number = self._numeric_fields.index(field)
        values = view.values(field).astype(np.float64)
        missing = np.isnan(values)
        standardised = (values - self.mean[number]) / self.deviation[number]
        weights = np.stack([np.where(missing, 0, standardised), missing], axis=1)
        return entries, weights.astype(np.float32)

    @cached_property
    def _numeric_fields(self) -> list[str]:
        return [field.name for field in self.interactions.fields if field.kind == "numeric"]


def _seen(train: View) -> np.ndarray:
    """(J,) bool: the entries that the training rows have, in categorical fields and in bags."""
    interactions = train.interactions
    seen = np.zeros(interactions.entries, dtype=bool)
    for rows in train.blocks():
        seen[rows.joint.ravel()] = True
        for field in interactions.bags:
            # rows of one owner share a bag
            _, codes = rows.take(_row_of_each(rows.owners(field))).bags(field)
            seen[interactions.offsets[field] + codes] = True
    return seen


def _row_of_each(owners: np.ndarray) -> np.ndarray:
    """A row of each owner that is there, from the owner of each row (n,)."""
    first = int(owners.min(initial=0))
    rows = np.full(int(owners.max(initial=-1)) - first + 1, -1)
    rows[owners - first] = np.arange(len(owners))
    return rows[rows >= 0]


def _moments(column: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of a column's present values; 0 and 1 where there is nothing to tell."""
    present = column[~np.isnan(column)].astype(np.float64)
    deviation = present.std() if len(present) else 1.0
    return present.mean() if len(present) else 0.0, deviation if deviation > 0 else 1.0
