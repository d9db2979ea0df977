"""Query rows as metrics and the analysis see them: labels, users, items, and what is known of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.interfaces import MetricRows

if TYPE_CHECKING:  # a report, which reads figures alone, loads no data
    from bench.data.splits.base_predictions import FitPlan
    from bench.data.splits.split import Role
    from bench.data.views.interactions import Interactions

__all__ = ["handed", "metric_rows"]


def metric_rows(plan: FitPlan, interactions: Interactions, role: Role) -> MetricRows:
    """A role's query rows, grouped by user. `plan`: by the protocol's own source of base predictions."""
    split, labels = plan.split, interactions.labels()
    query = split.rows(role, "query")
    items = np.asarray(interactions.items[query])

    # Of each user with a query row: how long the support is, and its share of positives.
    support_ptr = split.pointer(role, "support")
    support_rows = np.diff(support_ptr)
    positives = _sums(labels[split.rows(role, "support")], support_ptr)
    unknown = np.full(len(support_rows), np.nan)
    rate = np.divide(positives, support_rows, out=unknown, where=support_rows > 0)

    # Of each item: how many rows of it base models were fitted on.
    fitted_on = interactions.items[plan.star_rows]
    popularity = np.bincount(fitted_on, minlength=int(interactions.items.max()) + 1)

    query_rows = np.diff(split.pointer(role, "query"))
    return MetricRows(
        y=np.asarray(labels[query]),
        users=np.asarray(interactions.users[query]),
        items=items,
        history=np.repeat(support_rows, query_rows),
        support_rate=np.repeat(rate, query_rows),
        popularity=np.asarray(popularity[items]),
    )


def handed(rows: MetricRows, logits: np.ndarray) -> tuple[MetricRows, np.ndarray]:
    """Rows and logits (n,) as a metric is handed them: read-only copies, so that no other metric or method is scored on what
    this one wrote."""
    from bench.data.paged import read_only

    return MetricRows(*map(read_only, rows)), read_only(logits)


def _sums(values: np.ndarray, pointer: np.ndarray) -> np.ndarray:
    """(groups,) int64 sums of the values [pointer[g], pointer[g + 1]); 0 of an empty group."""
    running = np.concatenate([[0], np.cumsum(values, dtype=np.int64)])
    return running[pointer[1:]] - running[pointer[:-1]]  # type: ignore[no-any-return]
