"""A fixture of pytest's (entry point `pytest11`) for the tests of whoever has a model: it may not be worse than its base.

    def test_not_worse(bench_gate):
        bench_gate("suite.yaml", baseline="results/baseline")

Importing this loads nothing of the harness but its version: who installs it and doesn't use it pays nothing."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from bench.gate import Aspect, GateResult

__all__ = ["BenchInconclusiveWarning", "bench_gate", "pytest_addoption"]

_INI = "bench_inconclusive"
_CHOICES = ("fail", "warn")
_WIDTH = 80


class BenchInconclusiveWarning(UserWarning):
    """Of this many users and seeds it can't be said whether the candidate is worse."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`bench_inconclusive` in pytest's configuration."""
    parser.addini(
        _INI,
        "what an inconclusive gate of bench does to its test: fail, or warn",
        default="fail",
    )


@pytest.fixture
def bench_gate(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., GateResult]:
    """Runs a suite, holds it against a base, and fails the test with the table where it is worse or incomplete.

    `bench_gate(suite, *, baseline, out=None, aspects=("quality", "memory"), inconclusive=None, **options)`: paths are below
    pytest's rootdir; `out` is where the run goes (a temporary folder), never into the base; `inconclusive` is `fail` or
    `warn`, for this test; `options` are those of bench.run_suite (`workers`, `plugins`, `seeds`, ...). Gives what the gate
    found."""
    root = request.config.rootpath
    configured = str(request.config.getini(_INI))

    def gate(
        suite: Path | str,
        *,
        baseline: Path | str,
        out: Path | str | None = None,
        aspects: Sequence[Aspect] = ("quality", "memory"),
        inconclusive: str | None = None,
        **options: Any,
    ) -> GateResult:
        __tracebackhide__ = True
        choice = _choice(configured if inconclusive is None else inconclusive)
        folder = tmp_path / "bench-run" if out is None else root / out
        result = _gated(root / suite, root / baseline, folder, aspects, options)
        _tell(result, choice)
        return result

    return gate


def _choice(inconclusive: str) -> str:
    __tracebackhide__ = True
    if inconclusive not in _CHOICES:
        pytest.fail(f"{_INI} is fail or warn, not {inconclusive!r}", pytrace=False)
    return inconclusive


def _gated(
    suite: Path, baseline: Path, out: Path, aspects: Sequence[Aspect], options: dict[str, Any]
) -> GateResult:
    """The base is read first: where there is none, or where it would be written over, nothing is run."""
    __tracebackhide__ = True
    from bench import load_run, run_suite
    from bench.errors import BenchError
    from bench.gate import aspects_of, check_spares, gate_runs

    try:
        aspects = aspects_of(aspects)
        check_spares(out, baseline)
        base = load_run(baseline)
        run_suite(suite, out=out, allow_incomplete=True, **options)
        return gate_runs(base, load_run(out), aspects)
    except BenchError as error:
        told = str(error)
    pytest.fail(
        f"bench: {told}", pytrace=False
    )  # out here: pytest would show what it was raised for, too


def _tell(result: GateResult, inconclusive: str) -> None:
    __tracebackhide__ = True
    from bench.gate.print import summary

    if result.exit_code == 0:
        return
    if result.verdict == "inconclusive" and inconclusive == "warn":
        warnings.warn(BenchInconclusiveWarning(summary(result)), stacklevel=3)
        return
    told = _table(result)
    if result.verdict == "inconclusive":
        told += f"\n(`{_INI} = warn` in pytest's configuration lets an inconclusive gate pass.)"
    pytest.fail(told, pytrace=False)


def _table(result: GateResult) -> str:
    from rich.console import Console

    from bench.gate.print import gate_blocks
    from bench.report import print_blocks

    text = io.StringIO()
    print_blocks(gate_blocks(result), Console(file=text, width=_WIDTH))
    return text.getvalue().rstrip("\n")
