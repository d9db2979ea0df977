"""One trial's figures, from what its steps left on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bench.evaluate import best_model_share, perfect_sample_logits, perfect_user_logits
from bench.evaluate.metrics.metrics import mean_log_loss
from bench.job.steps import RESULT
from bench.scoring.division import Division
from bench.scoring.metrics import Say, scores
from bench.scoring.order import TrialOrder
from bench.scoring.suspicious import suspicious
from bench.storage.kept import KeptFolder

__all__ = ["score_trial"]


def score_trial(order: TrialOrder, say: Say) -> dict[str, Any]:
    """`metrics`, `validation` (its log loss) and `details` of a record. Raises DamagedCacheError where the folder of a step
    does not hold what the step left there."""
    division = Division.open(order.division)
    if order.kind == "bound":
        logits, found = _bound(order, division)
    else:
        assert order.own is not None
        logits, found = _predicted(order.own, division, base_model=order.kind == "base_model")
    rows = division.test_rows
    return found | {
        "metrics": scores(order.metrics, order.plugin_paths, order.dead, rows, logits, say)
    }


def _predicted(
    folder: Path, division: Division, *, base_model: bool
) -> tuple[np.ndarray, dict[str, Any]]:
    """Logits (n,) of test users' query, and what else there is to say of them."""
    kept = KeptFolder(folder)
    logits = everywhere = kept.array("logits")
    validation = kept.json(RESULT)["valid_logloss"]
    if base_model:  # its fit predicted every row of the table
        valid_rows = division.split.rows("valid", "query")
        validation = mean_log_loss(
            division.interactions.labels()[valid_rows], everywhere[valid_rows]
        )
        logits = everywhere[division.split.rows("test", "query")]
    return logits, {"validation": validation, "details": suspicious(division, logits, everywhere)}


def _bound(order: TrialOrder, division: Division) -> tuple[np.ndarray, dict[str, Any]]:
    """A perfect selector over the star predictions; it reads test labels and is never ranked."""
    rows, query = division.test_rows, division.split.rows("test", "query")
    stars = [KeptFolder(folder).array("logits")[query] for folder in order.stars.values()]
    base = np.stack(stars, axis=1)  # (n, K)
    if order.method == "perfect-user":
        logits = perfect_user_logits(rows.y, base, rows.users)
    else:
        logits = perfect_sample_logits(rows.y, base)
    shares = best_model_share(rows.y, base, rows.users)
    told = dict(zip(order.stars, map(float, shares), strict=True))
    return logits, {"validation": None, "details": {"best_model_share": told}}
