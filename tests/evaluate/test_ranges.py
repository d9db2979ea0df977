"""An analysis that is read and can't be one is told as none, with the place: a report draws what it reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bench.evaluate import NOT_AFTER_HOLM, analyse, analysis_from_json, analysis_to_json
from tests.evaluate.query_rows import KINDS, make_rows


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    rows = (make_rows(0), make_rows(1))
    return analysis_to_json(analyse(rows, KINDS, "fm", resamples=50, splits=2).analysis)


@pytest.fixture
def told(whole: dict[str, Any]) -> dict[str, Any]:
    return deepcopy(whole)


def holders(value: Any, key: str) -> Iterator[Any]:
    """Every object and list below `value` that has something at `key`."""
    if isinstance(value, dict):
        if value.get(key) is not None:
            yield value
        for one in value.values():
            yield from holders(one, key)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from holders(one, key)


@pytest.mark.parametrize(
    ("key", "bad", "message"),
    [
        ("helped", 7.0, "less than or equal to 1"),
        ("helped", -0.1, "greater than or equal to 0"),
        ("harmed", float("nan"), "."),
        ("users", -3, "."),
        ("users", 2.5, "."),
        ("quantiles", [0.2, 0.1, 0.0, 0.3, 0.4], "quantiles do not ascend"),
        ("quantiles", [0.0, 0.1, 0.2, 0.3, float("inf")], "finite"),
        ("observed", -5.0, "."),
        ("predicted", 1.5, "."),
        ("rows", -1, "."),
        ("shares", {}, "the shares sum to 0, not to 1"),
        ("shares", {"lr": 0.5, "fm": 0.75}, "the shares sum to 1.25, not to 1"),
        ("ece", 2.0, "less than or equal to 1"),
        ("win_rate", 1.01, "less than or equal to 1"),
        ("worse_share", -1.0, "greater than or equal to 0"),
        ("selection_accuracy", 3.0, "less than or equal to 1"),
        ("entropy", 1.2, "less than or equal to 1"),
        ("best_single", "nobody", "best_single 'nobody' is none of its methods"),
        ("lead", "nobody", "lead 'nobody' is none of its methods"),
        ("chosen", "nobody", "chosen 'nobody' is none of its methods"),
        ("best_single_logloss", -0.1, "greater than or equal to 0"),
        ("p", 0.0, "greater than 0"),
        ("p_holm", 1.5, "less than or equal to 1"),
        ("difference", float("nan"), "finite"),
        ("low", 1e6, "does not ascend"),
        ("high", -1e6, "does not ascend"),
        ("seeds_low", 1e6, "does not ascend"),
        ("detectable", -1.0, "greater than or equal to 0"),
        ("positives", 10**6, "positives: 1000000 of"),
        ("seeds", [0, 0], "seeds: one stands there twice"),
    ],
)
def test_a_figure_that_can_not_be_is_no_analysis(
    told: dict[str, Any], key: str, bad: Any, message: str
) -> None:
    analysis_from_json(told)
    places = list(holders(told, key)) or [told]
    if "ascend" in message and key != "quantiles":
        ends = ("difference", "low", "high")
        places = [one for one in places if all(one.get(end) is not None for end in ends)]
    assert places
    for place in places:
        was = place.get(key)
        whole = key == "shares" or not isinstance(was, list | tuple) or isinstance(bad, list)
        place[key] = bad if whole else [bad, *was[1:]]
        with pytest.raises(ValidationError, match=message):
            analysis_from_json(told)
        place[key] = was
    analysis_from_json(told)


@pytest.fixture
def golden() -> dict[str, Any]:
    """Of real methods, some of them beyond chance."""
    path = Path(__file__).parents[2] / "results" / "golden" / "analysis.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))["analyses"]["generated/warm"]
    analysis_from_json(found)
    return found


def significant(told: dict[str, Any]) -> dict[str, Any]:
    """A comparison that is beyond chance."""
    return next(one for one in holders(told, "verdict") if one["verdict"] in ("better", "worse"))


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"difference": 5.0}, "5.0 is outside of its own interval"),
        ({"seeds_low": 1.0, "seeds_high": 2.0}, "is outside of its own interval, 1.0 to 2.0"),
        ({"low": None}, "lacks an end"),
        ({"low": -9.0, "high": 9.0}, "but its interval from -9.0 to 9.0 holds 0"),
        ({"seeds_low": -9.0, "seeds_high": 9.0}, "but its interval from -9.0 to 9.0 holds 0"),
        ({"low": None, "high": None}, "without an interval"),
        ({"p": 0.2, "p_both": 0.2, "p_holm": 0.2}, "but a p is 0.2"),
        ({"p_holm": 0.051}, "but a p is 0.051"),
        ({"p_holm": 1e-9}, "Holm's adjustment only adds to it"),
        ({"p": None, "p_both": None}, "without a p"),
        ({"verdict": "tie", "reason": ""}, "verdict 'tie' without a reason, but every p is below"),
        ({"verdict": "withheld"}, "verdict 'withheld', but p is"),
    ],
)
def test_a_comparison_that_contradicts_itself_is_no_analysis(
    golden: dict[str, Any], edit: dict[str, Any], message: str
) -> None:
    significant(golden).update(edit)
    with pytest.raises(ValidationError, match=message) as raised:
        analysis_from_json(golden)
    assert re.search(r"(methods|segments|plain_average)\.\S+", str(raised.value))


def test_a_tie_beside_an_interval_beyond_0_is_one_where_it_says_why(golden: dict[str, Any]) -> None:
    significant(golden).update({"verdict": "tie", "reason": NOT_AFTER_HOLM, "p_holm": 0.2})
    analysis_from_json(golden)


def test_figures_that_tell_one_thing_twice_tell_the_same(told: dict[str, Any]) -> None:
    method = next(one for one in told["methods"] if one["users"] and one["regret"])
    for of, key in ((method, "win_rate"), (method["regret"], "worse_share")):
        was = of[key]
        of[key] = was / 2 + 0.1
        with pytest.raises(ValidationError, match=f"methods.{method['name']}: {key} .* its users"):
            analysis_from_json(told)
        of[key] = was
    name, loss = next(iter(told["segments"][0]["logloss"].items()))
    told["segments"][0]["logloss"][name] = loss + 0.01
    with pytest.raises(ValidationError, match="but the losses are"):
        analysis_from_json(told)


def test_users_helped_and_harmed_are_no_more_than_all(told: dict[str, Any]) -> None:
    found = next(holders(told, "helped"))
    found["helped"], found["harmed"] = 0.75, 0.5
    with pytest.raises(ValidationError, match="are more than all users"):
        analysis_from_json(told)


def test_a_method_stands_there_once(told: dict[str, Any]) -> None:
    told["methods"] = (*told["methods"], told["methods"][0])
    with pytest.raises(ValidationError, match="methods: one stands there twice"):
        analysis_from_json(told)


def test_a_bin_of_a_reliability_diagram_has_rows(told: dict[str, Any]) -> None:
    bins = next(holders(told, "predicted"))
    bins["rows"] = [0, *bins["rows"][1:]]
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        analysis_from_json(told)
