"""Gradients of a batch's mean loss: by torch's graph, which knows every plugin's forward."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from bench.learn.network.looked_up import LookedUp
from bench.learn.network.losses import binary_cross_entropy, mixture_cross_entropy
from bench.learn.network.network import Network
from bench.settings import TrainSettings

__all__ = ["ByTorch", "Gradients", "batch_losses"]


class Gradients(Protocol):
    def find(self, looked_up: LookedUp, base_logits: Tensor | None) -> None:
        """Those of table rows are added up beside them, with the penalty's; all others become the parameters' `grad`."""


class ByTorch:
    def __init__(self, network: Network, settings: TrainSettings) -> None:
        self._network, self._l2 = network, settings.l2
        self._dense = list(network.dense().values())
        self._in_bf16 = settings.precision == "bf16"

    def find(self, looked_up: LookedUp, base_logits: Tensor | None) -> None:
        for parameter in self._dense:
            parameter.grad = None
        with torch.autocast("cpu", torch.bfloat16, enabled=self._in_bf16):
            losses = batch_losses(self._network, looked_up, base_logits)
        losses.mean().backward()  # type: ignore[no-untyped-call]
        looked_up.add_gradients(self._l2)


def batch_losses(network: Network, looked_up: LookedUp, base_logits: Tensor | None) -> Tensor:
    """(n,) cross-entropy of a model, or of a selector's mixture."""
    if base_logits is None:
        return binary_cross_entropy(network(looked_up.lookup()).float(), looked_up.labels)
    # A copy for the plugin: what it does to it in place is not what is mixed, nor what the next epoch sees.
    scores = network(looked_up.lookup(base_logits.clone()))
    return mixture_cross_entropy(scores.float(), base_logits, looked_up.labels)
