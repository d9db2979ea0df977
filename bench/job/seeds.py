"""Seeds of steps: from the trial's seed, the kind of step, the plugin and its settings; never from names or digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["step_seed"]


def step_seed(seed: int, kind: str, plugin: str, params: Mapping[str, Any]) -> int:
    """In [0, 2^63): the same table as CSV or Parquet, under any suite's name, gives the same numbers."""
    text = json.dumps(
        [seed, kind, plugin, params], sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
