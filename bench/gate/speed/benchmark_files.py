"""Files that pytest-benchmark has written (`--benchmark-json`): read, and refused where they are something else."""

from __future__ import annotations

import glob
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bench.errors import CompareError

__all__ = ["NOTHING_WRITTEN", "BenchmarkFile", "benchmark_files"]

NOTHING_WRITTEN = (
    "pytest-benchmark writes no file under xdist or --benchmark-disable, nor where no benchmark ran"
)
# of machine_info, beside the processor: on another one seconds are others
_MACHINE = ("machine", "system", "python_implementation")
_PROCESSOR = ("brand_raw", "arch", "count")


class BenchmarkFile(NamedTuple):
    """`seconds`: median of each benchmark by its full name, parameters included; None of one that failed."""

    path: Path
    seconds: Mapping[str, float | None]
    machine: Mapping[str, Any]
    python: str
    timers: frozenset[str]
    datetime: str

    @property
    def launch(self) -> tuple[object, ...]:
        """What two files share where one is a copy of the other, in whatever order its rows are."""
        return self.datetime, tuple(sorted(self.seconds.items(), key=str))


def benchmark_files(role: str, named: str) -> list[BenchmarkFile]:
    """In an order of their content's own, so that the names of files don't matter."""
    return sorted((_read(path) for path in _paths(role, named)), key=lambda file: str(file.launch))


def _paths(role: str, named: str) -> list[Path]:
    """A file that is named and missing counts as none: so a run under xdist leaves it."""
    names = [one.strip() for one in named.split(",")]
    if not all(names) or any("\0" in one for one in names):
        raise CompareError(
            f"{role} {named!r} names no files; give a folder, a glob or names like a.json,b.json"
        )
    if Path(named).is_dir():
        return sorted(Path(named).glob("*.json"))
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


def _read(path: Path) -> BenchmarkFile:
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
    return BenchmarkFile(
        path,
        seconds,
        _machine(machine),
        str(machine.get("python_version", "")),
        frozenset(timers),
        str(document.get("datetime", "")),
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
