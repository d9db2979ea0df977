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


def draw(
    tasks: TaskData, users: np.ndarray, settings: MetaTrainSettings, generator: np.random.Generator
) -> Windows:
    """An episode for each of the users, as `settings.episodes` says."""
    history = whole(tasks, users)
    if settings.episodes == "like-test":
        return _like_test(history, settings, generator)
    if settings.episodes == "random":
        return _random(history, settings, generator)
    return _consecutive(history, settings, generator)


def _consecutive(
    history: Windows, settings: MetaTrainSettings, generator: np.random.Generator
) -> Windows:
    """Chronological: as many rows as are allowed, somewhere in the history; window: of a random length, too."""
    rows = history.stop - history.start  # (users,)
    length = np.minimum(rows, settings.max_rows)  # (users,): rows of the episode
    if settings.episodes == "window":
        length = generator.integers(np.minimum(rows, 2), length + 1)
    start = history.start + generator.integers(0, rows - length + 1)
    cut = start + _support(history, length, settings.support_fraction)
    return Windows(history.users, start, cut, stop=start + length)


def _random(
    history: Windows, settings: MetaTrainSettings, generator: np.random.Generator
) -> Windows:
    """Rows of the whole history in an order drawn at random: support first, then query."""
    rows = history.stop - history.start
    length = np.minimum(rows, settings.max_rows)
    # of each user's rows in `order`, where all histories lie end to end
    start = np.cumsum(rows) - rows
    user = np.repeat(np.arange(len(rows)), rows)
    in_order_of_time = np.arange(rows.sum()) + np.repeat(history.start - start, rows)
    # shuffled within each user
    order = in_order_of_time[np.lexsort((generator.random(len(user)), user))]
    cut = start + _support(history, length, settings.support_fraction)
    return Windows(history.users, start, cut, stop=start + length, order=order)


def _like_test(
    history: Windows, settings: MetaTrainSettings, generator: np.random.Generator
) -> Windows:
    """Supports of log-uniform size somewhere in the history, the query the quarter of the history that follows; users count
    by their query rows, as in a log loss over all rows."""
    rows = history.stop - history.start
    quarter = np.rint(rows * QUERY_SHARE).astype(np.int64)
    query = np.clip(quarter, 1, max(1, settings.max_rows // 2))
    most = np.minimum(np.minimum(rows, settings.max_rows) - query, settings.max_support)
    least = np.minimum(most, LEAST_SUPPORT)
    log_uniform = np.exp(generator.uniform(np.log(np.maximum(least, 1)), np.log(most + 1)))
    support = np.where(most > 0, np.clip(log_uniform.astype(np.int64), least, most), 0)
    start = history.start + generator.integers(0, rows - support - query + 1)
    cut = start + support
    return Windows(history.users, start, cut, stop=cut + query, weights=query / query.mean())


def _support(history: Windows, length: np.ndarray, fraction: float) -> np.ndarray:
    """How many of `length` rows are support: the given share, or that of the user's whole history; one at least, and one
    left for the query. None where the history has none (a share that is given asks for two rows)."""
    rows = history.stop - history.start
    share = np.full(len(rows), fraction) if fraction else (history.cut - history.start) / rows
    wanted = np.rint(share * length).astype(np.int64)
    has_support = (length > 1) & (share > 0)
    return np.where(has_support, np.clip(wanted, 1, np.maximum(length - 1, 1)), 0)
