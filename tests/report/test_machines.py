"""Costs that more than one kind of machine measured: told of, and never set side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bench.records import Run
from bench.report import Report, build, to_markdown
from bench.report.charts.pareto import pareto

MakeRun = Callable[..., Run]
Edit = Callable[[list[dict[str, Any]], dict[str, Any]], None]
OTHERS = {"others": [{"processor": "B", "cores": 8}]}


def measured(**by_method: dict[str, Any]) -> Edit:
    """On machine A, but for what is given of some methods."""

    def edit(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
        for record in records:
            more = by_method.get(record["trial"]["method"], {})
            record["environment"] = {"processor": "A", "cores": 2} | more

    return edit


@pytest.fixture
def built(make_analysed: MakeRun) -> Callable[..., Report]:
    return lambda **by_method: build(make_analysed(edit=measured(**by_method)))


def test_one_machine_is_none_to_tell_of(built: Callable[..., Report]) -> None:
    report = built(gating={"worker": "node-1"}, fm={"worker": "node-2"})
    (section,) = report.sections
    assert section.one_machine
    assert {row.machines for row in section.rows if row.cost is not None} == {(1,)}
    assert pareto(section).nothing == ""
    assert report.made is not None
    assert report.made.workers == ("node-1", "node-2") or set(report.made.workers) == {
        "node-1",
        "node-2",
    }


@pytest.mark.parametrize("unlike", [{"processor": "B", "cores": 8}, OTHERS])
def test_costs_of_unlike_machines_are_marked_and_not_set_side_by_side(
    built: Callable[..., Report], unlike: dict[str, Any]
) -> None:
    report = built(gating=unlike)
    (section,) = report.sections
    assert not section.one_machine
    of = {row.name: row.machines for row in section.rows if row.cost is not None}
    numbers = {(2,), (1, 2)} if unlike is OTHERS else {(1,), (2,)}
    assert of["gating"] in numbers
    assert of["gating"] != of["fm"]
    assert "more than one kind of machine" in pareto(section).nothing
    text = " ".join(to_markdown(report).split())
    assert "These costs are of more than one kind of machine" in text
    assert "| machine |" in text
    assert "Computed on, machine 2: " in text


def test_the_short_table_leaves_such_costs_out(built: Callable[..., Report]) -> None:
    from bench.report.sections.summary import summary

    def text(report: Report) -> str:
        return str(list(summary(report)))

    assert "total\\nCPU s" in text(built())
    unlike = text(built(gating=OTHERS))
    assert "total\\nCPU s" not in unlike
    assert "Costs are of more than one kind of machine" in unlike
