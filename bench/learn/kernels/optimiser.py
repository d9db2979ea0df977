"""The optimisers of table rows: settings as the kernels read them, and how far each row has come."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bench.learn.kernels import adagrad, adam
from bench.learn.kernels.denormals import flushed
from bench.learn.kernels.resting import rest_tables
from bench.learn.kernels.steps import ADAGRAD, ADAM, Descent, mark_moved
from bench.learn.kernels.tables import Table, batch_table
from bench.settings import TrainSettings

__all__ = ["Optimiser"]

CHUNK = 4096  # rows that are caught up together

Pairs = Iterable[tuple[Table, Table]]  # a table, and the batch's own


class Optimiser:
    """Of `rows` table rows, for at most `steps` steps. `steps`: how many were made."""

    def __init__(self, settings: TrainSettings, steps: int, rows: int) -> None:
        self.adam = settings.optimizer == "adam"
        self.steps = 0
        self.descent = Descent(
            optimiser=ADAM if self.adam else ADAGRAD,
            rate=settings.learning_rate,
            l2=settings.l2,
            rest=rest_tables(steps if self.adam else 0),
            moved=np.zeros(rows, np.int32),
            place=np.zeros(rows, np.int32),
        )

    def take(self, touched: np.ndarray, count: int, rest: np.ndarray, tables: Pairs) -> None:
        """The values of the first `count` rows of `touched` as the optimiser has them; rest: room for adam.REST of each."""
        descent = self.descent
        if not self.adam:
            for table, taken in tables:
                adagrad.take(table, touched, count, taken)
            return
        with flushed():
            adam.rested(touched, count, descent.moved, self.steps, descent.rest, descent.rate, rest)
            for table, taken in tables:
                adam.take(table, touched, count, rest, taken)

    def move(self, touched: np.ndarray, count: int, rest: np.ndarray, tables: Pairs) -> None:
        """One step of the rows that were taken, by their gradients, which are 0 afterwards."""
        self.steps += 1
        rate = self.descent.rate
        with flushed():
            for table, taken in tables:
                if self.adam:
                    adam.move(table, touched, count, rest, taken, self.steps, rate)
                else:
                    adagrad.move(table, touched, count, taken, np.float32(rate))
        mark_moved(self.descent.moved, touched, count, self.steps)

    def catch_up(self, *tables: Table) -> None:
        """Bring every row to where dense Adam has it after the steps that were made."""
        if not self.adam:
            return
        moved, rest = self.descent.moved, np.empty(CHUNK * adam.REST, np.float32)
        pairs = [(table, batch_table(CHUNK, table)) for table in tables]
        behind = np.flatnonzero((moved > 0) & (moved < self.steps)).astype(np.int32)
        for start in range(0, len(behind), CHUNK):
            rows = behind[start : start + CHUNK]
            self.take(rows, len(rows), rest, pairs)
            for table, taken in pairs:
                adam.settle(table, rows, len(rows), rest, taken)
        moved[behind] = self.steps
