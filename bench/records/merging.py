"""What a merge of one run's folder into another comes to: which lines HERE's manifest gets of THERE's, which files it needs
for them, and what speaks against it. Reads alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from bench.job.outcome import of_record
from bench.records.findings import FAULTS, Finding, title
from bench.records.joining import Names, names_of, other_recipe, place_order, recipe_in
from bench.records.manifest_file import followed, lacking
from bench.records.record import Record
from bench.records.standing import Standing, results_of
from bench.records.verify import conflicts_between, verified

__all__ = ["Merger", "merger"]

Line = Mapping[str, Any]
_REFUSED = "run it again, with the suite, code and versions of the other"


class Merger(NamedTuple):
    """`refused`: why nothing is to be copied; what follows is of no use then. `manifest`: HERE's with what THERE was asked
    for, as it would say what is there. `copied`: files of THERE's records that HERE has not. `outranked`: failures whose trial
    has a result in the other run."""

    refused: tuple[Finding, ...]
    manifest: dict[str, Any]
    copied: Mapping[Path, Record]
    outranked: tuple[Path, ...]

    @property
    def lacking(self) -> list[Line]:
        """Lines that were asked for in either run, and have no result."""
        return lacking(self.manifest["trials"])


def merger(here: Standing, there: Standing) -> Merger:
    """What merging THERE into HERE comes to."""
    faults = [
        one._replace(file=f"{now.files.folder}/{one.file}")
        for now in (here, there)
        for one in verified(now).of_kind(*FAULTS)
    ]
    faults += conflicts_between([here.files.folder, there.files.folder])
    if faults or here.manifest is None or there.manifest is None:
        return Merger(tuple(faults), {"trials": []}, {}, ())
    merging = _Merging(here, there, here.manifest, there.manifest)
    merging.take_lines()
    outranked = tuple(merging.outranked())
    return Merger(
        tuple(merging.refused), merging.followed_manifest(), dict(merging.copied()), outranked
    )


@dataclass
class _Merging:
    """`lines`: of the manifest that is made, by names."""

    here: Standing
    there: Standing
    ours: Mapping[str, Any]
    theirs: Mapping[str, Any]
    lines: dict[Names, Line] = field(default_factory=dict)
    refused: list[Finding] = field(default_factory=list)
    _told: set[tuple[Names, str]] = field(default_factory=set)

    def take_lines(self) -> None:
        self.lines = {names_of(line): line for line in self.ours["trials"]}
        methods = {names[:3] for names in self.lines}
        more: list[Line] = []
        for line, record in zip(self.theirs["trials"], self.there.records, strict=True):
            mine = self.lines.get(names_of(line))
            reason = self._against(mine, line, methods)
            if not reason and (mine is None or mine["id"] is None):
                asked = line["asked"] or mine is not None  # one without an id was asked for
                more.append({**line, "asked": asked})
            elif line["asked"]:
                self._take_other(line, record, mine, reason, more)
        more.sort(key=place_order(self.ours))
        self.lines |= {names_of(line): line for line in more}

    def _against(self, mine: Line | None, line: Line, methods: set[Names]) -> str:
        """Why THERE's line is not one for HERE, or nothing."""
        if mine is not None and mine["id"] is not None:
            if line["id"] in (None, mine["id"]):
                return ""
            return "its settings, code or versions are not those of the same trial here"
        if names_of(line)[:3] not in methods:
            return "there is no such method here"
        return other_recipe(recipe_in(self.ours, line), recipe_in(self.theirs, line))

    def _take_other(
        self, line: Line, record: Record | None, mine: Line | None, reason: str, more: list[Line]
    ) -> None:
        """A line that was asked for. Without a result it may be of other settings: no figure comes of it, it is lacking."""
        if not reason or (mine is not None and not _is_result(record)):
            assert mine is not None
            self.lines[names_of(line)] = {**mine, "asked": True}
        elif _is_result(record) or reason == "there is no such method here":
            self._refuse(line, reason)
        else:
            more.append({**line, "id": None, "record": None, "status": None})

    def _refuse(self, line: Line, reason: str) -> None:
        """The first seed of a method stands for the others."""
        told = (names_of(line)[:3], reason)
        if told not in self._told:
            self._told.add(told)
            file = f"{self.there.files.folder}/manifest.json"
            self.refused.append(Finding("stray", file, f"{title(line)}: {reason}", _REFUSED))

    def copied(self) -> Iterator[tuple[Path, Record]]:
        """A result that HERE has not, and a failure where it has neither."""
        results, failures = results_of(self.here.files), _failures(self.here)
        for file, record in self._their_files():
            there_too = results if _is_result(record) else results.keys() | failures.keys()
            if record["id"] not in there_too:
                yield file, record

    def outranked(self) -> Iterator[Path]:
        ours, theirs = _failures(self.here), _failures(self.there)
        for _, record in self._their_files():
            if _is_result(record) and record["id"] in ours:
                yield ours[record["id"]]
            elif record["id"] in results_of(self.here.files) and record["id"] in theirs:
                yield theirs[record["id"]]

    def _their_files(self) -> Iterator[tuple[Path, Record]]:
        """Those of THERE's records that count, of trials that the manifest has by now."""
        wanted = {line["id"] for line in self.lines.values()}
        counting = {record["digest"] for record in self.there.records if record is not None}
        for file, record in self.there.files.every_record.items():
            if record["digest"] in counting and record["id"] in wanted:
                yield file, record

    def followed_manifest(self) -> dict[str, Any]:
        theirs = {record["id"]: record for record in self.there.records if record is not None}
        ours = {record["id"]: record for record in self.here.records if record is not None}
        records = [
            _better(ours.get(line["id"]), theirs.get(line["id"])) for line in self.lines.values()
        ]
        return followed({**self.ours, "trials": list(self.lines.values())}, records)


def _better(ours: Record | None, theirs: Record | None) -> Record | None:
    if ours is None or (_is_result(theirs) and not _is_result(ours)):
        return theirs
    return ours


def _failures(now: Standing) -> dict[str, Path]:
    return {record["id"]: file for file, record in now.files.failures.items()}


def _is_result(record: Record | None) -> bool:
    return record is not None and of_record(record).ok
