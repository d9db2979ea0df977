"""From rows of a dataset to entries of the joint index, with what a fit may know: its own training rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from bench.data.views.interactions import Interactions
from bench.data.views.rows import View
from bench.learn.network.lookup import Layout

__all__ = ["Encoded", "Encoder", "layout_of"]


@dataclass(frozen=True)
class Encoded:
    """n rows as entries: index (n, E) int32 into the joint index; weights (n, E - single) float32 of those that are not
    categorical (see Layout)."""

    index: Tensor
    weights: Tensor


def layout_of(interactions: Interactions) -> Layout:
    """The layout of a dataset; the longest bag of a multi-valued field sets its width."""
    starts = [0]
    for field in interactions.fields:
        width = {"categorical": 1, "numeric": 2}.get(field.kind) or _longest_bag(interactions, field.name)
        starts.append(starts[-1] + width)
    return Layout(interactions.fields, tuple(starts))


def _longest_bag(interactions: Interactions, field: str) -> int:
    lengths = np.diff(interactions.bags[field].ptr)
    return max(1, int(lengths.max(initial=0)))


@dataclass(frozen=True)
class Encoder:
    """Values that the training rows don't have become unknown; numeric fields are standardised by those rows alone."""

    interactions: Interactions
    seen: np.ndarray  # (J,) bool
    mean: np.ndarray  # (numeric fields,) float64
    deviation: np.ndarray

    @classmethod
    def fit(cls, train: View) -> Encoder:
        interactions = train.interactions
        seen = np.zeros(interactions.entries, dtype=bool)
        seen[train.joint.ravel()] = True
        for name in interactions.bags:
            offset = interactions.offsets[name]
            seen[offset + train.take(_first_of_each(train.owners(name))).bags(name)[1]] = True
        columns = [train.values(field.name).astype(np.float64) for field in train.fields if field.kind == "numeric"]
        return cls(interactions, seen, *_moments(columns))

    @cached_property
    def layout(self) -> Layout:
        return layout_of(self.interactions)

    @cached_property
    def _remap(self) -> np.ndarray:
        """(J,) int32: each entry itself where seen, else its field's unknown entry."""
        remap = np.arange(self.interactions.entries, dtype=np.int32)
        for field in self.interactions.fields:
            if field.kind != "numeric":
                offset = self.interactions.offsets[field.name]
                own = slice(offset, offset + self.interactions.sizes[field.name])
                remap[own] = np.where(self.seen[own], remap[own], np.int32(offset))
        return remap

    def encode(self, view: View) -> Encoded:
        """Index and weights of a view's rows."""
        n, layout = len(view), self.layout
        index = np.empty((n, layout.entries), dtype=np.int32)
        weights = np.empty((n, layout.entries - layout.single), dtype=np.float32)
        index[:, : layout.single] = self._remap[view.joint]
        numeric = 0
        for field, start, stop in zip(layout.fields, layout.starts, layout.starts[1:], strict=False):
            if field.kind == "multi_valued":
                padded, shares = self._padded_bags(field.name, stop - start)
                owners = view.owners(field.name)
                index[:, start:stop] = padded[owners]
                weights[:, start - layout.single : stop - layout.single] = shares[owners]
            elif field.kind == "numeric":
                index[:, start:stop] = self.interactions.offsets[field.name] + np.arange(2)
                weights[:, start - layout.single : stop - layout.single] = self._standardised(view, field.name, numeric)
                numeric += 1
        return Encoded(torch.from_numpy(index), torch.from_numpy(weights))

    def _padded_bags(self, field: str, width: int) -> tuple[np.ndarray, np.ndarray]:
        """(owners, width) entries and their weights 1/k; padding is the unknown entry with weight 0."""
        bags, offset = self.interactions.bags[field], self.interactions.offsets[field]
        lengths = np.diff(bags.ptr)
        filled = np.arange(width) < lengths[:, None]
        entries = np.full(filled.shape, offset, dtype=np.int32)
        entries[filled] = self._remap[offset + np.asarray(bags.codes)]
        shares = np.where(filled, 1 / np.maximum(lengths, 1)[:, None], 0)
        return entries, shares.astype(np.float32)

    def _standardised(self, view: View, field: str, number: int) -> np.ndarray:
        """(n, 2): the standardised value and 0, or 0 and 1 where it is missing."""
        values = view.values(field).astype(np.float64)
        missing = np.isnan(values)
        scaled = np.where(missing, 0, (values - self.mean[number]) / self.deviation[number])
        return np.stack([scaled, missing], axis=1).astype(np.float32)


def _first_of_each(owners: np.ndarray) -> np.ndarray:
    return np.unique(owners, return_index=True)[1]


def _moments(columns: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column's present values; 0 and 1 where there is nothing to tell."""
    present = [column[~np.isnan(column)] for column in columns]
    mean = np.array([values.mean() if len(values) else 0.0 for values in present])
    deviation = np.array([values.std() if len(values) else 1.0 for values in present])
    return mean, np.where(deviation > 0, deviation, 1.0)
