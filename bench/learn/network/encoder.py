"""From rows of a dataset to entries of the joint index, with what a fit may know: its own training rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from torch import Tensor

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
        columns = [
            train.values(field.name).astype(np.float64)
            for field in train.fields
            if field.kind == "numeric"
        ]
        return cls(train.interactions, _seen(train), *_moments(columns))

    @cached_property
    def layout(self) -> Layout:
        return layout_of(self.interactions)

    def encode(self, view: View) -> Encoded:
        """Index and weights of a view's rows."""
        layout, single = self.layout, self.layout.single
        packed = PackedRows.empty(len(view), layout)
        index, weights = packed.index.numpy(), packed.weights.numpy()
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
        return Encoded(packed.index, packed.weights, packed)

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
        entries, weights = self._padded_bags(field, width)
        owners = view.owners(field)  # (n,)
        return entries[owners], weights[owners]

    def _padded_bags(self, field: str, width: int) -> tuple[np.ndarray, np.ndarray]:
        """Of every owner's bag: (owners, width) entries and their weights 1/k; padding is the unknown entry with weight 0."""
        bags = self.interactions.bags[field]
        unknown = self.interactions.offsets[field]  # a field's first entry; codes count from it
        lengths = np.diff(bags.ptr)[:, None]  # (owners, 1)
        filled = np.arange(width) < lengths  # (owners, width)
        entries = np.full(filled.shape, unknown, dtype=np.int32)
        # owner by owner: the order in which `filled` is filled
        joint = unknown + np.asarray(bags.codes)
        entries[filled] = self._known[joint]
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
    seen[train.joint.ravel()] = True
    for field in interactions.bags:
        _, codes = train.take(_row_of_each(train.owners(field))).bags(
            field
        )  # rows of one share a bag
        seen[interactions.offsets[field] + codes] = True
    return seen


def _row_of_each(owners: np.ndarray) -> np.ndarray:
    """A row of each owner that is there, from the owner of each row (n,)."""
    rows = np.full(int(owners.max(initial=-1)) + 1, -1)
    rows[owners] = np.arange(len(owners))
    return rows[rows >= 0]


def _moments(columns: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column's present values; 0 and 1 where there is nothing to tell."""
    present = [column[~np.isnan(column)] for column in columns]
    mean = np.array([values.mean() if len(values) else 0.0 for values in present])
    deviation = np.array([values.std() if len(values) else 1.0 for values in present])
    return mean, np.where(deviation > 0, deviation, 1.0)
