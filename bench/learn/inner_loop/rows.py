"""A padded block's real rows, as the kernels read them."""

from __future__ import annotations

import numpy as np

from bench.interfaces import Block
from bench.learn.inner_loop.kernels.program import Bags, Rows

__all__ = ["rows_of"]


def rows_of(block: Block, with_pool: bool) -> Rows:
    present = block.mask.numpy() > 0  # (U, n)
    labels = block.labels.numpy()[present]
    selector, selector_rows = _bags(block, "selector", present, labels.dtype)
    pool, pool_rows = selector, 0
    base_logits = np.empty((0, 0), labels.dtype)
    if with_pool:
        pool, pool_rows = _bags(block, "pool", present, labels.dtype)
    else:
        assert block.base_logits is not None, "tasks carry base logits where the pool stays"
        base_logits = block.base_logits.numpy()[present]
    pointer = np.concatenate([[0], np.cumsum(present.sum(axis=1))])
    return Rows(pointer, pool, selector, pool_rows, selector_rows, labels, base_logits)


def _bags(
    block: Block, component: str, present: np.ndarray, dtype: np.dtype[np.float32]
) -> tuple[Bags, int]:
    """And how many rows a user's own table has."""
    starts, entries, weights, rows = block.entries[component].bags(present)
    own = rows // max(len(present), 1)
    return Bags(starts, entries, weights.astype(dtype, copy=False)), own
