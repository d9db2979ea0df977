"""Which plugins a suite uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.registry import Registry
from bench.suite.spec import Suite

__all__ = ["registry_of", "used_plugins"]

Use = tuple[str, str, Mapping[str, Any]]  # kind, name, parameters


def registry_of(suite: Suite, registry: Registry) -> Registry:
    """A registry with the suite's own plugins, less those that end the process when they are made as the suite has them: no
    other registry is to be used beside a suite. Raises PluginError where plugins clash."""
    return registry.extended(suite.plugins).tried(_uses(suite))


def _uses(suite: Suite) -> Iterator[Use]:
    yield from (("datasets", one.use, one.params) for one in suite.datasets.values())
    yield from (("protocols", one.use, one.params) for one in suite.protocols.values())
    yield from (("models", one.use, one.params) for one in suite.base_models.values())
    for method in suite.methods.values():
        yield "selectors", method.selector.use, method.selector.params
        if method.meta_learner is not None:
            yield "meta_learners", method.meta_learner.use, method.meta_learner.params
    yield from (("metrics", one.use, one.params) for one in suite.computed.values())


def used_plugins(suite: Suite) -> tuple[tuple[str, str], ...]:
    """(kind, name) of each plugin that a suite uses, once, in the order of the file. Metrics are not among them: `relaimpr`
    is derived, and the others are in `suite.metrics`."""
    return tuple(dict.fromkeys(_all(suite)))


def _all(suite: Suite) -> Iterator[tuple[str, str]]:
    yield from (("datasets", dataset.use) for dataset in suite.datasets.values())
    yield from (("protocols", protocol.use) for protocol in suite.protocols.values())
    yield from (("models", model.use) for model in suite.base_models.values())
    for method in suite.methods.values():
        yield "selectors", method.selector.use
        if method.meta_learner is not None:
            yield "meta_learners", method.meta_learner.use
