"""Which plugins a run was given by their path: kept with it, so that a report can say how to make it again."""

from __future__ import annotations

from bench.registry import Registry, recorded
from bench.suite import Suite

__all__ = ["given_plugins"]


def given_plugins(suite: Suite, registry: Registry) -> list[str]:
    """Names of files or folders, in their order, less those that the suite itself names. Where they lie is nobody's business:
    runs go from one machine to another."""
    named = {path.resolve() for path in suite.plugins}
    return [recorded(str(path)) for path in registry.paths if path.resolve() not in named]
