"""Tables for a paper: they compile, and hold the report's figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.records import Run
from bench.report import build
from bench.report.print.latex import to_latex
from tests.report.latex import needs_latex, typeset

MakeRun = Callable[..., Run]


@needs_latex
def test_figures(make_analysed: MakeRun, tmp_path: Path) -> None:
    report = build(make_analysed())
    text = to_latex(report)
    print(text)
    print(typeset(text, tmp_path))
    assert 0
