"""Who trains a plugin, and why its forward is torch's."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from bench.interfaces import PluginParams
from bench.learn.network.trained_by import trained_by, why_by_torch
from bench_ctr.deepfm import DeepFM
from bench_ctr.fm import FM
from tests.learn.parts import Gate, Pairwise

NUMBA = f"numba {version('numba')}"
BY_TORCH = f"{NUMBA}: lookups; torch: the forward"


class Renamed(FM):
    """The same function."""


class Halved(Renamed):
    """A forward of its own."""

    def forward(self, rows):
        return super().forward(rows) / 2


class Still(Halved):
    """Says that it is."""

    compiled_form = "factorization-machine"


class TakenBack(FM):
    compiled_form = None


@pytest.mark.parametrize(
    ("plugin", "by", "why"),
    [
        (FM(FM.Params()), f"{NUMBA}: factorization-machine", None),
        (DeepFM(DeepFM.Params()), f"{NUMBA}: deep-factorization-machine", None),
        (Renamed(FM.Params()), f"{NUMBA}: factorization-machine", None),
        (Still(FM.Params()), f"{NUMBA}: factorization-machine", None),
        (Pairwise(PluginParams()), BY_TORCH, "it declares no compiled_form"),
        (TakenBack(FM.Params()), BY_TORCH, "it declares no compiled_form"),
        (
            Halved(FM.Params()),
            BY_TORCH,
            "it has forward() of its own, and compiled_form is FM's; one that still is that form says so again",
        ),
        (Gate(Gate.Params()), BY_TORCH, "a selector is no compiled form"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_who_trains_and_why(plugin, by, why):
    assert trained_by(plugin) == by
    assert why_by_torch(plugin) == why
