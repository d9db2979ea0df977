"""Where the cache folder is."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cache_dir"]


def cache_dir(option: Path | None) -> Path:
    """`option` (--cache-dir), else the environment's BENCH_CACHE, else the user's cache folder of this platform."""
    named = option or os.environ.get("BENCH_CACHE")
    if named:
        return Path(named)
    import pooch  # which loads what downloads need

    return Path(pooch.os_cache("metaselector-bench"))
