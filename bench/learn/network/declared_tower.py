"""The tower of a model that declares to be DeepFM, found among its layers."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from bench.learn.network.layers import Linear
from bench.learn.network.plugins import DifferentiableModel

__all__ = ["DEEP", "FoundTower", "Unlike", "check_widths", "tower_of"]

DEEP = "deep"  # the attribute


class Unlike(Exception):  # noqa: N818 - a finding, which whoever knows the model makes an error of
    """In what a model is built otherwise than the form that it declares."""


class Hidden(NamedTuple):
    linear: nn.Linear
    dropout: float  # share of units; 0 where it has no Dropout


class FoundTower(NamedTuple):
    hidden: list[Hidden]
    head: nn.Linear

    def parameters(self) -> list[Tensor]:
        """Layer by layer a weight and a bias, then the head's weight."""
        of_hidden = [each for one in self.hidden for each in (one.linear.weight, one.linear.bias)]
        return [*of_hidden, self.head.weight]


def tower_of(model: DifferentiableModel) -> FoundTower:
    """Raises Unlike where its layers are no tower."""
    deep = getattr(model, DEEP, None)
    if not isinstance(deep, nn.Sequential | nn.ModuleList):
        there = (
            f"its {DEEP} is of type {type(deep).__name__}" if deep is not None else "it has none"
        )
        raise Unlike(there)
    tower = _apart(list(deep))
    for parameter in tower.parameters():
        if parameter.dtype != torch.float32:
            raise Unlike(f"a layer of its {DEEP} is {str(parameter.dtype).removeprefix('torch.')}")
        if not parameter.requires_grad:
            raise Unlike(f"a layer of its {DEEP} is not trained: its requires_grad is False")
    return tower


def _apart(layers: list[nn.Module]) -> FoundTower:
    hidden, place, last = [], 0, len(layers) - 1
    while place < last:
        linear = _linear(layers, place, with_bias=True)
        _check_kind(layers, place + 1, nn.ReLU)
        dropout = layers[place + 2] if place + 2 < last else None
        has_dropout = type(dropout) is nn.Dropout
        hidden.append(Hidden(linear, _share(dropout) if has_dropout else 0.0))
        place += 3 if has_dropout else 2
    if not hidden:
        raise Unlike(f"its {DEEP} has no hidden layer")
    if place > last:
        raise Unlike(f"its {DEEP} ends with {_called(layers, last)} and not with a Linear")
    return FoundTower(hidden, _linear(layers, last, with_bias=False))


def _linear(layers: list[nn.Module], place: int, *, with_bias: bool) -> nn.Linear:
    _check_kind(layers, place, nn.Linear, Linear)
    linear = layers[place]
    assert isinstance(linear, nn.Linear)
    if (linear.bias is not None) != with_bias:
        raise Unlike(f"{_called(layers, place)} has {'no' if with_bias else 'a'} bias")
    return linear


def _share(dropout: nn.Module | None) -> float:
    assert isinstance(dropout, nn.Dropout)
    if not 0 <= dropout.p < 1:
        raise Unlike(f"a Dropout of its {DEEP} drops a share of {dropout.p:g}, not one below 1")
    return dropout.p


def _check_kind(layers: list[nn.Module], place: int, *kinds: type[nn.Module]) -> None:
    if type(layers[place]) not in kinds:
        raise Unlike(f"{_called(layers, place)} stands where a {kinds[0].__name__} should")


def check_widths(tower: FoundTower, inputs: int) -> None:
    """Raises Unlike where they don't fit one another: the forward would raise, in torch's words."""
    for number, layer in enumerate([*(one.linear for one in tower.hidden), tower.head]):
        if layer.in_features != inputs:
            what = "fields times width of factors" if number == 0 else "units of the layer before"
            raise Unlike(
                f"Linear {number} of its {DEEP} takes {layer.in_features} inputs, not {inputs} ({what})"
            )
        inputs = layer.out_features
    if inputs != 1:
        raise Unlike(f"the last Linear of its {DEEP} has {inputs} outputs")


def _called(layers: list[nn.Module], place: int) -> str:
    return f"{DEEP}[{place}], a {type(layers[place]).__name__},"
