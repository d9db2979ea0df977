"""Which plugins a suite uses."""

from __future__ import annotations

from collections.abc import Iterator

from bench.suite.spec import Suite

__all__ = ["used_plugins"]


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
