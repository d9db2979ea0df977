"""What a server imports before it forks steps of some plugins, so that it is on no step's clock."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from bench.processes.workers import PRELOAD
from bench.registry.sources import plugin_sources
from bench.registry.used_plugin import UsedPlugin

__all__ = ["preload_for"]

# torch imports its compiler, which takes as long as torch itself, where one of its optimisers is made
_COMPILER = "torch._dynamo"
_MAKES_AN_OPTIMISER = re.compile(
    rb"\boptim\.[A-Z]|\boptim import\b|\bimport\s+(\([^)]*|[^\n(]*)\boptim\b"
)


def preload_for(plugins: Iterable[UsedPlugin]) -> tuple[str, ...]:
    """Modules."""
    makes = any(_makes_an_optimiser(plugin.module, plugin.digest) for plugin in plugins)
    return (*PRELOAD, _COMPILER) if makes else PRELOAD


@cache
def _makes_an_optimiser(module: str, _digest: str) -> bool:
    """Whether a source of the plugin's, of that digest, names one."""
    sources = (path for path in plugin_sources(module) if path.suffix == ".py")
    return any(_MAKES_AN_OPTIMISER.search(path.read_bytes()) for path in sources)
