"""Results on disk: a JSON file a section of the page, in the folder beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["folder_of", "keep", "kept"]


def folder_of(page: Path) -> Path:
    """docs/performance of docs/performance.md."""
    return page.with_suffix("")


def keep(page: Path, section: str, found: Mapping[str, Any]) -> None:
    """Whole or not at all."""
    folder = folder_of(page)
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f"{section}.json.new"
    new.write_text(json.dumps(found, indent=1, allow_nan=False) + "\n", "utf-8")
    new.replace(folder / f"{section}.json")


def kept(page: Path, section: str) -> dict[str, Any] | None:
    """None where it was not measured. ValueError for a file that holds no results."""
    file = folder_of(page) / f"{section}.json"
    if not file.exists():
        return None
    try:
        found = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{file}: no JSON ({error}); delete it and measure again") from error
    if not isinstance(found, dict):
        raise ValueError(f"{file}: not an object of results; delete it and measure again")
    return found
