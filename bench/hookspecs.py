"""The hooks, all of them. A plugin implements any with `@bench.hookimpl`.

A hook returns names and addresses, `{"fm": "bench_ctr.fm:FM"}`, never classes: listing plugins then imports no model and no
torch. What an address names implements the interface of `bench.interfaces` that is written beside the hook.
"""

from __future__ import annotations

import pluggy

PROJECT = "metaselector_bench"  # also the entry-point group
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def bench_models() -> dict[str, str]:  # type: ignore[empty-body]
    """Base models: Model or DifferentiableModel."""


@hookspec
def bench_selectors() -> dict[str, str]:  # type: ignore[empty-body]
    """Selectors: Selector or DifferentiableSelector."""


@hookspec
def bench_meta_learners() -> dict[str, str]:  # type: ignore[empty-body]
    """Meta-learners: MetaLearner."""


@hookspec
def bench_datasets() -> dict[str, str]:  # type: ignore[empty-body]
    """Datasets: Dataset."""


@hookspec
def bench_protocols() -> dict[str, str]:  # type: ignore[empty-body]
    """Protocols: SplitProtocol."""


@hookspec
def bench_metrics() -> dict[str, str]:  # type: ignore[empty-body]
    """Metrics: Metric."""


@hookspec
def bench_executors() -> dict[str, str]:  # type: ignore[empty-body]
    """Executors: Executor."""
