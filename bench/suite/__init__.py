"""Suites: a YAML file -> validated plain data, with the place of everything, so that every error can say where."""

from bench.job.spec import BaseModelSpec, MetaLearnerSpec, MethodSpec, SelectorSpec
from bench.suite.check.consistency import BOUNDS
from bench.suite.compose.overrides import read_value
from bench.suite.loading import Outline, SuiteDatasets, load, load_datasets, outline
from bench.suite.resolved import resolved
from bench.suite.spec import DatasetSpec, ExecutorSpec, MetricSpec, ProtocolSpec, Suite
from bench.suite.used import registry_of, used_plugins

__all__ = [
    "BOUNDS",
    "BaseModelSpec",
    "DatasetSpec",
    "ExecutorSpec",
    "MetaLearnerSpec",
    "MethodSpec",
    "MetricSpec",
    "Outline",
    "ProtocolSpec",
    "SelectorSpec",
    "Suite",
    "SuiteDatasets",
    "load",
    "load_datasets",
    "outline",
    "read_value",
    "registry_of",
    "resolved",
    "used_plugins",
]
