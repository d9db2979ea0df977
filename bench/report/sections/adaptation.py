"""What adaptation did: methods under a meta-learner, before and after their inner steps."""

from __future__ import annotations

from collections.abc import Iterator

from bench.evaluate import AdaptationEffect
from bench.report.content.model import Section
from bench.report.words.blocks import ABSENT, Block, Cell, Grid, GridRow, Terms, align, fixed
from bench.report.words.figures import loss
from bench.report.words.names import short

__all__ = ["adaptation"]

_HEADS = (
    "support\nlog loss",
    "query\nlog loss",
    "entropy",
    "model\nchanged %",
    "moved most\n% of users",
)
_TERMS = (
    ("before", "what all users start from"),
    ("after", "what each user is predicted by, without any later calibration"),
    (
        "support log loss, entropy",
        "the mean over users of each user's own; query log loss is the mean over rows, as elsewhere",
    ),
    (
        "model changed",
        "of users with one model of highest mean weight both before and after, the share for whom it is another one",
    ),
    (
        "moved most",
        "the parameters that changed most, relative to their size: the selector's, or the base models' bias, dense layers, or "
        "rows of user, item and context fields",
    ),
)


def adaptation(section: Section) -> Iterator[Block]:
    """A row a method under a meta-learner, in the order of the table; nothing where there is none."""
    analysed = [(row, section.analysed(row)) for row in section.rows if row.kind == "method"]
    found = [
        (row.name, one.adaptation)
        for row, one in analysed
        if one is not None and one.adaptation is not None
    ]
    if not found:
        return
    effects, places = [effect for _, effect in found], section.places("logloss")
    changed = align([_percent(effect.model_changed) for effect in effects], 1)
    rows = [
        GridRow(
            short(name),
            (
                Cell(
                    _pair(
                        loss(effect.support_logloss_before, places),
                        loss(effect.support_logloss_after, places),
                    )
                ),
                Cell(
                    _pair(loss(effect.logloss_before, places), loss(effect.logloss_after, places))
                ),
                Cell(_pair(fixed(effect.entropy_before, 2), fixed(effect.entropy_after, 2))),
                Cell(share),
                Cell(_moved_most(effect)),
            ),
        )
        for (name, effect), share in zip(found, changed, strict=True)
    ]
    yield Grid(
        "What adaptation did (before, after the inner steps)", ("method", *_HEADS), tuple(rows)
    )
    yield Terms(_TERMS)


def _percent(share: float | None) -> str:
    return fixed(None if share is None else 100 * share, 1)


def _pair(before: str, after: str) -> str:
    return f"{before}, {after}"


def _moved_most(effect: AdaptationEffect) -> str:
    """The group that moved most for the most users."""
    if not effect.moved_most:
        return ABSENT
    group, share = max(effect.moved_most.items(), key=lambda pair: pair[1])
    return f"{group} {100 * share:.0f} %"
