"""docs/results.md: the columns and keys of files are those that it lists."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from bench.evaluate import Analysis, Estimate, MethodAnalysis, Paired
from bench.records import USER_COLUMNS
from bench.report import Cited, Cost, Figure, Report, Row, Section
from bench.report.content.model import Composition, Made
from bench.report.print.as_csv import FIXED_COLUMNS, METRIC_COLUMNS
from tests.docs.pages import text_of

OBJECTS = {
    "the document": Report,
    "of `sections`": Section,
    "of `rows`": Row,
    "of `figures`, by metric": Figure,
    "`estimate`, `validation`": Estimate,
    "`cost`": Cost,
    "`analysis`": Analysis,
    "of its `methods`": MethodAnalysis,
    "of `against_*`, by metric": Paired,
    "of `citations`": Cited,
    "`made`": Made,
    "of `compositions`": Composition,
}


def lines_of(heading: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    section = text_of("results.md").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^\| (.*) \|$", section, re.MULTILINE)
    return [line.split(" | ") for line in found[1:]]


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_columns_by_user():
    listed = {code(name)[0]: rest for name, *rest in lines_of("The table by user")}
    assert listed == {
        name: [one.type, one.meaning, one.null or "never"] for name, one in USER_COLUMNS.items()
    }


def test_columns_of_csv():
    listed = [name for column, _ in lines_of("CSV") for name in code(column)]
    assert listed == [*FIXED_COLUMNS, *(f"METRIC_{what}" for what in METRIC_COLUMNS)]


@pytest.mark.parametrize("what", OBJECTS)
def test_keys_of_json(what):
    listed = code(dict(lines_of("JSON"))[what])
    own = ["schema", "exit_code"] if what == "the document" else []
    assert listed == own + [field.name for field in fields(OBJECTS[what])]
