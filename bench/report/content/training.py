"""How training went: the validation loss of every epoch, as records tell it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.report.content.model import TrainingCurve

__all__ = ["training"]

Record = Mapping[str, Any]


def training(good: Sequence[Record]) -> tuple[TrainingCurve, ...]:
    """Of the records with a result, in their order. A plugin may have left anything under these keys: losses that are no
    numbers, or are not one an epoch (or one more, the start's), are none."""
    return tuple(_curves(good))


def _curves(good: Sequence[Record]) -> Iterator[TrainingCurve]:
    for record in good:
        details, trial = record["details"], record["trial"]
        losses, epochs = _losses(details.get("valid_logloss")), details.get("epochs")
        if type(epochs) is not int or epochs < 1 or len(losses) not in (epochs, epochs + 1):
            continue
        first = epochs + 1 - len(losses)
        best = details.get("best_epoch")
        known = type(best) is int and first <= best <= epochs
        yield TrainingCurve(trial["method"], trial["seed"], first, losses, best if known else None)


def _losses(value: Any) -> tuple[float, ...]:
    """None where one of them is no finite number."""
    if not isinstance(value, list) or not all(type(one) in (int, float) for one in value):
        return ()
    try:
        losses = tuple(map(float, value))
    except OverflowError:  # an integer beyond all floats
        return ()
    return losses if all(map(math.isfinite, losses)) else ()
