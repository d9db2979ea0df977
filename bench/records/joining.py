"""Which records that a manifest does not list belong to its suite: a copy brought them in from another machine's run.

A record knows its trial, kind, id and identity. It belongs where its data, division and code are those of the manifest and of
the records that it lists. Whatever is joined here, the next run of the suite keeps a trial by its id alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from bench.records.manifest_file import trial_of
from bench.records.record import Record

__all__ = ["Joined", "join"]

Names = tuple[Any, ...]
_OF_ALL = ("metrics", "harness")  # parts of an identity that all records of a run share
_OF_A_METHOD = ("settings", "plugins", "files")  # those that its seeds share


class Joined(NamedTuple):
    """`lines`: what the manifest would list more; `refused`: id to the reason, of records that are of something else."""

    lines: tuple[dict[str, Any], ...]
    refused: Mapping[str, str]


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
            by_names[_names(record["trial"])].append(record)
    lines = []
    for records in by_names.values():
        if len(records) == 1:
            lines.append(_line(records[0]))
        else:
            refused |= {record["id"]: _TWICE for record in records}
    methods = list(dict.fromkeys(line["method"] for line in manifest["trials"]))
    lines.sort(key=lambda line: (line["seed"], methods.index(line["method"])))
    return Joined(tuple(lines), refused)


_TWICE = "another record of the same trial has another id, and neither is listed"


class _Known:
    """A manifest and what its records have in common."""

    def __init__(self, manifest: Mapping[str, Any], records: Sequence[Record]) -> None:
        self._data = {
            name: told.get("digest") for name, told in manifest.get("datasets", {}).items()
        }
        self._splits = manifest.get("splits", {})
        self._trials = {_names(line) for line in manifest["trials"]}
        self._methods = {line["method"] for line in manifest["trials"]}
        self._any = records[0] if records else None
        self._of_method = {_method(record): record for record in records}
        self._division = {_division(record): record["identity"]["split"] for record in records}

    def against(self, record: Record) -> str:
        """Why a record does not belong here, or nothing."""
        trial, identity = record["trial"], record["identity"]
        place = f"{trial['dataset']}/{trial['protocol']}"
        if _names(trial) in self._trials:
            return "the manifest lists its trial under another id: settings, code or versions are others"
        if trial["dataset"] not in self._data or place not in self._splits:
            return f"the manifest has no {place}"
        if trial["method"] not in self._methods:
            return f"the manifest has no method {trial['method']}"
        if identity["data"] != self._data[trial["dataset"]]:
            return "it is of other data"
        if not self._is_divided_alike(record, self._splits[place]):
            return "it is of another division of the data"
        return self._other_code(record)

    def _other_code(self, record: Record) -> str:
        of_method = self._of_method.get(_method(record))
        for other, keys in ((self._any, _OF_ALL), (of_method, _OF_A_METHOD)):
            ours = {} if other is None else other["identity"]
            for key in keys if ours else ():
                if record["identity"].get(key) != ours.get(key):
                    return f"its {_WORDS.get(key, key)} is not that of the records that are listed"
        return ""

    def _is_divided_alike(self, record: Record, told: Mapping[str, Any]) -> bool:
        """Where each seed has a division of its own, the manifest tells of one of them alone."""
        split: str = record["identity"]["split"]
        if told.get("by_seed"):
            return bool(split == self._division.get(_division(record), split))
        return bool(split == told.get("digest"))


_WORDS = {"harness": "harness code", "metrics": "set of metrics", "plugins": "plugin code"}


def _names(trial: Mapping[str, Any]) -> Names:
    return tuple(trial_of(trial).values())


def _method(record: Record) -> Names:
    return _names(record["trial"])[:3]


def _division(record: Record) -> Names:
    dataset, protocol, _, seed = _names(record["trial"])
    return dataset, protocol, seed


def _line(record: Record) -> dict[str, Any]:
    return {
        **trial_of(record["trial"]),
        "kind": record["kind"],
        "id": record["id"],
        "asked": True,
        "record": None,
        "status": None,
    }
