"""Which records that a manifest does not list belong to its suite: a copy brought them in from another machine's run.

A record belongs where its recipe is that of its method in the manifest: all that a trial depends on but its seed is the same.
Of a record or manifest of an older version, which has none, nobody can tell. Whatever is joined here, the next run of the
suite keeps a trial by its id alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from bench.records.manifest_file import trial_of
from bench.records.record import Record

__all__ = ["Joined", "Names", "join", "names_of", "other_recipe", "place_order", "recipe_in"]

Line = Mapping[str, Any]
Names = tuple[Any, ...]
_OF_ALL = ("metrics", "harness")  # parts of an identity that all records of a run share
_OF_A_METHOD = ("settings", "plugins", "files")  # those that its seeds share


class Joined(NamedTuple):
    """`lines`: what the manifest would list more; `refused`: id to the reason, of records that are of something else;
    `forgotten`: lines without an id, of methods that have nothing where others of that seed were joined: the manifest that a
    copy replaced may have asked for them."""

    lines: tuple[dict[str, Any], ...]
    refused: Mapping[str, str]
    forgotten: tuple[dict[str, Any], ...] = ()


def join(
    manifest: Mapping[str, Any], listed: Sequence[Record | None], unlisted: Iterable[Record]
) -> Joined:
    """`listed`: the records of the manifest's lines; `unlisted`: whole records of other ids, one an id."""
    known = _Known(manifest, [record for record in listed if record is not None])
    by_names: dict[Names, list[Record]] = defaultdict(list)
    refused = {}
    for record in unlisted:
        if reason := known.against(record):
            refused[record["id"]] = reason
        else:
            by_names[names_of(record["trial"])].append(record)
    lines = []
    for records in by_names.values():
        if len(records) == 1:
            lines.append(_line(records[0]["trial"], records[0]["kind"], records[0]["id"]))
        else:
            refused |= {record["id"]: _TWICE for record in records}
    forgotten = list(_forgotten(manifest["trials"], lines))
    order = place_order(manifest)
    return Joined(tuple(sorted(lines, key=order)), refused, tuple(sorted(forgotten, key=order)))


_TWICE = "another record of the same trial has another id, and neither is listed"


def place_order(manifest: Mapping[str, Any]) -> Any:
    """A key to sort lines by: seeds, then methods as the manifest has them."""
    methods = list(dict.fromkeys(line["method"] for line in manifest["trials"]))
    return lambda line: (line["seed"], methods.index(line["method"]))


def recipe_in(manifest: Mapping[str, Any], trial: Line) -> Mapping[str, str] | None:
    """A method's recipe as a manifest has it; None in one of an older version."""
    of_dataset = manifest.get("recipes", {}).get(trial["dataset"], {})
    found: Mapping[str, str] | None = of_dataset.get(trial["protocol"], {}).get(trial["method"])
    return found


def other_recipe(ours: Mapping[str, str] | None, theirs: Mapping[str, str] | None) -> str:
    """What two recipes differ in, in words; or nothing."""
    if not ours or not theirs:
        return "an older version wrote it, and nothing tells whether all its settings are the same"
    for part in sorted(ours.keys() | theirs.keys(), key=_rank):
        if ours.get(part) != theirs.get(part):
            return f"its {_WORDS.get(part, part)} is not that of its method here"
    return ""


_WORDS = {
    "data": "data",
    "division": "way of dividing the data",
    "source": "source of base predictions (base_predictions, folds)",
    "metrics": "set of metrics",
    "harness": "harness code",
    "software": "set of versions (Python, numpy, torch and what else computes)",
    "resources": "number of threads",
    "settings": "settings",
    "plugins": "plugin code",
    "files": "files",
    "ids": "ids of users and items",
    "fits": "pool of base models (their settings, code or fits)",
}


def _rank(part: str) -> int:
    """What lies above tells more than what follows from it."""
    words = list(_WORDS)
    return words.index(part) if part in words else len(words)


class _Known:
    """A manifest and what its records have in common."""

    def __init__(self, manifest: Mapping[str, Any], records: Sequence[Record]) -> None:
        self._manifest = manifest
        self._data = {
            name: told.get("digest") for name, told in manifest.get("datasets", {}).items()
        }
        self._splits = manifest.get("splits", {})
        self._trials = {names_of(line) for line in manifest["trials"] if line["id"] is not None}
        self._methods = {line["method"] for line in manifest["trials"]}
        self._any = records[0] if records else None
        self._of_method = {_method(record): record for record in records}

    def against(self, record: Record) -> str:
        """Why a record does not belong here, or nothing."""
        trial, identity = record["trial"], record["identity"]
        place = f"{trial['dataset']}/{trial['protocol']}"
        if names_of(trial) in self._trials:
            return "the manifest lists its trial under another id: settings, code or versions are others"
        if trial["dataset"] not in self._data or place not in self._splits:
            return f"the manifest has no {place}"
        if trial["method"] not in self._methods:
            return f"the manifest has no method {trial['method']}"
        if identity["data"] != self._data[trial["dataset"]]:
            return "it is of other data"
        told = self._splits[place]
        if not told.get("by_seed") and identity["split"] != told.get("digest"):
            return "it is of another division of the data"
        recipe = recipe_in(self._manifest, trial)
        return self._other_code(record) or other_recipe(recipe, record.get("recipe"))

    def _other_code(self, record: Record) -> str:
        of_method = self._of_method.get(_method(record))
        for other, keys in ((self._any, _OF_ALL), (of_method, _OF_A_METHOD)):
            ours = {} if other is None else other["identity"]
            for key in keys if ours else ():
                if record["identity"].get(key) != ours.get(key):
                    return f"its {_WORDS[key]} is not that of the records that are listed"
        return ""


def _forgotten(listed: Sequence[Line], joined: Sequence[Line]) -> Iterator[dict[str, Any]]:
    """A line of each method that is not there, by place and seed, where others were joined."""
    there = {names_of(line) for line in (*listed, *joined)}
    methods = {_method_of(line): line for line in listed}
    for seed in {line["seed"] for line in joined}:
        for line in methods.values():
            trial = {**trial_of(line), "seed": seed}
            if names_of(trial) not in there:
                yield _line(trial, line["kind"], None)


def names_of(trial: Line) -> Names:
    """A trial's names, to look it up by."""
    return tuple(trial_of(trial).values())


def _method(record: Record) -> Names:
    return _method_of(record["trial"])


def _method_of(trial: Line) -> Names:
    return names_of(trial)[:3]


def _line(trial: Line, kind: str, identity: str | None) -> dict[str, Any]:
    return {
        **trial_of(trial),
        "kind": kind,
        "id": identity,
        "asked": True,
        "record": None,
        "status": None,
    }
