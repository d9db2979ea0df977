"""The rows of tests/faults.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import yaml

__all__ = ["MATRIX", "Row", "read_rows"]

MATRIX = "tests/faults.yaml"


class Row(NamedTuple):
    """`number` is text, since one is 41b."""

    number: str
    group: str
    fault: str
    what_happens: str


def read_rows(root: Path) -> list[Row]:
    """In the order of the file. Raises KeyError where a row lacks something."""
    groups = yaml.safe_load((root / MATRIX).read_text("utf-8"))
    return [
        Row(str(row["row"]), group["group"], row["fault"], row["what happens"])
        for group in groups
        for row in group["rows"]
    ]
