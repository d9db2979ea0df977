"""The outer optimiser of meta-training, and the best parameters so far: costs follow the rows that are touched, not the
size of tables."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.optim.adam import adam

from bench.learn.adaptation.learnable import Learnable
from bench.settings import MetaTrainSettings

__all__ = ["BestSoFar", "DenseAdam", "OuterOptimiser", "RowAdam"]


class OuterOptimiser:
    """Adam (Kingma and Ba, ICLR 2015): DenseAdam for dense parameters, RowAdam for tables."""

    def __init__(
        self, outer: Mapping[str, Tensor], learnable: Learnable, settings: MetaTrainSettings
    ) -> None:
        leaves, tables = learnable.parameters(), learnable.tables()

        def rate(name: str) -> float:
            if name not in leaves:
                return settings.rate_learning_rate
            return (
                settings.learning_rate
                if name.startswith("selector/")
                else settings.base_learning_rate
            )

        self._rows = {name: RowAdam(outer[name], rate(name)) for name in tables}
        self._dense = {
            name: DenseAdam(value, rate(name))
            for name, value in outer.items()
            if name not in self._rows
        }

    def step(self, gradients: Mapping[str, Tensor]) -> None:
        """Move the outer parameters against `gradients`; those of tables are sparse and coalesced. One without a gradient
        stays where it is."""
        for name, gradient in gradients.items():
            (self._rows.get(name) or self._dense[name]).step(gradient)


class DenseAdam:
    """torch.optim.Adam of one parameter, by torch's functional form of it: the class imports torch's compiler, which takes
    55 MB and more."""

    def __init__(self, value: Tensor, learning_rate: float) -> None:
        self._value, self._rate = value.detach(), learning_rate
        self._moments = (torch.zeros_like(self._value), torch.zeros_like(self._value))
        self._steps = torch.zeros((), dtype=torch.float32)

    @torch.no_grad()
    def step(self, gradient: Tensor) -> None:
        """`gradient`: of the parameter's shape, in any layout."""
        if gradient.shape != self._value.shape:
            shapes = f"{tuple(gradient.shape)} of a parameter of {tuple(self._value.shape)}"
            raise ValueError(f"a gradient of shape {shapes}")
        # The fused kernel reads memory in its order, whatever the strides.
        if gradient.stride() != self._value.stride():
            gradient = torch.empty_like(self._value).copy_(gradient)
        first, second = self._moments
        adam(
            [self._value], [gradient], [first], [second], [], [self._steps],
            fused=True, amsgrad=False, beta1=0.9, beta2=0.999, lr=self._rate, weight_decay=0.0, eps=1e-8, maximize=False,
        )  # fmt: skip


class RowAdam:
    """Adam of a table's touched rows, in time and memory that follow them.

    It is dense Adam where every row is touched in every step. Else it differs in two ways: a row that a step does not touch
    stays where it is (dense Adam moves it on by its old momentum), and its moments do not decay meanwhile. All steps count in
    the correction of the moments' bias, as in dense Adam."""

    def __init__(
        self,
        table: Tensor,
        learning_rate: float,
        decay: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
    ) -> None:
        self._table, self._rate, self._decay, self._epsilon, self._steps = (
            table,
            learning_rate,
            decay,
            epsilon,
            0,
        )
        like = table.detach().numpy()
        # numpy's zeros take memory when they are written to, torch's at once
        self._first, self._second = (
            torch.from_numpy(np.zeros(like.shape, like.dtype)) for _ in range(2)
        )

    @torch.no_grad()
    def step(self, gradient: Tensor) -> None:
        """`gradient`: sparse (rows, width), coalesced."""
        self._steps += 1
        (rows,), values = gradient.indices(), gradient.values()
        first = self._first[rows].lerp(values, 1 - self._decay[0])
        second = (
            self._second[rows].mul(self._decay[1]).addcmul(values, values, value=1 - self._decay[1])
        )
        self._first[rows], self._second[rows] = first, second
        unbiased = [1 - decay**self._steps for decay in self._decay]
        scale = (second / unbiased[1]).sqrt() + self._epsilon
        self._table.index_add_(0, rows, first / scale, alpha=-self._rate / unbiased[0])


class BestSoFar:
    """The outer parameters at their best: dense ones as copies, tables as the rows that were overwritten since then."""

    def __init__(self, outer: Mapping[str, Tensor], learnable: Learnable) -> None:
        tables = set(learnable.tables())
        self._outer = outer
        self._dense = [name for name in outer if name not in tables]
        self._kept_rows = {
            name: torch.zeros(len(outer[name]), dtype=torch.bool)
            for name in outer
            if name in tables
        }
        self.mark()

    def mark(self) -> None:
        """The parameters as they are now are the best."""
        self._copies = {name: self._outer[name].detach().clone() for name in self._dense}
        self._overwritten: dict[str, list[tuple[Tensor, Tensor]]] = {
            name: [] for name in self._kept_rows
        }
        for kept in self._kept_rows.values():
            kept.zero_()

    def before_step(self, gradients: Mapping[str, Tensor]) -> None:
        """Keep the rows that a step is about to overwrite, where they were not kept since the last mark."""
        for name, kept in self._kept_rows.items():
            if name not in gradients:
                continue
            (rows,) = gradients[name].indices()
            new = rows[~kept[rows]]
            kept[new] = True
            self._overwritten[name].append((new, self._outer[name].detach()[new]))

    @torch.no_grad()
    def restore(self) -> None:
        for name, copy in self._copies.items():
            self._outer[name].copy_(copy)
        for name, parts in self._overwritten.items():
            for rows, values in parts:
                self._outer[name][rows] = values
