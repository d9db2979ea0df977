"""Suites: a YAML file -> validated plain data, with the place of everything, so that every error can say where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.suite.load import load
    from bench.suite.spec import (
        BaseModelSpec,
        DatasetSpec,
        MetaLearnerSpec,
        MethodSpec,
        ProtocolSpec,
        SelectorSpec,
        Suite,
        trials,
        uses,
    )
