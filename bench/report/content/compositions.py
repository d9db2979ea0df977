"""What base models and methods are made of, from the records of their trials and what their plugins said of themselves."""

from __future__ import annotations

from collections.abc import Mapping

from bench.job.spec import BaseModelSpec, MethodSpec
from bench.records import Run
from bench.report.content.model import Composition
from bench.report.content.recorded_spec import recorded_spec

__all__ = ["compositions"]

Summaries = Mapping[tuple[str, str], str]  # (kind, name) of a plugin


def compositions(run: Run) -> tuple[Composition, ...]:
    """Methods, then base models, in the order of the suite; those with a record that can be read."""
    told = {
        (one["kind"], one["name"]): one["summary"]
        for one in run.manifest["plugins"].get("summaries", ())
    }
    specs = {record["trial"]["method"]: recorded_spec(record) for record in run.records}
    names = dict.fromkeys(trial["method"] for trial in run.manifest["trials"])
    found = {name: spec for name in names if (spec := specs.get(name)) is not None}
    return (
        *(_method(name, one, told) for name, one in found.items() if isinstance(one, MethodSpec)),
        *(_model(name, one, told) for name, one in found.items() if isinstance(one, BaseModelSpec)),
    )


def _model(name: str, spec: BaseModelSpec, told: Summaries) -> Composition:
    return Composition(name, "base_model", spec.use, told.get(("models", spec.use), ""))


def _method(name: str, spec: MethodSpec, told: Summaries) -> Composition:
    under = spec.meta_learner
    return Composition(
        name,
        "method",
        spec.selector.use,
        told.get(("selectors", spec.selector.use), ""),
        None if under is None else under.use,
        "" if under is None else told.get(("meta_learners", under.use), ""),
        () if under is None else under.adapt,
        () if under is None else under.frozen_fields,
        spec.select,
        spec.calibrate,
    )
