"""Suites: a YAML file -> validated plain data, with the place of everything, so that every error can say where."""

from bench.suite.check.consistency import BOUNDS
from bench.suite.loading import load
from bench.suite.spec import (
    BaseModelSpec,
    DatasetSpec,
    MetaLearnerSpec,
    MethodSpec,
    ProtocolSpec,
    SelectorSpec,
    Suite,
)
from bench.suite.used import used_plugins

__all__ = [
    "BOUNDS",
    "BaseModelSpec",
    "DatasetSpec",
    "MetaLearnerSpec",
    "MethodSpec",
    "ProtocolSpec",
    "SelectorSpec",
    "Suite",
    "load",
    "used_plugins",
]
