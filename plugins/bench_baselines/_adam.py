"""Adam (Kingma and Ba, ICLR 2015) by torch's functional form: making its class imports torch's compiler, which takes as long
as torch itself."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.optim.adam import adam


class Adam:
    """Moves parameters as the class of torch does, to the bit."""

    def __init__(self, parameters: Iterable[Tensor], learning_rate: float) -> None:
        self._parameters, self._rate = list(parameters), learning_rate
        self._first = [torch.zeros_like(each) for each in self._parameters]
        self._second = [torch.zeros_like(each) for each in self._parameters]
        self._steps = [torch.zeros(()) for _ in self._parameters]

    @torch.no_grad()
    def step(self) -> None:
        """By their `grad`, which all of them have."""
        gradients = [each.grad for each in self._parameters if each.grad is not None]
        adam(
            self._parameters, gradients, self._first, self._second, [], self._steps,
            foreach=False, amsgrad=False, beta1=0.9, beta2=0.999, lr=self._rate, weight_decay=0.0, eps=1e-8, maximize=False,
        )  # fmt: skip
