"""How much of a gain is a plain average's, and what choosing adds: most of a gain over best-single may be averaging alone."""

from __future__ import annotations

from collections.abc import Iterator

from bench.evaluate import MethodAnalysis, Paired, PlainAverage
from bench.report.content.model import Row, Section
from bench.report.words.figures import signed
from bench.report.words.metrics import gain
from bench.report.words.names import short

__all__ = ["averaging"]

_EXPLAINED = "the mixture in which every base model weighs the same for everybody"


def averaging(section: Section, lead: Row, found: MethodAnalysis) -> Iterator[str]:
    """A sentence where a method leads; none for a base model, nor without a pool to average."""
    average = section.analysis.plain_average if section.analysis is not None else None
    if average is None or lead.kind != "method":
        return
    of_average, added = _pairs(section, average, found)
    if of_average is None or of_average.difference is None:
        return
    if added is None or added.difference is None:
        return
    sizes = [size or 0.0 for size in (added.difference, added.low, added.high)]
    if not any(sizes):
        yield f"{short(lead.name)} is the plain average of the pool, {_EXPLAINED}: it chooses nothing."
        return
    if not any(round(size, section.places(section.primary)) for size in sizes):
        yield f"{short(lead.name)} is as good as a plain average of the pool, {_EXPLAINED}: nothing was gained by choosing."
        return
    yield f"{_of_average(section, of_average)}; {_added(section, lead, added)}."


def _pairs(
    section: Section, average: PlainAverage, found: MethodAnalysis
) -> tuple[Paired | None, Paired | None]:
    """The average less best-single, the lead less the average, by the primary."""
    return (
        average.against_best_single.get(section.primary),
        found.against_average.get(section.primary),
    )


def _of_average(section: Section, pair: Paired) -> str:
    over, difference = _over_reference(section, pair)
    gained = gain(difference, section.higher_is_better)
    said = f"A plain average of the pool, {_EXPLAINED},"
    if gained > 0:
        return f"{said} gains {_size(section, gained)} over {over} by itself"
    return f"{said} gains nothing over {over} ({_size(section, -gained)} worse)"


def _over_reference(section: Section, pair: Paired) -> tuple[str, float]:
    """Whom the average is held against, as all are, and its difference from it. `pair`: the average less best-single."""
    assert pair.difference is not None
    assert section.analysis is not None
    of_name = {one.name: one.against_average for one in section.analysis.methods}
    chosen = of_name.get(section.analysis.chosen or "", {}).get(section.primary)
    if chosen is None or chosen.difference is None:
        return short(str(section.analysis.best_single)), pair.difference
    return short(str(section.analysis.chosen)), -chosen.difference


def _added(section: Section, lead: Row, pair: Paired) -> str:
    assert pair.difference is not None
    gained = gain(pair.difference, section.higher_is_better)
    said = f"over that average, {short(lead.name)} gains {_size(section, gained)}"
    if pair.low is None or pair.high is None:
        return f"{said}, without an interval ({short(pair.reason, 300)})"
    low, high = sorted(gain(end, section.higher_is_better) for end in (pair.low, pair.high))
    between = f"95% interval {_size(section, low)} to {_size(section, high)}"
    return f"{said} ({between}): {'a tie' if pair.verdict == 'tie' else pair.verdict}"


def _size(section: Section, difference: float) -> str:
    """Without the sign of a positive one."""
    return signed(difference, section.places(section.primary)).removeprefix("+")
