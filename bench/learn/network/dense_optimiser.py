"""The optimiser of a network's parameters that are no tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from bench.learn.kernels.denormals import flushed
from bench.learn.kernels.dense import move_dense_by_adagrad, move_dense_by_adam
from bench.settings import TrainSettings

__all__ = ["DenseOptimiser", "dense_optimiser"]


class DenseOptimiser(Protocol):
    def step(self) -> object:
        """Move the parameters by their `grad`; one that has none stays where it is."""


def dense_optimiser(parameters: Sequence[nn.Parameter], settings: TrainSettings) -> DenseOptimiser:
    """Compiled; torch's where a plugin has parameters of another type than float32."""
    if all(each.dtype == torch.float32 for each in parameters):
        return CompiledOptimiser(parameters, settings)
    kind = torch.optim.Adam if settings.optimizer == "adam" else torch.optim.Adagrad
    return kind(parameters, lr=settings.learning_rate)


class CompiledOptimiser:
    """Moments are flushed to 0 before they are denormal: those of a unit that is 0 for a long time come there."""

    def __init__(self, parameters: Sequence[nn.Parameter], settings: TrainSettings) -> None:
        self._parameters, self._settings = parameters, settings
        self._steps = [0] * len(parameters)
        # of each (2, elements): Adam's first moment; its second, or AdaGrad's sum of squares
        self._moments = [np.zeros((2, each.numel()), np.float32) for each in parameters]

    def step(self) -> None:
        with flushed():
            for number, parameter in enumerate(self._parameters):
                if parameter.grad is not None:
                    self._steps[number] += 1
                    self._move(number, _flat(parameter.data), _flat(parameter.grad.contiguous()))

    def _move(self, number: int, values: np.ndarray, gradient: np.ndarray) -> None:
        rate = self._settings.learning_rate
        first, second = self._moments[number]
        if self._settings.optimizer == "adam":
            move_dense_by_adam(values, gradient, first, second, self._steps[number], rate)
        else:
            move_dense_by_adagrad(values, gradient, second, np.float32(rate))


def _flat(values: Tensor) -> np.ndarray:
    """A view: raises RuntimeError of what does not lie in order, which a copy's move would not reach."""
    return values.view(-1).numpy()
