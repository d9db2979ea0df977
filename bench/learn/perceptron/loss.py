"""The loss of a perceptron of each user's own table rows and layers, with gradient and Hessian by hand, on real rows only."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from bench.interfaces import Block
from bench.learn.perceptron.compiled import kernel
from bench.learn.perceptron.mixture_derivatives import Mixture, log_likelihood, mixture

__all__ = ["Evaluation", "Part", "RaggedPerceptron", "compile_kernel", "part_of"]

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


class Evaluation(NamedTuple):
    """What a gradient or a Hessian's product needs of the loss at some leaves."""

    inputs: Array  # (n, widths[0])
    values: Array  # as bench.learn.perceptron.kernel
    deltas: Array  # as bench.learn.perceptron.kernel; filled by `gradients`
    mixture: Mixture
    losses: Array  # (U,) mean over a user's rows, 0 where there are none


class RaggedPerceptron:
    """`widths`: of the inputs, which are F fields' vectors of `width` each and K base logits, and of each layer's outputs.

    Leaves are dense (U, P), or (1, P) where all users share them, and table rows (U * R, width)."""

    def __init__(self, widths: tuple[int, ...], width: int, name: Literal["numba", "numpy"] | None = None) -> None:
        self._widths = np.array(widths, dtype=np.int64)
        self._features = widths[0] - widths[-1]  # F * width
        self._width, self._name = width, name

    @property
    def kernel(self) -> Any:
        return kernel(self._name)

    def evaluate(self, part: Part, dense: Array, table: Array) -> Evaluation:
        n = len(part.owners)
        inputs = np.concatenate([(part.pooling @ table).reshape(n, self._features), part.base_logits], axis=1)
        values = np.empty(n * self._widths[1:].sum(), dtype=dense.dtype)
        together = len(dense) == 1
        pointer = np.array([0, n]) if together else part.pointer
        self.kernel.forward(self._widths, pointer, inputs, dense, values)
        found = mixture(self._last(values, n), part.log_likelihoods)
        sums = np.bincount(part.owners, found.losses * part.shares[:, 0], minlength=len(part.pointer) - 1)
        return Evaluation(inputs, values, np.empty_like(values), found, sums.astype(dense.dtype))

    def gradients(self, part: Part, at: Evaluation, dense: Array) -> tuple[Array, Array]:
        """Of each user's own loss: by dense leaves (U, P), by table rows (U * R, D)."""
        self._last(at.deltas, len(at.inputs))[:] = at.mixture.gradient() * part.shares
        gradients = np.empty((len(part.pointer) - 1, dense.shape[1]), dtype=dense.dtype)
        by_inputs = np.empty_like(at.inputs)
        self.kernel.backward(self._widths, part.pointer, at.inputs, dense, at.values, at.deltas, gradients, by_inputs)
        return gradients, self._by_table(part, by_inputs)

    def products(
        self, part: Part, at: Evaluation, dense: Array, directions: Array, table_directions: Array
    ) -> tuple[Array, Array]:
        """Of the Hessian of each user's own loss with the directions: (U, P) and (U * R, D)."""
        n = len(at.inputs)
        input_tangents = np.zeros_like(at.inputs)
        input_tangents[:, : self._features] = (part.pooling @ table_directions).reshape(n, self._features)
        tangents, delta_tangents = np.empty_like(at.values), np.empty_like(at.values)
        common = self._widths, part.pointer, at.inputs, input_tangents, dense, directions, at.values, tangents
        self.kernel.forward_tangent(*common)
        along = at.mixture.gradient_tangent(self._last(tangents, n)) * part.shares
        self._last(delta_tangents, n)[:] = along
        products, by_inputs = np.empty_like(directions), np.empty_like(at.inputs)
        self.kernel.backward_tangent(*common, at.deltas, delta_tangents, products, by_inputs)
        return products, self._by_table(part, by_inputs)

    def _last(self, layers: Array, n: int) -> Array:
        """(n, K) of the last layer."""
        return layers[layers.size - n * self._widths[-1] :].reshape(n, self._widths[-1])

    def _by_table(self, part: Part, by_inputs: Array) -> Array:
        by_fields = by_inputs[:, : self._features].reshape(part.pooling.shape[0], self._width)
        return part.pooling.T @ by_fields  # type: ignore[no-any-return]


def compile_kernel() -> None:
    """Call each function of the kernel once, in float32, on one row of one user: numba has then compiled it, or read it
    from its cache, and nothing is compiled while a clock runs."""
    zeros = {n: np.zeros((1, n), np.float32) for n in (1, 2, 14)}
    perceptron, table, dense = RaggedPerceptron((3, 2, 2), 1), zeros[1], zeros[14]  # 14 = 2 * (3 + 1) + 2 * (2 + 1)
    one_row = Part(
        np.array([0, 1]),
        csr_matrix(np.ones((1, 1), np.float32)),
        zeros[2],
        zeros[2],
        np.zeros(1, np.int64),
        zeros[1] + 1,
    )
    at = perceptron.evaluate(one_row, dense, table)
    gradients, by_table = perceptron.gradients(one_row, at, dense)
    perceptron.products(one_row, at, dense, gradients, by_table)
    rates, scales = np.zeros(14, np.float32), np.zeros(1, np.float32)
    perceptron.kernel.step(dense, rates, scales, gradients, np.empty_like(gradients))
    perceptron.kernel.pull(
        rates, scales, gradients, gradients, np.zeros_like(rates), np.zeros_like(scales), np.empty_like(gradients)
    )
