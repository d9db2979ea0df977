"""What a server of steps imports before it forks them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.processes.workers import PRELOAD
from bench.registry.local import find_local
from bench.registry.preload import preload_for
from bench.registry.used_plugin import UsedPlugin

WITH_COMPILER = (*PRELOAD, "torch._dynamo")


def used(module: str, digest: str = "") -> UsedPlugin:
    return UsedPlugin("models", "it", f"{module}:It", "", digest)


@pytest.mark.parametrize(
    "line",
    ["import torch.optim as o", "from torch import nn, optim", "from torch import (\n    nn,\n    optim,\n)",
     "from torch.optim import Adam", "torch.optim.SGD(of_all)"],
)  # fmt: skip
def test_of_a_plugin_that_makes_an_optimiser_of_torchs_its_compiler_too(
    write: Callable[..., Path], line: str
) -> None:
    plugin = write("makes_optimisers.py", line)
    find_local([plugin])
    assert preload_for([used("bench_local.makes_optimisers", line)]) == WITH_COMPILER
    plugin.write_text("optimizer = 'adam'  # an optimiser is a word")
    assert preload_for([used("bench_local.makes_optimisers", f"not {line}")]) == PRELOAD


@pytest.mark.parametrize(
    "module", ["bench_ctr.fm", "bench_baselines.context_gate", "bench_metaselector.maml", "bench_data.table"]
)  # fmt: skip
def test_the_packages_here_make_none(module: str) -> None:
    assert preload_for([used(module)]) == PRELOAD
