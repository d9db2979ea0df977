"""How benchmarks of pytest-benchmark were measured: what makes other seconds of the same code, and what may."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from bench.errors import CompareError
from bench.gate.speed.benchmark_files import Benchmark, BenchmarkFile

__all__ = ["check_measured_alike", "measured_differently", "other_parameters"]

_DECISIVE = ("timer", "disable_gc", "warmup")  # another one makes other seconds of the same code
_TOLD = ("min_rounds", "max_time", "min_time", "precision", "confidence")  # may do so
_LONGEST = 60  # characters of a value that are shown
_MOST = 3  # benchmarks that are named


def check_measured_alike(base: Sequence[BenchmarkFile], candidate: Sequence[BenchmarkFile]) -> None:
    """Raise CompareError where a benchmark of both sides was measured otherwise in one file than in another."""
    for name in _shared(base, candidate):
        first, *others = [file for file in (*base, *candidate) if name in file.benchmarks]
        for file in others:
            for option in _DECISIVE:
                ours, theirs = (_option(one.benchmarks[name], option) for one in (first, file))
                if ours != theirs:
                    raise CompareError(
                        f"{name} was measured with {option}={ours} in {first.path}, with {option}={theirs} in {file.path}; "
                        f"run both with the same --benchmark-{option.replace('_', '-')} and the same mark"
                    )


def other_parameters(base: Sequence[Benchmark], candidate: Sequence[Benchmark]) -> str:
    """Of one name: what they are where they differ; "" where they don't, or where they differ from launch to launch, as the
    addresses of objects do."""
    ours, theirs = ({_text(one.params) for one in side} for side in (base, candidate))
    if not _is_one_each(ours, theirs) or " at 0x" in f"{ours}{theirs}":
        return ""
    return f"{_either(ours)} in BASE, {_either(theirs)} in CANDIDATE"


def measured_differently(
    base: Sequence[BenchmarkFile], candidate: Sequence[BenchmarkFile]
) -> Iterator[str]:
    """Of what may make other seconds, a line for each difference."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name in _shared(base, candidate):
        sides = _of(name, base), _of(name, candidate)
        for line in (*_options(*sides), *_extra_info(*sides), *_counts(*sides)):
            alike[line].append(name)
    for line, names in alike.items():
        more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
        yield f"{line}, of {', '.join(names[:_MOST])}{more}"


def _options(base: Sequence[Benchmark], candidate: Sequence[Benchmark]) -> Iterator[str]:
    for option in _TOLD:
        ours, theirs = ({_option(one, option) for one in side} for side in (base, candidate))
        if ours != theirs:
            yield f"{option}: {_either(ours)} in BASE, {_either(theirs)} in CANDIDATE"


def _extra_info(base: Sequence[Benchmark], candidate: Sequence[Benchmark]) -> Iterator[str]:
    """Of what each launch measures anew nothing is said."""
    ours, theirs = ({_text(one.extra_info) for one in side} for side in (base, candidate))
    if _is_one_each(ours, theirs):
        yield f"extra_info: {_either(ours)} in BASE, {_either(theirs)} in CANDIDATE"


def _counts(base: Sequence[Benchmark], candidate: Sequence[Benchmark]) -> Iterator[str]:
    """Of rounds and iterations that a test chose. Else they follow from the speed of the code, and are no fewer than asked."""
    asked = [one.options.get("min_rounds") for one in (*base, *candidate)]
    fewest = max((number for number in asked if isinstance(number, int)), default=2)
    rounds = [[one.rounds for one in side] for side in (base, candidate)]
    iterations = [[one.iterations for one in side] for side in (base, candidate)]
    for what, (ours, theirs), least in (("rounds", rounds, fewest), ("iterations", iterations, 2)):
        is_apart = max(ours) < min(theirs) or max(theirs) < min(ours)
        if is_apart and min(*ours, *theirs) < least:
            yield f"{what}: {_span(ours)} in BASE, {_span(theirs)} in CANDIDATE"


def _shared(base: Sequence[BenchmarkFile], candidate: Sequence[BenchmarkFile]) -> list[str]:
    ours, theirs = (
        {name for file in side for name in file.benchmarks} for side in (base, candidate)
    )
    return sorted(ours & theirs)


def _of(name: str, files: Sequence[BenchmarkFile]) -> list[Benchmark]:
    return [file.benchmarks[name] for file in files if name in file.benchmarks]


def _option(benchmark: Benchmark, option: str) -> str:
    """What is off is written as false, 0 or null."""
    return _text(benchmark.options.get(option) or False)


def _is_one_each(ours: set[str], theirs: set[str]) -> bool:
    """Whether two sides differ, and neither within itself."""
    return ours != theirs and len(ours) == len(theirs) == 1


def _either(texts: set[str]) -> str:
    return " or ".join(map(_shortened, sorted(texts)))


def _span(counts: Sequence[int]) -> str:
    return f"{min(counts)}" if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
