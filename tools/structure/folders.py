"""What a newcomer meets in a folder: its rooms, the arrows between them, floors and circles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from tools.structure.imports import imports
from tools.structure.sources import Source

__all__ = ["Folder", "measure_folders"]

Arrow = tuple[str, str]  # the room that imports, the room that is imported


@dataclass(frozen=True)
class Folder:
    files: int
    rooms: frozenset[str]  # names with their ending: a file `rows.py` and a folder `rows` are two
    arrows: frozenset[Arrow]

    @property
    def floors(self) -> int:
        reach = self._reach()
        floors: dict[str, int] = {}
        for room in sorted(
            reach, key=lambda room: len(reach[room])
        ):  # a room reaches more than those below it do
            below = reach[room] - _circle(room, reach)
            floors[room] = 1 + max((floors[other] for other in below), default=0)
        return max(floors.values(), default=0)

    @property
    def circles(self) -> list[list[str]]:
        """Names of the rooms of each."""
        reach = self._reach()
        groups = {_circle(room, reach) for room in self.rooms}
        return sorted(sorted(group) for group in groups if len(group) > 1)

    def _reach(self) -> dict[str, set[str]]:
        return {room: _reachable(room, self.arrows) for room in self.rooms}


def measure_folders(sources: Mapping[str, Source]) -> dict[str, Folder]:
    arrows = _arrows_by_folder(imports(sources))
    names = {str(folder) for path in sources for folder in PurePosixPath(path).parents} - {"."}
    return {name: _folder(_inside(name, sources), arrows[name]) for name in sorted(names)}


def _inside(folder: str, paths: Iterable[str]) -> list[str]:
    """Paths from the folder of what lies below it."""
    return [path.removeprefix(f"{folder}/") for path in paths if path.startswith(f"{folder}/")]


def _folder(inside: list[str], arrows: Iterable[Arrow]) -> Folder:
    rooms = {path.split("/")[0] for path in inside} - {"__init__.py"}
    return Folder(sum("/" not in path for path in inside), frozenset(rooms), frozenset(arrows))


def _arrows_by_folder(imported: Iterable[tuple[str, str]]) -> defaultdict[str, set[Arrow]]:
    arrows: defaultdict[str, set[Arrow]] = defaultdict(set)
    for path, target in imported:
        folder, arrow = _parting(path.split("/"), target.split("/"))
        if "__init__.py" not in arrow:
            arrows[folder].add(arrow)
    return arrows


def _parting(path: list[str], target: list[str]) -> tuple[str, Arrow]:
    """The deepest folder that holds two different files, and the room of each there."""
    depth = next(depth for depth in range(len(path)) if path[depth] != target[depth])
    return "/".join(path[:depth]), (path[depth], target[depth])


def _reachable(room: str, arrows: Iterable[Arrow]) -> set[str]:
    """Along arrows, the room itself included."""
    reached, newest = {room}, {room}
    while newest:
        newest = {target for source, target in arrows if source in newest} - reached
        reached |= newest
    return reached


def _circle(room: str, reach: Mapping[str, set[str]]) -> frozenset[str]:
    """The room, and those with which it stands in a circle."""
    return frozenset(other for other in reach[room] if room in reach[other])
