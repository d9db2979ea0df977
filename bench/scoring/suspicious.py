"""What a record warns of: predictions that are valid and hardly meant, with what in the data may be behind them."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.data.views.interactions import Interactions
from bench.evaluate.metrics.predictions import beyond
from bench.evaluate.metrics.suspicion import EXTREME_LOGIT, is_constant, looks_like_probabilities
from bench.scoring.division import Division

__all__ = ["suspicious"]

_FAR = 10.0  # standard deviations


def suspicious(division: Division, logits: np.ndarray, everywhere: np.ndarray) -> dict[str, Any]:
    """For the details of a record; empty where nothing is odd. logits (n,) of test users' query; `everywhere` (rows of the
    table,) of a base model, NaN where it was not asked, or the same n."""
    found = []
    labels = (
        division.interactions.labels() if len(everywhere) != len(logits) else division.test_rows.y
    )
    known = np.isfinite(everywhere)
    if looks_like_probabilities(labels[known], everywhere[known]):
        found.append("all logits lie in [0, 1]: are they probabilities? a model hands back logits")
    if is_constant(logits):
        found.append("all predictions are the same")
    extreme = _extreme(division, logits)
    if extreme:
        found.append(_told(extreme))
    return ({"warnings": found} if found else {}) | ({"extreme_logits": extreme} if extreme else {})


def _extreme(division: Division, logits: np.ndarray) -> dict[str, Any]:
    large = np.flatnonzero(beyond(logits, EXTREME_LOGIT))
    if not len(large):
        return {}
    query = division.split.rows("test", "query")
    largest = int(large[np.abs(logits[large].astype(np.float64)).argmax()])
    first = query[large[0]]
    return {
        "rows": len(large),
        "of": len(logits),
        "beyond": EXTREME_LOGIT,
        "largest": float(logits[largest]),
        "first_row": int(large[0]),
        "first_user": division.interactions.user_name(int(division.interactions.users[first])),
        "cause": _cause(division.interactions, division.plan.star_rows, int(query[largest])),
    }


def _told(extreme: dict[str, Any]) -> str:
    rows = f"{extreme['rows']} of {extreme['of']} test query rows have logits beyond ±{EXTREME_LOGIT:g}"
    first = f"the first is row {extreme['first_row']}, of user {extreme['first_user']!r}"
    largest = f"the largest is {extreme['largest']:.2g}"
    because = f": {extreme['cause']}" if extreme["cause"] else ""
    return f"{rows} ({first}; {largest}){because}"


def _cause(interactions: Interactions, trained: np.ndarray, row: int) -> str:
    """The numeric field that is farthest from its values in training in that row; nothing where none is far. trained (rows
    of the table,) bool."""
    names = [field.name for field in interactions.fields if field.kind == "numeric"]
    if not names:
        return ""
    values = np.asarray(interactions.numeric[trained], dtype=np.float64)  # (rows, numeric fields)
    here = np.asarray(interactions.numeric[row], dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean, spread = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
        far = np.nan_to_num(np.abs(here - mean) / spread, nan=0.0, posinf=np.inf)  # 0 / 0: as ever
    most = int(far.argmax())
    if far[most] < _FAR:
        return ""
    field = f"numeric field {names[most]!r} is {here[most]:g} there"
    if not np.isfinite(far[most]):
        return f"{field}, and {mean[most]:g} in every training row"
    return f"{field}, {far[most]:.2g} standard deviations from its mean in training, {mean[most]:g}"
