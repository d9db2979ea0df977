"""What an executor has to know of a step that it was handed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from bench.processes import Limits
from bench.registry.local import find_local
from bench.registry.preload import preload_for
from bench.registry.used_plugin import UsedPlugin

__all__ = ["Handed", "handed"]


class Handed(NamedTuple):
    """`text`: the step as JSON, for its worker; `preload`: what is imported before its process is forked; `exclusive`: nothing
    may run beside it; `log`: gets what it prints."""

    text: str
    id: str
    threads: int
    limits: Limits
    preload: tuple[str, ...]
    exclusive: bool
    log: Path


def handed(text: str) -> Handed:
    said = json.loads(text)
    folder = Path(said["cache"], said["folder"])
    find_local(
        map(Path, said["plugin_paths"])
    )  # whoever runs steps for another program knows none yet
    return Handed(
        text=text,
        id=str(said["id"]),
        threads=said["resources"]["threads"],
        limits=Limits(*said["limits"]),
        preload=preload_for(UsedPlugin(*plugin) for plugin in said["plugins"]),
        exclusive=said["exclusive"],
        log=folder.with_name(f"{folder.name}.log"),
    )
