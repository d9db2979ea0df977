"""How meta-training draws episodes: which of a user's rows are support and which are query, anew each time.

No row is in both. A drawn row keeps the base predictions of the slot that the protocol has it in."""

from __future__ import annotations

import numpy as np

from bench.learn.adaptation.task_data import TaskData
from bench.learn.adaptation.windows import Windows, whole
from bench.settings import MetaTrainSettings

__all__ = ["draw"]

LEAST_SUPPORT = 3  # of episodes like the test, where the history has as many
QUERY_SHARE = 0.25  # of the history, that of episodes like the test


def draw(tasks: TaskData, users: np.ndarray, settings: MetaTrainSettings, generator: np.random.Generator) -> Windows:
    """An episode for each of the users, as `settings.episodes` says."""
    full = whole(tasks, users)
    rows = full.stop - full.start
    longest = np.minimum(rows, settings.max_rows)
    if settings.episodes == "like-test":
        return _like_test(full, rows, settings, generator)
    if settings.episodes == "random":
        return _random(full, rows, longest, settings, generator)
    if settings.episodes == "window":
        longest = generator.integers(np.minimum(rows, 2), longest + 1)
    start = full.start + generator.integers(0, rows - longest + 1)
    return Windows(users, start, start + _support(full, longest, settings.support_fraction), start + longest)


def _support(full: Windows, length: np.ndarray, fraction: float) -> np.ndarray:
    """How many of `length` rows are support: the given share, or that of the user's whole history; one at least, and one
    left for the query. None where the history has none (a share that is given asks for two rows)."""
    rows = full.stop - full.start
    share = np.full(len(rows), fraction) if fraction else (full.cut - full.start) / rows
    some = (length > 1) & (share > 0)
    return np.where(some, np.clip(np.rint(share * length).astype(np.int64), 1, np.maximum(length - 1, 1)), 0)


def _random(
    full: Windows, rows: np.ndarray, length: np.ndarray, settings: MetaTrainSettings, generator: np.random.Generator
) -> Windows:
    """Rows of the whole history in an order drawn at random: support first, then query."""
    user = np.repeat(np.arange(len(rows)), rows)
    first = np.cumsum(rows) - rows
    own = np.arange(rows.sum()) - np.repeat(first - full.start, rows)  # the users' rows, end to end
    order = own[np.lexsort((generator.random(len(own)), user))]
    cut = first + _support(full, length, settings.support_fraction)
    return Windows(full.users, first, cut, first + length, order=order)


def _like_test(full: Windows, rows: np.ndarray, settings: MetaTrainSettings, generator: np.random.Generator) -> Windows:
    """Supports of log-uniform size somewhere in the history, the query the quarter of the history that follows; users count
    by their query rows, as in a log loss over all rows."""
    query = np.clip(np.rint(rows * QUERY_SHARE).astype(np.int64), 1, max(1, settings.max_rows // 2))
    most = np.minimum(np.minimum(rows, settings.max_rows) - query, settings.max_support)
    least = np.minimum(most, LEAST_SUPPORT)
    drawn = np.exp(generator.uniform(np.log(np.maximum(least, 1)), np.log(most + 1)))
    support = np.where(most > 0, np.clip(drawn.astype(np.int64), least, most), 0)
    start = full.start + generator.integers(0, rows - support - query + 1)
    cut = start + support
    return Windows(full.users, start, cut, cut + query, weights=query / query.mean())
