"""Files that pytest-benchmark has written (`--benchmark-json`): read, and refused where they are something else."""

from __future__ import annotations

import glob
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bench.errors import CompareError

__all__ = ["NOTHING_WRITTEN", "Benchmark", "BenchmarkFile", "benchmark_files"]

NOTHING_WRITTEN = (
    "pytest-benchmark writes no file under xdist or --benchmark-disable, nor where no benchmark ran"
)
# of machine_info, beside the processor: on another one seconds are others
_MACHINE = ("machine", "system", "python_implementation")
_PROCESSOR = ("brand_raw", "arch", "count")


class Benchmark(NamedTuple):
    """`seconds`: median of its rounds; None where it failed. `options`: how it was measured."""

    seconds: float | None
    options: Mapping[str, Any]
    params: Any
    extra_info: Any
    rounds: int
    iterations: int


class BenchmarkFile(NamedTuple):
    """`benchmarks`: by full name, that of parameters included. `versions`: of Python and of pytest-benchmark."""

    path: Path
    benchmarks: Mapping[str, Benchmark]
    machine: Mapping[str, Any]
    versions: Mapping[str, str]
    datetime: str

    @property
    def seconds(self) -> Mapping[str, float | None]:
        return {name: benchmark.seconds for name, benchmark in self.benchmarks.items()}

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
    benchmarks: dict[str, Benchmark] = {}
    for number, told in enumerate(document["benchmarks"]):
        name, benchmark = _benchmark(path, number, told)
        if name in benchmarks:
            raise CompareError(f"{path}: benchmark {name!r} is there twice; keep one of them")
        benchmarks[name] = benchmark
    versions = {
        "python": str(machine.get("python_version", "")),
        "pytest-benchmark": str(document.get("version", "")),
    }
    when = str(document.get("datetime", ""))
    return BenchmarkFile(path, benchmarks, _machine(machine), versions, when)


_EMPTY: dict[str, Any] = {"benchmarks": [], "machine_info": {}}


def _benchmark(path: Path, number: int, told: Any) -> tuple[str, Benchmark]:
    """With its full name."""
    place = f"benchmarks[{number}]"
    if not isinstance(told, dict) or not isinstance(told.get("fullname"), str):
        raise _no_such(path, f"{place} has no `fullname`")
    stats = told.get("stats")
    if not isinstance(stats, dict):
        raise _no_such(path, f"{place} has no `stats`")
    name, options = told["fullname"], told.get("options")
    benchmark = Benchmark(
        seconds=_median(f"{path}: {place} ({name})", told, stats),
        options=options if isinstance(options, dict) else {},
        params=told.get("params"),
        extra_info=told.get("extra_info"),
        rounds=_count(stats.get("rounds")),
        iterations=_count(stats.get("iterations")),
    )
    return name, benchmark


def _median(place: str, told: Mapping[str, Any], stats: Mapping[str, Any]) -> float | None:
    """Of its rounds."""
    median = stats.get("median")
    if told.get("has_error") or not stats.get("rounds") or median is None:
        return None
    is_number = isinstance(median, int | float) and not isinstance(median, bool)
    if not is_number or not math.isfinite(median) or median <= 0:
        raise CompareError(f"{place}: a median of {median!r} s is no time; run it again")
    return float(median)


def _count(told: Any) -> int:
    """0 where it is not known."""
    return told if isinstance(told, int) else 0


def _machine(told: Mapping[str, Any]) -> Mapping[str, Any]:
    processor = told.get("cpu") if isinstance(told.get("cpu"), dict) else {}
    assert isinstance(processor, dict)
    known = {key: told.get(key) for key in _MACHINE}
    return known | {f"cpu {key}": processor.get(key) for key in _PROCESSOR}


def _no_such(path: Path, reason: str) -> CompareError:
    return CompareError(
        f"{path} is no file of pytest-benchmark: {reason}; make it with --benchmark-json"
    )
