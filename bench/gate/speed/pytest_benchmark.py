"""Two lists of files of pytest-benchmark (`--benchmark-json`), a file a launch, judged by the same statistics.

Launches of files knew nothing of each other: neither their order nor that of their rows says anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import CompareError
from bench.gate.model import Cell, GateResult
from bench.gate.speed.benchmark_files import NOTHING_WRITTEN, BenchmarkFile, benchmark_files
from bench.gate.speed.benchmark_options import (
    check_measured_alike,
    measured_differently,
    other_parameters,
)
from bench.gate.speed.intervals import FEWEST, unpaired_estimate
from bench.gate.speed.judging import Sample, judged
from bench.gate.speed.options import SpeedOptions
from bench.margins import GateMargins

__all__ = ["gate_files"]


def gate_files(base: str, candidate: str, options: SpeedOptions) -> GateResult:
    """BASE and CANDIDATE: a folder of JSON files, a glob, or names with commas between them. A benchmark of BASE that a file
    lacks is incomplete, whatever it is called now. Fewer than FEWEST files a side judge nothing: two processes of one code
    differ, and files of one process can't say by how much.

    Raises CompareError for a file that is none of pytest-benchmark, and for files of other machines or measured otherwise."""
    ours, theirs = benchmark_files("BASE", base), benchmark_files("CANDIDATE", candidate)
    _check_distinct([*ours, *theirs])
    _check_machines([*ours, *theirs])
    check_measured_alike(ours, theirs)
    margin = GateMargins().throughput if options.margin is None else options.margin
    names = sorted({name for file in ours for name in file.seconds})
    missing = {name: why for name in names if (why := _why_missing(name, ours, theirs))}
    samples = [_sample(name, ours, theirs, margin) for name in names if name not in missing]
    return GateResult(
        base=f"{_counted(ours)} of {base}",
        candidate=f"{_counted(theirs)} of {candidate}",
        cells=(
            *(_incomplete(name, why) for name, why in missing.items()),
            *judged(samples),
        ),
        differs=tuple(_differences(ours, theirs)),
        notes=tuple(_notes(ours, theirs, names)),
    )


def _why_missing(
    name: str, base: Sequence[BenchmarkFile], candidate: Sequence[BenchmarkFile]
) -> str:
    """ "" where every file of both sides has the benchmark's time, of the same parameters."""
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
    ours, theirs = ([file.benchmarks[name] for file in files] for files in (base, candidate))
    if parameters := other_parameters(ours, theirs):
        return f"other parameters under one name: {parameters}; name them apart"
    return ""


def _sample(
    name: str, base: Sequence[BenchmarkFile], candidate: Sequence[BenchmarkFile], margin: float
) -> Sample:
    ours, theirs = _seconds(name, base), _seconds(name, candidate)
    return Sample(
        aspect="throughput",
        dataset="",
        protocol="",
        method="",
        measure=name,
        base=float(np.median(ours)),
        candidate=float(np.median(theirs)),
        estimate=unpaired_estimate(np.log(ours), np.log(theirs)),
        margin=margin,
    )


def _seconds(name: str, files: Sequence[BenchmarkFile]) -> np.ndarray:
    """(files,)"""
    return np.array([file.seconds[name] for file in files], dtype=float)


# -- what can be compared


def _check_distinct(files: Sequence[BenchmarkFile]) -> None:
    """One launch that is given twice would count as two."""
    seen: dict[object, Path] = {}
    for file in files:
        if file.seconds and file.launch in seen:
            raise CompareError(
                f"{file.path} and {seen[file.launch]} are one launch, given twice; run the benchmarks once more for each file"
            )
        seen[file.launch] = file.path


def _check_machines(files: Sequence[BenchmarkFile]) -> None:
    told = [file for file in files if file.seconds]
    for file in told[1:]:
        others = [key for key, value in file.machine.items() if value != told[0].machine[key]]
        if others:
            key = others[0]
            raise CompareError(
                f"{told[0].path} and {file.path} are of different machines ({key}: {told[0].machine[key]!r}, "
                f"{file.machine[key]!r}); run both sides on one machine"
            )


def _differences(
    base: Sequence[BenchmarkFile], candidate: Sequence[BenchmarkFile]
) -> Iterator[str]:
    for what in ("python", "pytest-benchmark"):
        ours, theirs = (
            {file.versions[what] for file in side if file.seconds} for side in (base, candidate)
        )
        if ours and theirs and ours != theirs:
            yield f"{what} {_words(ours)} in BASE, {_words(theirs)} in CANDIDATE"
    yield from measured_differently(base, candidate)


def _notes(
    base: Sequence[BenchmarkFile], candidate: Sequence[BenchmarkFile], names: Sequence[str]
) -> list[str]:
    new = {name for file in candidate for name in file.seconds} - set(names)
    few = min(len(base), len(candidate))
    notes = [f"of CANDIDATE alone, and not judged: {', '.join(sorted(new))}"] if new else []
    if 0 < few < FEWEST:
        notes.append(
            f"a file is a launch; an interval needs {FEWEST} a side, since processes differ by more than their rounds do"
        )
    if not base:
        notes.append(f"BASE has no file; {NOTHING_WRITTEN}")
    return notes


def _words(names: Any) -> str:
    return ", ".join(sorted(names))


def _counted(files: Sequence[BenchmarkFile]) -> str:
    return "1 file" if len(files) == 1 else f"{len(files)} files"


def _incomplete(name: str, reason: str) -> Cell:
    return Cell("throughput", "", "", "", name, verdict="incomplete", reason=reason)
