"""Training that made nothing better: what is compared then is what it started from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from bench.report.content.model import Section, TrainedPart
from bench.report.words.blocks import Note
from bench.report.words.figures import in_seeds, listed

__all__ = ["never_better_notes"]

_TOLD: Mapping[TrainedPart, str] = {
    "selector and pool": (
        "no epoch of meta-training was better than its start; what is scored is the fitted pool, adapted. Try a lower "
        "meta_learner.train.learning_rate (base_learning_rate), or more data."
    ),
    "selector": (
        "no epoch of meta-training was better than its start; what is scored is the fitted selector, adapted. Try a lower "
        "meta_learner.train.learning_rate, or more data."
    ),
    "own": (
        "no epoch of training was better than its start; what is scored is the start. Try a lower learning rate, or more data."
    ),
}


def never_better_notes(section: Section) -> Iterator[Note]:
    """One for all of which the same was trained in vain in the same seeds."""
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in section.never_better:
        alike[in_seeds(one.seeds, one.with_result), _TOLD[one.trained]].append(one.method)
    for (seeds, told), methods in alike.items():
        yield Note(f"{listed(methods, None)}: in {seeds} {told}")
