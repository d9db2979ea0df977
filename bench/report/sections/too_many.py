"""Where comparisons are so many that Holm's adjustment leaves no difference beyond chance, however large it is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from bench.evaluate import none_below_level
from bench.report.content.model import Section
from bench.report.words.figures import joined

__all__ = ["HOLM_BY_GROUP", "compared_rows", "too_many_by_group", "too_many_rows"]

HOLM_BY_GROUP = (
    "Holm's adjustment is over every method and base model in every group of one kind (history, positives or popularity), "
    "also those that are not shown."
)
_BY: Mapping[str, str] = {
    "history": "length of support",
    "support_rate": "positives in the support",
    "popularity": "popularity",
}


def compared_rows(section: Section) -> int:
    """How many differences from the reference are tested together."""
    methods = section.analysis.methods if section.analysis is not None else ()
    return sum(section.pair_of(one) is not None for one in methods)


def too_many_rows(section: Section) -> str:
    """Of the table's comparisons with the reference: a sentence, "" where they are not too many."""
    analysis, count = section.analysis, compared_rows(section)
    if analysis is None or not none_below_level(count, analysis.resamples):
        return ""
    return _sentence(count, analysis.resamples)


def too_many_by_group(section: Section) -> str:
    """Of the comparisons in groups, those by one property together: sentences, "" where none are too many."""
    analysis = section.analysis
    if analysis is None:
        return ""
    counts: Counter[str] = Counter()
    for one in analysis.segments:
        counts[_BY[one.by]] += len(one.against_best_single)
    alike: dict[int, list[str]] = defaultdict(list)
    for by, count in counts.items():
        if none_below_level(count, analysis.resamples):
            alike[count].append(by)
    return " ".join(
        f"By {joined(of)}, {_sentence(count, analysis.resamples, ' each' * (len(of) > 1))}"
        for count, of in alike.items()
    )


def _sentence(count: int, resamples: int, each: str = "") -> str:
    return (
        f"{count:,} comparisons{each} at {resamples:,} resamples: no difference can be told beyond chance here, however large "
        "(Holm's adjustment)."
    )
