"""The same tasks with less support: of each user the rows just before the query."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bench.data.views.rows import TaskView

__all__ = ["last_support"]


def last_support(tasks: TaskView, rows: int) -> TaskView:
    """Tasks of the same users and query, with each user's last `rows` support rows, or all where there are no more. `rows`:
    0 (no support) or more."""
    lengths = np.diff(tasks.support_ptr)
    # 1 at a user's last row
    still_to_come = np.repeat(tasks.support_ptr[1:], lengths) - np.arange(len(tasks.support))
    kept = still_to_come <= rows
    return replace(
        tasks,
        support=tasks.support.take(kept),
        support_ptr=np.concatenate([[0], np.cumsum(np.minimum(lengths, rows))]).astype(np.int64),
        support_base_logits=tasks.support_base_logits[kept],
    )
