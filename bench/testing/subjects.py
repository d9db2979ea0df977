"""A plugin under test, by its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from bench.interfaces import Plugin, PluginParams
from bench.testing.sampled import Sampled

__all__ = ["subject_of"]

_ADDRESSES: Mapping[str, str] = {
    "models": "bench.testing.subject:learner",
    "selectors": "bench.testing.subject:learner",
    "metrics": "bench.testing.metric_subject:MetricSubject",
    "datasets": "bench.testing.dataset_subject:DatasetSubject",
    "protocols": "bench.testing.protocol_subject:ProtocolSubject",
    "executors": "bench.testing.executor_subject:ExecutorSubject",
}


def subject_of(kind: str, plugin: type[Plugin], params: PluginParams, folder: Path) -> Sampled:
    """`folder`: empty, for what the test and the plugin write."""
    module, _, name = _ADDRESSES[kind].partition(":")
    make: Callable[..., Sampled] = getattr(import_module(module), name)
    return make(plugin, params, folder)
