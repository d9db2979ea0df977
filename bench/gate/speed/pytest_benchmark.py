"""Two lists of files of pytest-benchmark (`--benchmark-json`), a file a launch, judged by the same statistics.

Launches of files knew nothing of each other: neither their order nor that of their rows says anything."""

from __future__ import annotations

import glob
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.errors import CompareError
from bench.gate.model import Cell, GateResult
from bench.gate.speed.intervals import FEWEST, unpaired_estimate
from bench.gate.speed.judging import Sample, judged
from bench.gate.speed.options import SpeedOptions
from bench.margins import GateMargins

__all__ = ["gate_files"]

NOTHING_WRITTEN = (
    "pytest-benchmark writes no file under xdist or --benchmark-disable, nor where no benchmark ran"
)
# of machine_info, beside the processor: on another one seconds are others
_MACHINE = ("machine", "system", "python_implementation")
_PROCESSOR = ("brand_raw", "arch", "count")


class _File(NamedTuple):
    """`seconds`: median of each benchmark by its full name, parameters included; None of one that failed."""

    path: Path
    seconds: Mapping[str, float | None]
    machine: Mapping[str, Any]
    python: str
    timers: frozenset[str]
    text: str


def gate_files(base: str, candidate: str, options: SpeedOptions) -> GateResult:
    """BASE and CANDIDATE: a folder of JSON files, a glob, or names with commas between them. A benchmark of BASE that a file
    lacks is incomplete, whatever it is called now. Fewer than FEWEST files a side judge nothing: two processes of one code
    differ, and files of one process can't say by how much.

    Raises CompareError for a file that is none of pytest-benchmark, and for files of other machines or timers."""
    ours, theirs = _files("BASE", base), _files("CANDIDATE", candidate)
    _check_distinct([*ours, *theirs])
    _check_alike([*ours, *theirs])
    margin = GateMargins().throughput if options.margin is None else options.margin
    names = sorted({name for file in ours for name in file.seconds})
    missing = {name: why for name in names if (why := _why_missing(name, ours, theirs))}
    samples = [_sample(name, ours, theirs, margin) for name in names if name not in missing]
    return GateResult(
        base=f"BASE: {_counted(ours)} of {base}",
        candidate=f"CANDIDATE: {_counted(theirs)} of {candidate}",
        cells=(
            *(_incomplete(name, why) for name, why in missing.items()),
            *judged(samples),
        ),
        differs=tuple(_differences(ours, theirs)),
        notes=tuple(_notes(ours, theirs, names)),
    )


def _why_missing(name: str, base: Sequence[_File], candidate: Sequence[_File]) -> str:
    """ "" where every file of both sides has the benchmark's time."""
    if not candidate:
        return f"CANDIDATE has no file; {NOTHING_WRITTEN}"
    for side, files in (("BASE", base), ("CANDIDATE", candidate)):
        without = sum(name not in file.seconds for file in files)
        if without == len(files):
            return f"not in {side}: renamed, removed or not run; make {side} anew, or keep the name"
        if without:
            return f"in {len(files) - without} of {len(files)} files of {side}; run it in each"
        if any(file.seconds[name] is None for file in files):
            return f"failed in {side}, or left no times"
    return ""


def _sample(name: str, base: Sequence[_File], candidate: Sequence[_File], margin: float) -> Sample:
    ours, theirs = _seconds(name, base), _seconds(name, candidate)
    return Sample(
        aspect="throughput",
        dataset="",
        protocol="",
        method=name,
        measure="",
        base=float(np.median(ours)),
        candidate=float(np.median(theirs)),
        estimate=unpaired_estimate(np.log(ours), np.log(theirs)),
        margin=margin,
    )


def _seconds(name: str, files: Sequence[_File]) -> np.ndarray:
    """(files,)"""
    return np.array([file.seconds[name] for file in files], dtype=float)


# -- reading


def _files(role: str, named: str) -> list[_File]:
    """In an order of their content's own, so that the names of files don't matter."""
    return sorted((_read(path) for path in _paths(role, named)), key=lambda file: file.text)


def _paths(role: str, named: str) -> list[Path]:
    """A file that is named and missing counts as none: so a run under xdist leaves it."""
    if Path(named).is_dir():
        return sorted(Path(named).glob("*.json"))
    names = [one.strip() for one in named.split(",")]
    if not all(names) or any("\0" in one for one in names):
        raise CompareError(
            f"{role} {named!r} names no files; give a folder, a glob or names like a.json,b.json"
        )
    found = [Path(path) for name in names for path in sorted(_matches(name))]
    for path in found:
        if path.suffix != ".json" or path.is_dir():
            raise CompareError(
                f"{role} {path} is no JSON file of pytest-benchmark; to time a suite, give it with --suite"
            )
    if found and len(found) < len(names):
        lost = [name for name in names if not _matches(name)]
        raise CompareError(f"{role}: no file {', '.join(lost)}; {NOTHING_WRITTEN}")
    if not found and not all(name.endswith(".json") for name in names):
        raise CompareError(
            f"{role} {named!r} is neither a folder nor a file; to time a suite, give it with --suite"
        )
    return found


