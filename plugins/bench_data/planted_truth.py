"""What is known of generated data and of no other: the optimum, and how well each expert serves each group."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench_data.planted import GENERATOR_VERSION, Planted, PlantedParams

__all__ = ["expected_log_loss", "truth"]

DECIMALS = 9


def expected_log_loss(true_logits: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Of each prediction over the label's own draw, natural logarithm, float64; the shapes broadcast.

    p softplus(-z) + (1 - p) softplus(z) with p = sigmoid(true logit), exact where sigmoids saturate; z = true logit gives
    the entropy of p."""
    z, true = (np.asarray(values, dtype=np.float64) for values in (logits, true_logits))
    positive, negative = np.exp(-np.logaddexp(0.0, -true)), np.exp(-np.logaddexp(0.0, true))
    return np.asarray(positive * np.logaddexp(0.0, -z) + negative * np.logaddexp(0.0, z))


def truth(planted: Planted, params: PlantedParams) -> dict[str, Any]:
    """As JSON, log losses are means over all rows (of a group, or of all), in expectation over labels:

    `optimum` and `optimum_by_group`, `expert_logloss[group][expert]` (the diagonal suits), `planted_logloss`: each row by
    the expert of its user's group, which is the best that choosing by user can reach."""
    group_of_row = planted.groups[planted.user_of_row]
    best = expected_log_loss(planted.true_logits, planted.true_logits)
    experts = expected_log_loss(planted.true_logits[:, None], planted.expert_logits)
    groups = range(params.groups)
    chosen = experts[np.arange(len(experts)), group_of_row]
    return {
        "generator": "planted groups",
        "version": GENERATOR_VERSION,
        "params": params.model_dump(mode="json"),
        "users_by_group": np.bincount(planted.groups, minlength=params.groups).tolist(),
        "rows_by_group": np.bincount(group_of_row, minlength=params.groups).tolist(),
        "optimum": _rounded(best.mean()),
        "optimum_by_group": [_rounded(best[group_of_row == group].mean()) for group in groups],
        "planted_logloss": _rounded(chosen.mean()),
        "expert_logloss": [
            _rounded(experts[group_of_row == group].mean(axis=0)) for group in groups
        ],
    }


def _rounded(values: Any) -> Any:
    """To what sums in another order agree on."""
    return np.round(values, DECIMALS).tolist()
