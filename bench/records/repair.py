"""What can be put right in a run's folder without running anything. Nothing that holds a result is changed or removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.errors import StorageError
from bench.records.atomic import alone
from bench.records.findings import title
from bench.records.joining import names_of
from bench.records.manifest_file import followed, write_manifest
from bench.records.standing import Standing, standing
from bench.storage.in_use import unused
from bench.storage.temporary import sweep, sync_folder

__all__ = ["removed", "repair"]


def repair(folder: Path) -> list[str]:
    """Bring the manifest in line with the records, list those that belong to its suite, and remove temporary files, failures
    of trials that have a result, and blobs that nothing names; a line for each. Blobs stay while a run is at work in the
    folder: it writes them before the record that names them.

    Raises NoRunError where there is no run, StorageError where it can't be read or written."""
    standing(folder)  # a folder that is no run is not locked either
    with alone(folder), ExitStack() as stack:
        idle = stack.enter_context(unused(folder / "blobs"))
        now = standing(folder)
        done = [
            *_swept(now),
            *removed(folder, now.old_failures, "its trial has a result, which counts"),
            *_relisted(now),
            *removed(folder, now.unnamed if idle else (), "nothing named it"),
        ]
        if now.unnamed and not idle:
            done.append(f"blobs/: left as it is, since a run is at work in {folder}")
    return done


def removed(folder: Path, files: Iterable[Path], why: str) -> Iterator[str]:
    """Remove files of a run; a line for each. Raises StorageError."""
    for file in files:
        try:
            file.unlink(missing_ok=True)
            sync_folder(file.parent)
        except OSError as error:
            raise StorageError(
                f"{file}: can't be removed: {error.strerror}; make {file.parent} writable"
            ) from error
        yield f"{file.relative_to(folder).as_posix()}: removed ({why})"


def _swept(now: Standing) -> Iterator[str]:
    """What killed processes have left, unless somebody holds it by now."""
    folder = now.files.folder
    for room in {file.parent for file in now.files.temporaries}:
        sweep(room)
    for file in now.files.temporaries:
        if not file.exists():
            yield f"{file.relative_to(folder).as_posix()}: removed (half written)"


def _relisted(now: Standing) -> Iterator[str]:
    """The manifest, where it says something else than the records do. A line whose record is lost or damaged stays as it is:
    what was there once is not forgotten."""
    if now.files.manifest is None:
        return
    by_id = {record["id"]: record for record in now.files.every_record.values()}
    added = [*now.joined.lines, *now.joined.forgotten]
    names = {names_of(line) for line in added}
    said = zip(now.files.manifest["trials"], now.records, strict=True)
    # a line that had no id gives way to one that has
    stay = [(line, record) for line, record in said if names_of(line) not in names]
    more = [(line, by_id.get(line["id"])) for line in added]
    lines, records = zip(*stay, *more, strict=True) if stay or more else ((), ())
    found = followed({**now.files.manifest, "trials": list(lines)}, records)
    kept = [
        old if record is None else new
        for old, new, record in zip(lines, found["trials"], records, strict=True)
    ]
    found = {**found, "trials": kept}
    if found == now.files.manifest:
        return
    write_manifest(now.files.folder, found)
    for line in now.joined.lines:
        yield f"manifest.json: lists {title(line)}"
    for line in now.joined.forgotten:
        yield f"manifest.json: lists {title(line)}, which has no result"
    yield f"manifest.json: in line with the records: {found['status']}"
