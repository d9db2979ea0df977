"""An analysis that contradicts the records is not shown: whoever can write the file can seal it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from bench.records import Run, load, write_analyses
from bench.report import build

MakeRun = Callable[..., Run]
Found = dict[str, Any]


def method(found: Found, name: str) -> dict[str, Any]:
    return next(one for one in found["methods"] if one["name"] == name)


def lead_is_another(found: Found) -> None:
    found["lead"] = "user-best"


def best_single_is_another(found: Found) -> None:
    found |= {"best_single": "ffm", "segments": []}


def best_single_has_another_loss(found: Found) -> None:
    found["best_single_logloss"] = 0.7


def a_difference_is_moved_with_its_interval(found: Found) -> None:
    pair = method(found, "gating")["against_best_single"]["logloss"]
    for key in ("difference", "low", "high", "seeds_low", "seeds_high"):
        pair[key] -= 0.01


def a_difference_from_the_lead_is_moved(found: Found) -> None:
    pair = method(found, "gating")["against_lead"]["auc"]
    for key in ("difference", "low", "high", "seeds_low", "seeds_high"):
        pair[key] -= 0.01


def the_verdict_is_turned(found: Found) -> None:
    method(found, "metaselector")["against_best_single"]["logloss"]["verdict"] = "worse"


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (lead_is_another, "lead: user-best, but by the records it is metaselector: logloss 0.53"),
        (best_single_is_another, "best_single: ffm, but by the records it is fm"),
        (best_single_has_another_loss, "best_single_logloss: 0.7, but by the records it is 0.60"),
        (
            a_difference_is_moved_with_its_interval,
            "methods.gating.against_best_single.logloss: difference -0.01",
        ),
        (
            a_difference_from_the_lead_is_moved,
            "methods.gating.against_lead.auc: difference -0.07",
        ),
        (
            the_verdict_is_turned,
            "methods.metaselector.against_best_single.logloss: verdict 'worse' at a difference of -0.07",
        ),
    ],
)
def test_what_contradicts_the_records_is_no_analysis_with_the_place(
    make_analysed: MakeRun, edit: Callable[[Found], None], told: str
) -> None:
    run = make_analysed()
    assert build(run).analysis_fault == ""
    found = deepcopy(run.analyses["ml-1m/cold"])
    edit(found)
    report = build(run._replace(analyses={"ml-1m/cold": found}))
    assert report.sections[0].analysis is None
    assert f"no analysis of ml-1m/cold: {told}" in report.analysis_fault
    assert report.analysis_fault.endswith("; remove it and run the suite again")


def test_a_seal_does_not_make_it_true(
    make_analysed: MakeRun, on_disk: Callable[[Run], Run]
) -> None:
    run = on_disk(make_analysed())
    assert build(run).sections[0].analysis is not None
    found = deepcopy(dict(run.analyses))
    lead_is_another(found["ml-1m/cold"])
    write_analyses(run.folder, run.records, found)
    again = load(run.folder)
    assert again.analysis_fault == ""
    assert build(again).sections[0].analysis is None


@pytest.mark.parametrize("name", ["golden", "reference/movielens-100k"])
def test_real_runs_contradict_nothing(name: str) -> None:
    report = build(load(Path(__file__).parents[2] / "results" / name))
    assert report.analysis_fault == ""
    assert all(section.analysis is not None for section in report.sections)
