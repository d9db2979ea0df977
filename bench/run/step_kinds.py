"""Steps that take about as long as one another, row for row."""

from __future__ import annotations

from bench.job.spec import BaseModelSpec, MethodSpec
from bench.job.steps import FitStep, SelectStep

__all__ = ["Kind", "kind_of_spec", "spec_of_step"]

Kind = tuple[str, ...]  # of step and plugins


def spec_of_step(step: FitStep | SelectStep) -> BaseModelSpec | MethodSpec:
    return step.model if isinstance(step, FitStep) else step.method


def kind_of_spec(spec: BaseModelSpec | MethodSpec) -> Kind:
    return ("fit", spec.use) if isinstance(spec, BaseModelSpec) else _kind_of_method(spec)


def _kind_of_method(method: MethodSpec) -> Kind:
    """What a method's time hangs on: adapting base models too takes many times as long, and so does every inner step."""
    kind: Kind = ("select", method.selector.use)
    learner = method.meta_learner
    if learner is None:
        return kind
    return (
        *kind,
        learner.use,
        "full" if learner.full else "simplified",
        str(learner.params.get("inner_steps", "")),
    )
