"""Apache Otava, asked for change points: in an environment of its own, since it pins another numpy."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["WINDOW", "Answer", "Found", "ask"]

WINDOW = 50  # runs that it looks at together, its default
_TIMEOUT_S = 120.0
_LINE = 200  # letters of what it says when it fails

# By its documented classes. The command line rounds what it finds to whole percents.
_SCRIPT = """
import json, sys
from otava.series import AnalysisOptions, Metric, Series

def changes(values):
    series = Series("s", None, list(range(len(values))), {"m": Metric()}, {"m": values}, {})
    found = series.analyze(AnalysisOptions()).change_points["m"]
    return [[int(one.index), float(one.pvalue())] for one in found]

print(json.dumps([changes(values) for values in json.load(sys.stdin)]))
"""


class Found(NamedTuple):
    """The place of the first value that is other, and p of its t-test."""

    at: int
    p: float


class Answer(NamedTuple):
    """For each series what was found, or why nothing was looked for."""

    found: tuple[tuple[Found, ...], ...] = ()
    trouble: str = ""


def ask(where: Path, series: Sequence[Sequence[float]], timeout_s: float = _TIMEOUT_S) -> Answer:
    """`where`: a Python, or a virtual environment, that has it; `series`: finite values. Whatever it does, this returns."""
    try:
        ended = subprocess.run(
            [_python(where), "-I", "-c", _SCRIPT],
            input=json.dumps([list(values) for values in series], allow_nan=False),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Answer(trouble=f"it took longer than {timeout_s:g} s")
    except OSError as error:
        return Answer(trouble=f"{where}: {error.strerror}")
    if ended.returncode:
        said = ended.stderr.strip().splitlines() or [f"it ended with {ended.returncode}"]
        return Answer(trouble=said[-1][:_LINE])
    return _read(ended.stdout, series)


def _python(where: Path) -> str:
    """That of an environment, whichever system it is of."""
    if not where.is_dir():
        return str(where)
    return str(where / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def _read(text: str, series: Sequence[Sequence[float]]) -> Answer:
    """What is no answer to this question is none."""
    try:
        told: Any = json.loads(text)
        found = tuple(tuple(Found(int(at), float(p)) for at, p in one) for one in told)
    except (ValueError, TypeError):
        return Answer(trouble="what it printed is no answer")
    fits = len(found) == len(series) and all(
        0 < one.at < len(values)
        for values, changes in zip(series, found, strict=False)
        for one in changes
    )
    return Answer(found) if fits else Answer(trouble="what it printed is no answer")
