"""What each method and base model of a run is: what it is made of, and what its plugins say of themselves."""

from __future__ import annotations

from collections.abc import Iterator

from bench.report.content.model import Composition, Report
from bench.report.words.blocks import Block, Note, Terms
from bench.report.words.figures import counted, joined, listed, sentence
from bench.report.words.names import short

__all__ = ["METHODS", "methods_blocks"]

METHODS = "The methods"
_SUMMARY = 200  # cells
_ADAPTED = {"selector": "the selector", "base_models": "the base models"}


def methods_blocks(report: Report) -> Iterator[Block]:
    """Nothing where no record says what its method is made of."""
    every = report.compositions
    methods, models = (
        [one for one in every if one.kind == kind] for kind in ("method", "base_model")
    )
    if not every:
        return
    if methods and models:
        yield Note(
            f"Every method is over the same pool of {counted(len(models), 'base model')}: "
            f"{listed((one.name for one in models), None)}."
        )
    yield Terms(tuple((short(one.name), " ".join(_told(one))) for one in (*methods, *models)))
    told = "Parameters of a plugin" if any(one.summary for one in every) else "What a plugin is"
    yield Note(f"{told}: bench describe PLUGIN.")


def _told(one: Composition) -> Iterator[str]:
    """`Selector mlp: ... Under the meta-learner meta-sgd, which adapts the selector: ...`"""
    what = "Base model" if one.kind == "base_model" else "Selector"
    yield _with_summary(f"{what} {short(one.plugin)}", one.summary)
    if one.select == "hard":
        yield "Of its weights each user's highest model is taken alone."
    if one.meta_learner is not None:
        under = f"Under the meta-learner {short(one.meta_learner)}, which adapts {_adapted(one)}"
        yield _with_summary(under, one.meta_learner_summary)
    if one.calibrate is not None:
        yield f"Its predictions are calibrated by {short(one.calibrate)}."


def _with_summary(what: str, summary: str) -> str:
    return sentence(f"{what}: {short(summary, _SUMMARY)}" if summary else what)


def _adapted(one: Composition) -> str:
    parts = joined([_ADAPTED.get(part) or short(part) for part in one.adapt], None)
    return f"{parts} (not the rows of {listed(one.frozen_fields)})" if one.frozen_fields else parts
