"""Training that made nothing better: what is compared then is what it started from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from bench.report.content.model import NeverBetter, Section, TrainedPart
from bench.report.words.blocks import Note
from bench.report.words.figures import listed

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
        alike[_seeds(one), _TOLD[one.trained]].append(one.method)
    for (seeds, told), methods in alike.items():
        yield Note(f"{listed(methods, None)}: in {seeds} {told}")


def _seeds(one: NeverBetter) -> str:
    if one.with_result == 1:
        return f"seed {one.seeds[0]}"
    if len(one.seeds) == one.with_result:
        return f"all {one.with_result} seeds"
    return f"{len(one.seeds)} of {one.with_result} seeds ({', '.join(map(str, one.seeds))})"
