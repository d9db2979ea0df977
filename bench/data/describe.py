"""What is in a prepared dataset, counted."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.data.interactions import Interactions

__all__ = ["describe"]

_QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)


def describe(interactions: Interactions) -> dict[str, Any]:
    """As JSON: rows, users, items, positives and what was left out or is there twice; values and missing cells of each field;
    quantiles of rows a user (`rows_per_user`: minimum, quartiles, maximum)."""
    meta, rows = interactions.meta, np.diff(interactions.user_ptr)
    labels = interactions.labels()
    both = np.add.reduceat(labels.astype(np.int64), interactions.user_ptr[:-1])
    return {
        **meta["counts"],
        "users_of_one_class": int(((both == 0) | (both == rows)).sum()),
        "rows_per_user": [float(value) for value in np.quantile(rows, _QUANTILES)],
        "fields": meta["fields"],
        "categories": dict(meta["categories"]),
        "missing": dict(meta["missing"]),
        "label": meta["label"],
        "drop": meta["drop"],
        "order": meta["order"],
        "given": meta["given"],
        "truth": meta["truth"],
        "source": meta["source"],
        "digest": interactions.digest,
    }
