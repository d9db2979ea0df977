"""Training that its cap on epochs ended, not its early stopping: what is compared then are half-trained models."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from bench.report.content.model import Section, Unfinished
from bench.report.words.blocks import Note
from bench.report.words.figures import listed

__all__ = ["unfinished_notes"]


def unfinished_notes(section: Section) -> Iterator[Note]:
    """One for all that the same cap ended, and what to change."""
    alike: dict[tuple[int, str], list[Unfinished]] = defaultdict(list)
    for one in section.unfinished:
        alike[one.epochs, _fix(one)].append(one)
    for (epochs, fix), methods in alike.items():
        names = listed((one.method for one in methods), None)
        were = "was" if len(methods) == 1 else "were"
        yield Note(
            f"{names} {were} still improving when training hit its limit: the best epoch was the last one allowed ({epochs} "
            f"of {epochs}{_seeds(methods)}). {fix}."
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


def _seeds(methods: Sequence[Unfinished]) -> str:
    seeds = sorted({seed for one in methods for seed in one.seeds})
    return f"; seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"
