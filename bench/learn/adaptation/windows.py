"""Which rows of which users form episodes, and how users divide into chunks that are adapted together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from bench.learn.adaptation.task_data import TaskData

__all__ = ["Windows", "chunks", "query_rows", "whole"]

CHUNK_USERS = 16
CHUNK_ROWS = 4096  # padded rows a chunk; a user longer than that is a chunk of its own


class Windows(NamedTuple):
    """The rows of an episode, a user each: support [start, cut), query [cut, stop). All (users,) int64."""

    users: np.ndarray  # numbers among the tasks
    start: np.ndarray
    cut: np.ndarray
    stop: np.ndarray
    order: np.ndarray | None = None  # where given, those are places in it, and it holds the rows
    # (users,) float of each user's outer loss, 1 on average; None: 1 each
    weights: np.ndarray | None = None

    def take(self, chosen: np.ndarray) -> Windows:
        """Some of the users."""
        return self._replace(
            users=self.users[chosen],
            start=self.start[chosen],
            cut=self.cut[chosen],
            stop=self.stop[chosen],
            weights=None if self.weights is None else self.weights[chosen],
        )


def whole(tasks: TaskData, users: np.ndarray | None = None) -> Windows:
    """Every row of the given users (default: all)."""
    chosen = np.arange(tasks.users) if users is None else users
    return Windows(chosen, tasks.ptr[:-1][chosen], tasks.cut[chosen], tasks.ptr[1:][chosen])


def query_rows(tasks: TaskData, windows: Windows) -> np.ndarray:
    """Of whole windows: where each query row, user by user, lies among all query rows of the tasks."""
    first_of_tasks = _starts(tasks.ptr[1:] - tasks.cut)  # (U,): a user's first query row among all
    lengths = windows.stop - windows.cut
    first = np.repeat(first_of_tasks[windows.users], lengths)
    number_within_user = np.arange(lengths.sum()) - np.repeat(_starts(lengths), lengths)
    return np.asarray(first + number_within_user)


def chunks(windows: Windows, users: int | None = None) -> Iterator[Windows]:
    """Users sorted by length, at most CHUNK_USERS at a time: few enough that padding and memory stay small. `users`: so many
    where nothing that costs is padded, and four times the rows."""
    lengths = windows.stop - windows.start
    query_lengths = windows.stop - windows.cut
    longest_first = np.lexsort((windows.users, query_lengths, lengths))[::-1]
    most_users, most_rows = (users, 4 * CHUNK_ROWS) if users else (CHUNK_USERS, CHUNK_ROWS)
    first = 0
    while first < len(longest_first):
        # the others of the chunk are padded to it
        longest = max(1, int(lengths[longest_first[first]]))
        size = max(1, min(most_users, most_rows // longest))
        yield windows.take(longest_first[first : first + size])
        first += size


def _starts(lengths: np.ndarray) -> np.ndarray:
    """Where each of some pieces starts that are laid end to end."""
    return np.asarray(np.cumsum(lengths) - lengths)
