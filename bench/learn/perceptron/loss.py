"""The loss of a perceptron of each user's own table rows and layers, with gradient and Hessian by hand, on real rows only."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from bench.interfaces import Block
from bench.learn.perceptron.compiled_kernel import compiled_kernel
from bench.learn.perceptron.mixture_derivatives import Mixture, log_likelihood, mixture

__all__ = ["DenseAndTable", "Evaluation", "Part", "PerceptronLoss", "part_of"]

Array = np.ndarray[Any, Any]


class Part(NamedTuple):
    """Support or query of U users, n rows in all, without padding."""

    pointer: Array  # (U + 1,) int64: user u's rows are [pointer[u], pointer[u + 1])
    pooling: Any  # sparse (n * F, U * R): from the users' own table rows to the fields' vectors
    base_logits: Array  # (n, K)
    log_likelihoods: Array  # (n, K)
    owners: Array  # (n,) int64
    shares: Array  # (n, 1): 1 / the owner's rows


def part_of(block: Block) -> Part:
    """A padded block's real rows."""
    assert block.base_logits is not None, "tasks carry base logits where the pool is not adapted"
    present, base_logits = block.mask.numpy() > 0, block.base_logits.numpy()
    lengths = present.sum(axis=1)
    owners = np.repeat(np.arange(len(lengths)), lengths)
    return Part(
        np.concatenate([[0], np.cumsum(lengths)]),
        block.entries["selector"].pooling(present, base_logits.dtype),
        base_logits[present],
        log_likelihood(base_logits[present], block.labels.numpy()[present]),
        owners,
        (1 / lengths[owners])[:, None].astype(base_logits.dtype),
    )


class DenseAndTable(NamedTuple):
    """What users adapt, or a number for each of these: rates, gradients, directions."""

    dense: Array  # (U, P), or (1, P) or (P,) where all users share them
    # (U * R, width); None of a table that stays, or by which nobody asks for a derivative
    table: Array | None


class Evaluation(NamedTuple):
    """What a gradient or a Hessian's product needs of the loss at some leaves."""

    values: Array  # as bench.learn.perceptron.kernel
    deltas: Array  # as bench.learn.perceptron.kernel; filled by `gradients`
    mixture: Mixture
    losses: Array  # (U,) mean over a user's rows, 0 where there are none


class PerceptronLoss:
    """`widths`: of the inputs, which are F fields' vectors of `width` each and K base logits, and of each layer's outputs.

    The table comes in by the vectors that are looked up in it, so that of one that stays they are looked up once."""

    def __init__(self, widths: tuple[int, ...], width: int) -> None:
        self._widths = np.array(widths, dtype=np.int64)
        self._vectors = widths[0] - widths[-1]  # F * width
        self._width = width

    @property
    def kernel(self) -> Any:
        """The functions of bench.learn.perceptron.kernel."""
        return compiled_kernel()

    def look_up(self, part: Part, table: Array) -> Array:
        """(n, F * width), the fields' vectors, from a table (U * R, width) of all users' own rows."""
        vectors: Array = part.pooling @ table  # (n * F, width)
        return vectors.reshape(len(part.owners), self._vectors)

    def evaluate(self, part: Part, dense: Array, vectors: Array) -> Evaluation:
        n = len(part.owners)
        values = np.empty(n * self._widths.sum(), dtype=dense.dtype)
        inputs = self._level(values, 0)
        inputs[:, : self._vectors] = vectors
        inputs[:, self._vectors :] = part.base_logits
        # What all users share is one user's, whose rows are everybody's: one product a layer.
        pointer = np.array([0, n]) if len(dense) == 1 else part.pointer
        self.kernel.forward(self._widths, pointer, dense, values)
        found = mixture(self._level(values, -1), part.log_likelihoods)
        sums = np.bincount(
            part.owners, found.losses * part.shares[:, 0], minlength=len(part.pointer) - 1
        )
        return Evaluation(values, np.empty_like(values), found, sums.astype(dense.dtype))

    def gradients(
        self, part: Part, at: Evaluation, dense: Array, *, by_table: bool
    ) -> DenseAndTable:
        """Of each user's own loss, (U, P) and, with `by_table`, (U * R, width)."""
        self._level(at.deltas, -1)[:] = at.mixture.gradient() * part.shares
        gradients = np.empty((len(part.pointer) - 1, dense.shape[1]), dtype=dense.dtype)
        self.kernel.backward(
            self._widths,
            part.pointer,
            dense,
            at.values,
            at.deltas,
            gradients,
            _lowest(with_inputs=by_table),
        )
        return DenseAndTable(gradients, self._by_table(part, at.deltas) if by_table else None)

    def products(
        self, part: Part, at: Evaluation, dense: Array, directions: DenseAndTable, *, by_table: bool
    ) -> DenseAndTable:
        """Of the Hessian of each user's own loss with the directions, (U, P) and, with `by_table`, (U * R, width), after
        `gradients`. Directions without a table: it stays."""
        lowest_moving = _lowest(with_inputs=directions.table is not None)
        tangents, delta_tangents = np.empty_like(at.values), np.empty_like(at.values)
        if directions.table is not None:
            input_tangents = self._level(tangents, 0)
            input_tangents[:, : self._vectors] = self.look_up(part, directions.table)
            input_tangents[:, self._vectors :] = 0  # base logits are constant
        common = self._widths, part.pointer, dense, directions.dense, at.values, tangents
        self.kernel.forward_tangent(*common, lowest_moving)
        along = at.mixture.gradient_tangent(self._level(tangents, -1))
        self._level(delta_tangents, -1)[:] = along * part.shares
        products = np.empty_like(directions.dense)
        self.kernel.backward_tangent(
            *common,
            at.deltas,
            delta_tangents,
            products,
            lowest_moving,
            _lowest(with_inputs=by_table),
        )
        return DenseAndTable(products, self._by_table(part, delta_tangents) if by_table else None)

    def _level(self, levels: Array, level: int) -> Array:
        """(n, width) of the first level, 0, or of the last, -1."""
        size = levels.size // self._widths.sum() * self._widths[level]
        own = levels[:size] if level == 0 else levels[levels.size - size :]
        return own.reshape(-1, self._widths[level])

    def _by_table(self, part: Part, deltas: Array) -> Array:
        """(U * R, width): from the derivatives by the inputs those by the table in which they were looked up."""
        by_vectors = self._level(deltas, 0)[:, : self._vectors].reshape(
            part.pooling.shape[0], self._width
        )
        return part.pooling.T @ by_vectors  # type: ignore[no-any-return]


def _lowest(*, with_inputs: bool) -> int:
    """The lowest level, as bench.learn.perceptron.kernel counts them, with or without the inputs."""
    return 0 if with_inputs else 1
