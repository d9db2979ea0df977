"""Whether what `gate:` names is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bench.margins import GateException, matches
from bench.registry import Registry, did_you_mean
from bench.suite.check.plugin_use import DERIVED_METRICS
from bench.suite.check.schema import SuiteFile, metric_name
from bench.suite.places.problems import Problem, at_key, at_value
from bench.suite.places.text import quoted
from bench.suite.places.yaml_document import Document, KeyPath

__all__ = ["gate_problems"]


def gate_problems(suite: SuiteFile, registry: Registry, document: Document) -> Iterator[Problem]:
    """Metrics, datasets, protocols and methods that the suite lacks, and exceptions that change nothing."""
    gate, path = suite.gate, ("gate",)
    for metric in gate.tolerance:
        yield from _metric(
            "tolerance", metric, (*path, "tolerance", metric), suite, registry, document
        )
    yield from _margins(gate.quality, path, suite, registry, document)
    for number, one in enumerate(gate.exceptions):
        place = (*path, "exceptions", number)
        yield from _margins(one.quality, place, suite, registry, document)
        yield from _names(one, place, suite, document)
        if not one.quality and one.throughput is None and one.memory is None:
            message = "an exception without a margin changes nothing; give it quality, throughput or memory"
            yield at_value(document, place, message)


def _margins(
    quality: Iterable[str],
    path: KeyPath,
    suite: SuiteFile,
    registry: Registry,
    document: Document,
) -> Iterator[Problem]:
    for metric in quality:
        place = (*path, "quality", metric)
        if metric in DERIVED_METRICS:
            message = f"{metric} is derived from the AUC when reporting; give auc a margin"
            yield at_key(document, place, message)
        else:
            yield from _metric("margin", metric, place, suite, registry, document)


def _metric(
    what: str,
    metric: str,
    place: KeyPath,
    suite: SuiteFile,
    registry: Registry,
    document: Document,
) -> Iterator[Problem]:
    names = [metric_name(entry) for entry in suite.metrics]
    if metric not in names:
        message = f"{what} of {quoted(metric)}, which is no metric of the suite"
        message += (
            "; list it under `metrics`, too"
            if metric in registry.names("metrics")
            else did_you_mean(metric, names)
        )
        yield at_key(document, place, message)


def _names(
    one: GateException, path: KeyPath, suite: SuiteFile, document: Document
) -> Iterator[Problem]:
    known = {
        "dataset": tuple(suite.datasets),
        "protocol": tuple(suite.protocols),
        "method": (*suite.base_models, *suite.methods),
    }
    for key, names in known.items():
        pattern = getattr(one, key)
        if not any(matches(pattern, name) for name in names):
            what = "base model or method" if key == "method" else key
            message = f"{quoted(pattern)} is no {what} of the suite{did_you_mean(pattern, names)}"
            yield at_value(document, (*path, key), message)
