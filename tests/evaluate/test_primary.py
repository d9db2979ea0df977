"""An analysis by another metric than log loss: who leads, who is compared, and what remains in log loss."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from bench.evaluate import (
    AUC,
    GAUC,
    Analysis,
    LogLoss,
    MethodAnalysis,
    QueryRows,
    analyse,
    analysis_from_json,
    analysis_to_json,
    relaimpr,
)
from bench.interfaces import Metric, MetricRows, PluginParams, Score
from tests.evaluate.query_rows import KINDS, make_rows
from tests.fixtures.popularity_metric import MedianHit, TailLogLoss

SEEDS = [make_rows(0), make_rows(1)]
METRICS = {
    metric.name: metric(PluginParams()) for metric in (AUC, GAUC, LogLoss, TailLogLoss, MedianHit)
}


def quick(
    primary: str,
    rows: Sequence[QueryRows] = SEEDS,
    single: str | None = "fm",
    metrics: dict[str, Metric] = METRICS,
) -> Analysis:
    found = analyse(rows, KINDS, single, metrics, primary, resamples=60, splits=3).analysis
    assert (
        analysis_from_json(json.loads(json.dumps(analysis_to_json(found), allow_nan=False)))
        == found
    )
    return found


@cache
def by(primary: str) -> Analysis:
    """Of the rows as they are; only read."""
    return quick(primary)


def of(found: Analysis, name: str) -> MethodAnalysis:
    return next(one for one in found.methods if one.name == name)


def changed(name: str, values: float | None, seed: int = 1) -> list[QueryRows]:
    """The same rows where one method has other logits in one seed, or none."""
    rows = list(SEEDS)
    logits = {
        other: known
        for other, known in rows[seed].logits.items()
        if other != name or values is not None
    }
    if values is not None:
        logits[name] = np.where(np.arange(len(rows[seed].y)) == 5, values, logits[name])
    rows[seed] = rows[seed]._replace(logits=logits)
    return rows


class OddRowsOnly(MedianHit):
    """Undefined for predictions of which one is exactly 7."""

    name = "odd"

    def compute(self, rows: MetricRows, logits: np.ndarray) -> Score:
        return Score(None, "a logit is 7") if (logits == 7).any() else super().compute(rows, logits)


@pytest.mark.parametrize("primary", METRICS)
def test_the_lead_is_the_best_by_the_primary_and_everyone_is_compared_with_it(primary: str) -> None:
    found, metric = by(primary), METRICS[primary]
    values = {
        name: float(np.mean([metric.compute(one.scored, one.logits[name]).value for one in SEEDS]))
        for name in KINDS
    }
    assert found.lead == (max if metric.higher_is_better else min)(values, key=values.__getitem__)
    assert found.primary == primary
    for one in found.methods:
        if one.name != found.lead:
            pair = one.against_lead[primary]
            assert pair.difference == pytest.approx(
                values[one.name] - values[str(found.lead)], abs=1e-12
            )
            assert pair.verdict in (("tie", "worse") if pair.difference else ("tie",))


@pytest.mark.parametrize("primary", METRICS)
def test_compared_are_the_primary_and_all_that_have_parts(primary: str) -> None:
    expected = dict.fromkeys((primary, "logloss", "auc", "gauc", "tail-logloss"))
    assert list(of(by(primary), "gating").against_best_single) == list(expected)


def test_log_loss_and_auc_are_there_without_being_asked_for() -> None:
    found = quick("gauc", metrics={"gauc": METRICS["gauc"]})
    assert list(of(found, "gating").against_best_single) == ["gauc", "logloss", "auc"]
    with pytest.raises(KeyError):
        quick("gauc", metrics={})


@pytest.mark.parametrize("metric", ["logloss", "auc", "gauc", "tail-logloss"])
def test_a_comparison_is_the_same_whoever_is_primary(metric: str) -> None:
    of_all = [of(by(primary), "gating").against_best_single[metric] for primary in METRICS]
    assert all(pair == of_all[0] for pair in of_all)


def test_what_is_in_log_loss_is_the_same_whoever_is_primary() -> None:
    first, other = quick("logloss"), quick("gauc")
    assert (first.segments, first.attainable, first.perfect_user_logloss) == (
        other.segments, other.attainable, other.perfect_user_logloss,
    )  # fmt: skip
    for one, two in zip(first.methods, other.methods, strict=True):
        assert (one.regret, one.win_rate, one.closed_gap) == (
            two.regret,
            two.win_rate,
            two.closed_gap,
        )


def test_without_a_finite_log_loss_one_may_still_lead_by_auc() -> None:
    """gating is surely wrong on one row of one seed."""
    wrong = changed("gating", np.inf if SEEDS[1].y[5] == 0 else -np.inf)
    by_loss = quick("logloss", wrong)
    assert of(by_loss, "gating").against_best_single == {}
    assert any(
        note.startswith("gating has no finite log loss in seed 1 (infinite: 1 of")
        for note in by_loss.notes
    )

    better = [
        one._replace(logits={**one.logits, "gating": one.true_logits.astype(np.float32)})
        for one in wrong
    ]  # type: ignore[union-attr]
    better[1].logits["gating"][5] = wrong[1].logits["gating"][5]  # type: ignore[index]
    found = quick("auc", better)
    gating = of(found, "gating")
    assert found.lead == "gating"
    assert gating.against_best_single["auc"].verdict in ("better", "tie")
    assert gating.against_best_single["logloss"].verdict == "withheld"
    assert (gating.regret, gating.win_rate, gating.closed_gap.reason) == (
        None,
        None,
        "no finite log loss in seed 1",
    )
    assert all("gating" not in part.logloss for part in found.segments)
    assert any(
        note.startswith("gating has no finite log loss in seed 1, so it has no closed gap")
        for note in found.notes
    )


def test_who_lacks_the_primary_in_a_seed_is_compared_with_nobody_and_keeps_what_is_in_log_loss() -> (
    None
):
    metrics = {**METRICS, "odd": OddRowsOnly(PluginParams())}
    found = quick("odd", changed("gating", 7.0), metrics=metrics)
    gating = of(found, "gating")
    assert found.lead != "gating"
    assert (gating.against_best_single, gating.against_lead) == ({}, {})
    assert gating.regret is not None
    assert (
        "gating has no odd in seed 1 (a logit is 7), so it is left out of comparisons."
        in found.notes
    )


def test_a_best_single_without_the_primary_leaves_no_comparison_and_its_segments() -> None:
    metrics = {**METRICS, "odd": OddRowsOnly(PluginParams())}
    found = quick("odd", changed("fm", 7.0), metrics=metrics)
    assert found.best_single == "fm"
    assert all(one.against_best_single == {} for one in found.methods)
    assert of(found, "gating").against_lead or found.lead == "gating"
    assert found.segments[0].against_best_single
    assert (
        "The best single model, fm, has no odd in seed 1 (a logit is 7), so nothing is compared with it."
        in found.notes
    )


def test_where_nobody_has_the_primary_nobody_leads() -> None:
    class Never(MedianHit):
        """Undefined."""

        name = "never"

        def compute(self, rows: MetricRows, logits: np.ndarray) -> Score:
            return Score(None)

    found = quick("never", metrics={"never": Never(PluginParams())})
    assert found.lead is None
    assert all(one.against_lead == {} for one in found.methods)
    assert found.segments
    assert len(
        [
            note
            for note in found.notes
            if "has no never in seed 0, 1 (compute gave no value and no reason), so" in note
        ]
    ) == len(KINDS)


def test_a_missing_seed_is_one_for_every_primary() -> None:
    for primary in METRICS:
        found = quick(primary, changed("plain", None))
        assert of(found, "plain").against_best_single == {}
        assert "plain has no result in seed 1, so it is left out of comparisons." in found.notes


def test_a_derived_metric_can_not_lead() -> None:
    assert relaimpr(0.7, 0.6).value is not None
    with pytest.raises(KeyError):
        quick("relaimpr")


def test_an_analysis_of_before_there_were_primaries_is_by_log_loss() -> None:
    old = analysis_to_json(quick("logloss"))
    del old["primary"]
    assert analysis_from_json(old) == quick("logloss")