def _matches(name: str) -> list[str]:
    return [name] if Path(name).exists() else glob.glob(name, recursive=True)


def _read(path: Path) -> _File:
    try:
        text = path.read_text("utf-8")
        document = json.loads(text) if text.strip() else _EMPTY
    except OSError as error:
        raise CompareError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise CompareError(
            f"{path}: no whole JSON file ({error}); run the benchmarks again"
        ) from error
    if not isinstance(document, dict) or not isinstance(document.get("benchmarks"), list):
        raise _no_such(path, "it has no list `benchmarks`")
    machine = document.get("machine_info")
    if not isinstance(machine, dict) or (document is not _EMPTY and "version" not in document):
        raise _no_such(path, "it has no `machine_info` or no `version`")
    seconds: dict[str, float | None] = {}
    timers = set()
    for number, benchmark in enumerate(document["benchmarks"]):
        name, median = _benchmark(path, number, benchmark)
        if name in seconds:
            raise CompareError(f"{path}: benchmark {name!r} is there twice; keep one of them")
        seconds[name] = median
        timers.add(str((benchmark.get("options") or {}).get("timer", "")))
    return _File(
        path,
        seconds,
        _machine(machine),
        str(machine.get("python_version", "")),
        frozenset(timers),
        text,
    )


_EMPTY: dict[str, Any] = {"benchmarks": [], "machine_info": {}}


def _benchmark(path: Path, number: int, benchmark: Any) -> tuple[str, float | None]:
    """Its full name, with parameters, and the median of its rounds."""
    place = f"benchmarks[{number}]"
    if not isinstance(benchmark, dict) or not isinstance(benchmark.get("fullname"), str):
        raise _no_such(path, f"{place} has no `fullname`")
    stats = benchmark.get("stats")
    if not isinstance(stats, dict):
        raise _no_such(path, f"{place} has no `stats`")
    median = stats.get("median")
    if benchmark.get("has_error") or not stats.get("rounds") or median is None:
        return benchmark["fullname"], None
    is_number = isinstance(median, int | float) and not isinstance(median, bool)
    if not is_number or not math.isfinite(median) or median <= 0:
        raise CompareError(
            f"{path}: {place} ({benchmark['fullname']}): a median of {median!r} s is no time; run it again"
        )
    return benchmark["fullname"], float(median)


def _machine(told: Mapping[str, Any]) -> Mapping[str, Any]:
    processor = told.get("cpu") if isinstance(told.get("cpu"), dict) else {}
    assert isinstance(processor, dict)
    known = {key: told.get(key) for key in _MACHINE}
    return known | {f"cpu {key}": processor.get(key) for key in _PROCESSOR}


def _no_such(path: Path, reason: str) -> CompareError:
    return CompareError(
        f"{path} is no file of pytest-benchmark: {reason}; make it with --benchmark-json"
    )


# -- what can be compared


def _check_distinct(files: Sequence[_File]) -> None:
    """One launch that is given twice would count as two."""
    seen: dict[str, Path] = {}
    for file in files:
        if file.seconds and file.text in seen:
            raise CompareError(
                f"{file.path} and {seen[file.text]} are one launch, given twice; run the benchmarks once more for each file"
            )
        seen[file.text] = file.path


def _check_alike(files: Sequence[_File]) -> None:
    told = [file for file in files if file.seconds]
    for file in told[1:]:
        others = [key for key, value in file.machine.items() if value != told[0].machine[key]]
        if others:
            key = others[0]
            raise CompareError(
                f"{told[0].path} and {file.path} are of different machines ({key}: {told[0].machine[key]!r}, "
                f"{file.machine[key]!r}); run both sides on one machine"
            )
        if file.timers != told[0].timers:
            raise CompareError(
                f"{told[0].path} and {file.path} were measured by different timers ({_words(told[0].timers)}; "
                f"{_words(file.timers)}); run both with the same --benchmark-timer"
            )


def _differences(base: Sequence[_File], candidate: Sequence[_File]) -> list[str]:
    ours, theirs = ({file.python for file in side if file.seconds} for side in (base, candidate))
    if not ours or not theirs or ours == theirs:
        return []
    return [f"python {_words(ours)} in BASE, {_words(theirs)} in CANDIDATE"]


def _notes(base: Sequence[_File], candidate: Sequence[_File], names: Sequence[str]) -> list[str]:
    new = {name for file in candidate for name in file.seconds} - set(names)
    few = min(len(base), len(candidate))
    notes = [f"of CANDIDATE alone, and not judged: {', '.join(sorted(new))}"] if new else []
    if 0 < few < FEWEST:
        notes.append(
            f"a file is a launch; an interval needs {FEWEST} a side, since processes of one code differ by more than their rounds do"
        )
    if not base:
        notes.append(f"BASE has no file; {NOTHING_WRITTEN}")
    return notes


def _words(names: Any) -> str:
    return ", ".join(sorted(names))


def _counted(files: Sequence[_File]) -> str:
    return "1 file" if len(files) == 1 else f"{len(files)} files"


def _incomplete(name: str, reason: str) -> Cell:
    return Cell("throughput", "", "", name, "", verdict="incomplete", reason=reason)
