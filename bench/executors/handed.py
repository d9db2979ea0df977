"""What an executor has to know of a step that it was handed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from bench.processes import Limits

__all__ = ["Handed", "handed"]


class Handed(NamedTuple):
    """`text`: the step as JSON, for its worker; `exclusive`: nothing may run beside it; `log`: gets what it prints."""

    text: str
    id: str
    threads: int
    limits: Limits
    exclusive: bool
    log: Path


def handed(text: str) -> Handed:
    said = json.loads(text)
    folder = Path(said["cache"], said["folder"])
    return Handed(
        text=text,
        id=str(said["id"]),
        threads=said["resources"]["threads"],
        limits=Limits(*said["limits"]),
        exclusive=said["exclusive"],
        log=folder.with_name(f"{folder.name}.log"),
    )
