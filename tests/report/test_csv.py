"""A report as CSV: whole, unrounded, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest

from bench.records import Run
from bench.report import Report, build, to_csv
from bench.report.print.as_csv import FIXED_COLUMNS
from tests.report.conftest import failed

MakeRun = Callable[..., Run]


def read(report: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(report), newline=""), strict=True))


def number(text: str) -> float | None:
    return float(text) if text else None


def test_every_row_is_a_line_with_its_unrounded_figures(make_analysed: MakeRun) -> None:
    report = build(make_analysed())
    (section,) = report.sections
    lines = read(report)
    assert [(line["name"], line["kind"]) for line in lines] == [
        (row.name, row.kind) for row in section.rows
    ]
    for line, row in zip(lines, section.rows, strict=True):
        for metric, figure in row.figures.items():
            assert number(line[f"{metric}_mean"]) == figure.estimate.mean
            assert number(line[f"{metric}_sd"]) == figure.estimate.sd
            assert int(line[f"{metric}_seeds"]) == 3
            assert line[f"{metric}_mark"] == (figure.mark or "")
        pair = section.pair(row)
        if pair is not None:
            for name in ("difference", "low", "high", "p_holm"):
                assert number(line[name]) == getattr(pair, name)
            assert line["verdict"] == pair.verdict
        if row.cost is not None:
            for name, value in asdict(row.cost).items():
                assert number(line[name]) == value
        assert (line["dataset"], line["protocol"], line["reference"]) == ("ml-1m", "cold", "fm")


def test_what_is_not_there_is_empty(make_run: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] == "gating":
                one.update(failed("no"))

    (line,) = (line for line in read(build(make_run(edit=edit))) if line["name"] == "gating")
    empty = ("difference", "verdict", "reference", "logloss_mean", "logloss_sd", "own_cpu_s")
    assert {line[name] for name in empty} == {""}
    assert line["logloss_seeds"] == "0"


def test_a_run_without_trials_has_a_header_alone(make_run: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        records.clear()
        manifest["trials"].clear()

    (header,) = csv.reader(io.StringIO(to_csv(build(make_run(edit=edit))), newline=""))
    assert tuple(header[: len(FIXED_COLUMNS)]) == FIXED_COLUMNS


def named(make_run: MakeRun, name: str) -> str:
    """How a suite of that name reads back."""
    return read(replace(build(make_run()), suite=name))[0]["suite"]


@pytest.mark.fault(43)
@pytest.mark.parametrize(
    "name",
    [
        "=HYPERLINK(1)", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", '"=1', "'=1", "\u00a0=1",
        "\ufeff=1", '" \t\'@x', "＝1", "＋1", "－1", "＠x", "\tx", "\rx",
    ],
)  # fmt: skip
def test_no_text_is_a_formula(make_run: MakeRun, name: str) -> None:
    assert named(make_run, name) == f"'{name}"


@pytest.mark.fault(43)
@pytest.mark.parametrize(
    "name",
    [
        'a "quoted", comma', "two\nlines", "two\r\nlines", "a\rb", "a;b\tc", "'quoted'", "1-2=3", "", " blank ", "漢字 😀",
        "a\0b", "\u202egnp", "x" * 10_000,
    ],
)  # fmt: skip
def test_other_text_reads_back_as_it_was(make_run: MakeRun, name: str) -> None:
    assert named(make_run, name) == name


@pytest.mark.fault(43)
def test_a_metric_s_name_is_no_formula_in_the_header(make_analysed: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        manifest["metrics"].append("=1+1")

    line = read(build(make_analysed(edit=edit)))[0]
    assert next(name for name in line if "1+1" in name) == "'=1+1_mean"


def test_negative_numbers_stay_numbers(make_analysed: MakeRun) -> None:
    lines = read(build(make_analysed()))
    assert min(float(line["difference"]) for line in lines if line["difference"]) < 0
