"""RUN/suite.yaml and RUN/data.json, which say what was run: no command reads them back, people do. They have no seal, so that
what they say is held against the manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from bench.errors import RecordError, StorageError
from bench.records import atomic
from bench.records.findings import Finding, cut, finding_of
from bench.records.schema import decode

__all__ = ["companion_faults"]

_SINCE = 3  # the first schema of which a run has them
_KEYS = ("version", "name", "datasets", "protocols", "base_models", "methods", "seeds", "metrics")
_BOUND = "bound"
_AGAIN = "run the suite again"


def companion_faults(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """One that is missing, or is not what a run of this manifest has."""
    if manifest["schema"] < _SINCE:
        return
    for name, check in (("suite.yaml", _check_suite), ("data.json", _check_data)):
        file = folder / name
        try:
            check(file, atomic.read(file), manifest)
        except FileNotFoundError:
            yield Finding("missing", name, "missing: it says what was run", _AGAIN)
        except StorageError as error:
            yield finding_of(folder, file, error)


def _check_suite(file: Path, data: bytes, manifest: Mapping[str, Any]) -> None:
    """RecordError where it is no suite as a run writes it, or lacks what the manifest has."""
    said = _read_suite(file, data)
    lacking = [key for key in _KEYS if key not in said]
    if lacking:
        raise RecordError(f"{file}: truncated or edited, it has no {lacking[0]!r}; {_AGAIN}")
    suite = manifest.get("suite") or {}
    if said["name"] != suite.get("name", said["name"]):
        raise RecordError(
            f"{file}: of another suite than the manifest's {cut(suite['name'])!r}; {_AGAIN}"
        )
    lines = manifest["trials"]
    wanted = {
        ("datasets",): {line["dataset"] for line in lines},
        ("protocols",): {line["protocol"] for line in lines},
        ("base_models", "methods"): {line["method"] for line in lines if line["kind"] != _BOUND},
    }
    for keys, names in wanted.items():
        _check_names(file, names, [name for key in keys for name in _entries(said[key])])


def _check_data(file: Path, data: bytes, manifest: Mapping[str, Any]) -> None:
    """RecordError where it tells of other datasets than the manifest, or of other data."""
    said = decode(file, data).get("datasets")
    if not isinstance(said, dict):
        raise RecordError(f"{file}: truncated or edited, it has no 'datasets'; {_AGAIN}")
    known = manifest.get("datasets", {})
    _check_names(file, known, said)
    for name, told in known.items():
        if isinstance(said[name], dict) and said[name].get("digest") == told.get("digest"):
            continue
        raise RecordError(f"{file}: dataset {cut(name)!r} is not that of the manifest; {_AGAIN}")


def _check_names(file: Path, wanted: Any, said: Any) -> None:
    for name in sorted(wanted):
        if name not in said:
            raise RecordError(
                f"{file}: truncated or edited, it lacks {cut(name)!r}, which the manifest has; {_AGAIN}"
            )


def _read_suite(file: Path, data: bytes) -> dict[str, Any]:
    """Raises RecordError for what is no mapping in YAML."""
    try:
        found = yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1} can't be read" if mark else "it can't be read"
        raise RecordError(f"{file}: truncated or edited, {where}; {_AGAIN}") from error
    if not isinstance(found, dict):
        raise RecordError(f"{file}: truncated or edited, it is no suite; {_AGAIN}")
    return found


def _entries(section: Any) -> list[Any]:
    return list(section) if isinstance(section, dict) else []
