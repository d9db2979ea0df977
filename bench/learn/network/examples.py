"""Labelled rows that a network is fitted on or scored on."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from bench.learn.network.encoder import Encoded
from bench.learn.network.packed import PackedRows

__all__ = ["Examples"]


@dataclass(frozen=True)
class Examples:
    """n labelled rows; `base_logits` (n, K) where a selector learns from them."""

    encoded: Encoded
    labels: Tensor  # (n,) float
    base_logits: Tensor | None = None

    def __post_init__(self) -> None:
        held = self.packed.labels
        if held.data_ptr() != self.labels.data_ptr():
            held.copy_(self.labels)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def packed(self) -> PackedRows:
        """The rows with their labels."""
        assert self.encoded.packed is not None, "rows that no encoder encoded"
        return self.encoded.packed
