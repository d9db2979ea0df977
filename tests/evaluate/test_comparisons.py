"""The pair of best-single and the lead stands in two tables and has one verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.evaluate import NOT_AFTER_HOLM, Paired
from bench.evaluate.inference.comparisons import agree

BETTER = Paired(
    "logloss", -0.05, -0.08, -0.02, 0.01, None, None, None, 0.02, "better", 0.04, "", 0.01
)
WORSE = replace(BETTER, difference=0.05, low=0.02, high=0.08, verdict="worse")
TIE = {"verdict": "tie", "p_holm": 0.055, "reason": NOT_AFTER_HOLM}


def tables(mine: Paired, theirs: Paired):
    with_single = {"lead": {"logloss": mine}, "other": {"logloss": BETTER}, "single": {}}
    with_lead = {"lead": {}, "other": {"logloss": WORSE}, "single": {"logloss": theirs}}
    return agree(with_single, with_lead, "single", "lead")


@pytest.mark.parametrize(
    ("mine", "theirs"), [(replace(BETTER, **TIE), WORSE), (BETTER, replace(WORSE, **TIE))]
)
def test_a_tie_in_one_table_is_a_tie_in_both(mine: Paired, theirs: Paired) -> None:
    with_single, with_lead = tables(mine, theirs)
    pair = with_single["lead"]["logloss"], with_lead["single"]["logloss"]
    for found, given in zip(pair, (mine, theirs), strict=True):
        assert found == replace(given, **TIE), "its own figures, the other's caution"
    assert with_single["other"]["logloss"] == BETTER
    assert with_lead["other"]["logloss"] == WORSE


def test_where_they_agree_nothing_changes() -> None:
    for mine, theirs in ((BETTER, WORSE), (replace(BETTER, **TIE), replace(WORSE, **TIE))):
        with_single, with_lead = tables(mine, theirs)
        assert with_single["lead"]["logloss"] == mine
        assert with_lead["single"]["logloss"] == theirs


def test_without_a_pair_there_is_nothing_to_agree_on() -> None:
    given = {"lead": {"logloss": BETTER}}, {}
    assert agree(*given, None, "lead") == given
    assert agree(*given, "lead", "lead") == given
