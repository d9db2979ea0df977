"""Whether a run's folder is what was written: every record, failure, blob, manifest and analysis by its digest, what one names
of another, and what nothing names. Reads alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

from bench.errors import StorageError
from bench.job.outcome import of_record
from bench.records.analysis_file import digests_of
from bench.records.blobs import check_blob
from bench.records.findings import Finding, Kind, Verified, title
from bench.records.in_folder import read_files
from bench.records.manifest_file import lacking
from bench.records.record import Record, same_result
from bench.records.standing import Standing, standing, wanted_blobs

__all__ = ["conflicts_between", "verified", "verify"]

_AGAIN = "run the suite again"
_REPAIR = "--repair"


def verify(folder: Path) -> Verified:
    """Check all of a run's folder. Raises NoRunError where there is no run, StorageError where the folder can't be listed."""
    return verified(standing(folder))


def verified(now: Standing) -> Verified:
    """What there is to tell of a folder."""
    files = now.files
    blobs = dict(_blob_faults(now))
    found = [
        *files.findings,
        *_of_lines(now),
        *blobs.values(),
        *_second_results(now),
        *_of_manifest(now),
        *_of_analysis(now),
        *_strays(now),
    ]
    lines = now.manifest["trials"] if now.manifest else []
    never_asked = sum(not line["asked"] for line in lines)
    counts = {
        "trials": len(lines),
        # so that a copy whose manifest knows of less than was asked for is not taken for a whole suite
        **({"not asked for": never_asked} if never_asked else {}),
        "records": len(files.records),
        "failures": len(files.failures),
        "blobs": len(wanted_blobs(files).keys() - blobs.keys()),
    }
    return Verified(files.folder, tuple(found), counts)


def conflicts_between(runs: Sequence[Path]) -> list[Finding]:
    """Trials of which two runs have different results: a copy of one over the other would lose one of them."""
    read = [(run, read_files(run)) for run in runs]
    found = []
    for (ours, one), (theirs, other) in combinations(read, 2):
        by_id = {record["id"]: record for record in other.records.values()}
        for file, record in one.records.items():
            second = by_id.get(record["id"])
            if second is not None and not same_result(record, second):
                found.append(_between(ours, theirs, file, record))
    return found


def _between(ours: Path, theirs: Path, file: Path, record: Record) -> Finding:
    name = file.relative_to(ours).as_posix()
    what = f"{title(record['trial'])} has another result in {theirs}"
    return Finding(
        "conflict",
        f"{ours}/{name}",
        what,
        "copy neither over the other; find out which machine is right",
    )


def _of_lines(now: Standing) -> Iterator[Finding]:
    """A line whose record is of another trial, or is gone though the manifest knew it; and what lacks a result."""
    if now.manifest is None or now.files.manifest is None:
        return
    by_id = {record["id"]: file for file, record in now.files.every_record.items()}
    unread = {finding.file for finding in now.files.findings}
    for line, record in zip(now.files.manifest["trials"], now.records, strict=True):
        if record is not None or line["id"] is None:
            continue
        name = f"records/{line['id']}.json"
        if line["id"] in by_id:
            file = by_id[line["id"]].relative_to(now.files.folder).as_posix()
            what = f"holds another trial than the manifest says ({title(line)})"
            yield Finding("damaged", file, what, f"remove it and {_AGAIN}")
        elif line["record"] is not None and not unread & {name, f"failures/{line['id']}.json"}:
            what = f"missing: the manifest says that {title(line)} has a record"
            yield Finding("missing", name, what, f"restore it from git, or {_AGAIN}")
    for line in lacking(now.manifest["trials"]):
        failed = line["status"] is not None
        file = f"failures/{line['id']}.json" if failed else "manifest.json"
        ended = f"ended as {line['status']}" if failed else "was asked for"
        yield Finding("lacking", file, f"{title(line)} {ended} and has no result", _AGAIN)
    for line in now.joined.forgotten:
        what = f"{title(line)} has no result, and others of that seed, which a copy brought, have"
        yield Finding("lacking", "manifest.json", what, _AGAIN)


def _blob_faults(now: Standing) -> Iterator[tuple[str, Finding]]:
    """By name, of every blob that is wanted. What an analysis of other records names is made again anyway."""
    outdated = now.files.analysis is not None and not _analysis_is_current(now)
    for name, by in sorted(wanted_blobs(now.files).items()):
        if outdated and by == "analysis.json":
            continue
        if fault := _fault(now, name):
            kind: Kind = "damaged" if name in now.files.blobs else "missing"
            yield name, Finding(kind, f"blobs/{name}", f"{fault} ({by} names it)", _AGAIN)


def _fault(now: Standing, name: str) -> str:
    """What is wrong with a blob, or nothing."""
    digest, _, kind = name.partition(".")
    try:
        check_blob(now.files.folder, digest, kind)
    except StorageError as error:
        what, _, _ = str(error).rpartition("; ")
        return what.removeprefix(f"{now.files.folder / 'blobs' / name}: ")
    return ""


def _second_results(now: Standing) -> Iterator[Finding]:
    for file, record in now.files.records.items():
        if file.name != f"{record['id']}.json":
            name = file.relative_to(now.files.folder).as_posix()
            what = f"{title(record['trial'])} has another result in records/{record['id']}.json, which counts"
            yield Finding(
                "conflict", name, what, "find out why; keep the right one under that name"
            )


def _of_manifest(now: Standing) -> Iterator[Finding]:
    if now.files.manifest is None or now.manifest is None:
        return
    said = now.files.manifest["trials"]
    behind = [
        line
        for line, old, record in zip(now.manifest["trials"], said, now.records, strict=True)
        if record is not None and line != old
    ]
    if behind:
        what = f"says otherwise of {len(behind)} trials than their records do, {title(behind[0])} first"
        yield Finding("outdated", "manifest.json", what, f"{_REPAIR}, or {_AGAIN}")
    elif now.manifest["status"] != now.files.manifest.get("status"):
        what = f"says {now.files.manifest.get('status')}; its records say {now.manifest['status']}"
        yield Finding("outdated", "manifest.json", what, f"{_REPAIR}, or {_AGAIN}")
    titles = {line["id"]: title(line) for line in now.joined.lines}
    for file, record in now.files.every_record.items():
        if file.name != f"{record['id']}.json":
            continue
        name = file.relative_to(now.files.folder).as_posix()
        if record["id"] in titles:
            what = f"{titles[record['id']]} is of this suite, and the manifest does not list it"
            yield Finding("unlisted", name, what, f"{_REPAIR} adds it to the manifest")
        elif reason := now.joined.refused.get(record["id"]):
            what = f"{title(record['trial'])}: {reason}"
            yield Finding("stray", name, what, "leave it, or remove it: no report shows it")


def _of_analysis(now: Standing) -> Iterator[Finding]:
    if any(finding.file == "analysis.json" for finding in now.files.findings):
        return
    has_results = any(record is not None and _is_analysed(record) for record in now.records)
    if now.files.analysis is None:
        if has_results and now.manifest and now.manifest["status"] in ("complete", "part"):
            yield Finding("outdated", "analysis.json", "there is none of these records", _anew(now))
    elif not _analysis_is_current(now):
        what = "of other records than those that are there now"
        yield Finding("outdated", "analysis.json", what, _anew(now))


def _anew(now: Standing) -> str:
    """With its own seeds nothing else is done; the suite may have others."""
    asked = (
        {line["seed"] for line in now.manifest["trials"] if line["asked"]} if now.manifest else ()
    )
    seeds = ",".join(map(str, sorted(asked)))
    return f"{_AGAIN}, with --seeds {seeds}: it is made anew, and nothing else"


def _is_analysed(record: Record) -> bool:
    return of_record(record).ok and record["kind"] != "bound"


def _analysis_is_current(now: Standing) -> bool:
    there = [record for record in now.records if record is not None]
    return now.files.analysis is not None and now.files.analysis.records == digests_of(there)


def _strays(now: Standing) -> Iterator[Finding]:
    folder = now.files.folder
    for file in now.files.temporaries:
        name = file.relative_to(folder).as_posix()
        yield Finding(
            "stray", name, "left half written by a process that was ended", f"{_REPAIR} removes it"
        )
    for file in now.old_failures:
        name = file.relative_to(folder).as_posix()
        yield Finding(
            "stray", name, "its trial has a result, which counts", f"{_REPAIR} removes it"
        )
    for file in now.unnamed:
        fault = _fault(now, file.name)
        what = f"no record and no analysis names it{', and it is ' + fault if fault else ''}"
        yield Finding("stray", f"blobs/{file.name}", what, f"{_REPAIR} removes it")
