"""Training that its cap on epochs ended, not its early stopping: what is compared then are half-trained models."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from bench.report.content.model import Section, Unfinished
from bench.report.words.blocks import Note
from bench.report.words.figures import in_seeds, listed

__all__ = ["unfinished_notes"]


def unfinished_notes(section: Section) -> Iterator[Note]:
    """One for all that the same cap ended in the same seeds, and what to change."""
    alike: dict[tuple[int, str, str], list[str]] = defaultdict(list)
    for one in section.unfinished:
        alike[one.epochs, in_seeds(one.seeds, one.with_result), _fix(one)].append(one.method)
    for (epochs, seeds, fix), methods in alike.items():
        names = listed(methods, None)
        were = "was" if len(methods) == 1 else "were"
        yield Note(
            f"{names} {were} still improving when training hit its limit: the best epoch was the last one allowed ({epochs} "
            f"of {epochs}; {seeds}). {fix}."
        )


def _fix(one: Unfinished) -> str:
    steps = {
        "train.epochs": "train.batch_size",
        "meta_learner.train.epochs": "meta_learner.train.users",
    }
    raised = f"Raise {one.setting}"
    if one.optimizer == "adagrad":
        raised += " or train.learning_rate (AdaGrad wants about ten times Adam's),"
    return raised + (f" or lower {steps[one.setting]}" if one.setting in steps else "")
