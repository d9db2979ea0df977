"""The whole analysis against group-bys and loops, and of what is degenerate."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import entropy
from sklearn.metrics import log_loss, roc_auc_score

from bench.evaluate import (
    Analysis,
    QueryRows,
    Slice,
    adjust,
    analyse,
    analysis_from_json,
    analysis_to_json,
    resample,
)
from bench.evaluate import paired as compare
from tests.evaluate.query_rows import KINDS, POOL, make_rows, taken

ONE_SPLIT = [make_rows(0), make_rows(1)]
SPLITS = [make_rows(0), make_rows(1, users=20, split=1)]  # some users in both
NAMES = tuple(KINDS)


def quick(
    rows: Sequence[QueryRows], kinds: Mapping[str, str] = KINDS, single: str | None = "fm"
) -> Analysis:
    found = analyse(rows, kinds, single, resamples=60, splits=3).analysis
    assert (
        analysis_from_json(json.loads(json.dumps(analysis_to_json(found), allow_nan=False)))
        == found
    )
    return found


def frame(rows: QueryRows) -> pd.DataFrame:
    """A row a query row, with the loss of each name."""
    columns: dict[str, Any] = {"user": rows.users, "y": rows.y}
    for name, logits in rows.logits.items():
        p = 1 / (1 + np.exp(-logits.astype(float)))
        columns[name] = -np.where(rows.y == 1, np.log(p), np.log1p(-p))
    return pd.DataFrame(columns)


def by_user(rows: Sequence[QueryRows]) -> pd.DataFrame:
    """A row a user and seed: the mean losses."""
    return pd.concat([frame(one).groupby("user").mean() for one in rows]).round(12)


def close(mine: object, theirs: object) -> bool:
    """Equal but for rounding."""
    if isinstance(mine, dict) and isinstance(theirs, dict):
        return mine.keys() == theirs.keys() and all(close(mine[key], theirs[key]) for key in mine)
    if isinstance(mine, list | tuple) and isinstance(theirs, list | tuple):
        return len(mine) == len(theirs) and all(map(close, mine, theirs))
    return bool(
        mine
        == (pytest.approx(theirs, rel=1e-9, abs=1e-12) if isinstance(theirs, float) else theirs)
    )


@pytest.mark.parametrize("rows", [ONE_SPLIT, SPLITS])
def test_figures_of_each_method(rows: list[QueryRows]) -> None:
    found, users = quick(rows), by_user(rows)
    means = {name: np.mean([frame(one)[name].mean() for one in rows]) for name in NAMES}
    assert found.lead == min(means, key=means.__getitem__)
    perfect = np.mean(
        [
            frame(one).groupby("user").sum()[list(POOL)].min(axis=1).sum() / len(one.y)
            for one in rows
        ]
    )
    assert found.perfect_user_logloss == pytest.approx(perfect)
    assert found.attainable is not None
    assert [one.name for one in found.methods] == list(KINDS)
    for one in found.methods:
        regrets, against = (
            users[one.name] - users[list(POOL)].min(axis=1),
            users[one.name] - users["fm"],
        )
        assert one.regret is not None
        assert one.regret.mean == pytest.approx(regrets.mean())
        assert one.regret.p90 == pytest.approx(regrets.quantile(0.9))
        assert one.regret.worse_share == pytest.approx((against > 0).mean())
        assert one.win_rate == pytest.approx((against < 0).mean() + (against == 0).mean() / 2)
        way = means["fm"] - means[one.name]
        assert one.closed_gap.perfect == pytest.approx(way / (means["fm"] - perfect))
        bound = found.attainable.logloss
        assert bound is not None
        expected = way / (means["fm"] - bound) if bound < means["fm"] else None
        assert one.closed_gap.attainable == (None if expected is None else pytest.approx(expected))
        assert one.calibration.in_the_large == pytest.approx(
            np.mean(
                [
                    (1 / (1 + np.exp(-seed.logits[one.name].astype(float))) - seed.y).mean()
                    for seed in rows
                ]
            )
        )
    assert (users["gating"] == users["fm"]).any()  # a tie


@pytest.mark.parametrize("rows", [ONE_SPLIT, SPLITS])
def test_comparisons_are_those_of_all_seeds_on_the_same_draws_of_users(
    rows: list[QueryRows],
) -> None:
    found = quick(rows)
    parts = [Slice(one.scored, np.stack([one.logits[name] for name in NAMES])) for one in rows]
    resampled = resample(parts, NAMES, resamples=60)
    for metric in ("logloss", "auc"):
        for reference, field in (("fm", "against_best_single"), (found.lead, "against_lead")):
            table = {
                name: compare(resampled, name, str(reference), metric)
                for name in NAMES
                if name != reference
            }
            got = {one.name: getattr(one, field) for one in found.methods}
            assert {name: of[metric] for name, of in got.items() if of} == adjust(table)
            assert got[reference] == {}


def test_selection_accuracy_and_entropy_by_a_loop_over_users() -> None:
    right, spread = [], []
    for one in SPLITS:
        weights = one.weights["gating"].astype(float)
        spread.append(np.mean([entropy(row, base=3) for row in weights]))
        losses = frame(one).groupby("user").sum()[list(POOL)].round(12)
        for user, of_user in losses.iterrows():
            chosen = POOL[weights[one.users == user].mean(axis=0).argmax()]
            right.append(of_user[chosen] == of_user.min())
    gating, plain = quick(SPLITS).methods[-2:]
    assert gating.selection_accuracy == pytest.approx(np.mean(right))
    assert gating.entropy == pytest.approx(np.mean(spread), abs=1e-6)
    assert (plain.selection_accuracy, plain.entropy) == (None, None)


def test_without_weights_in_each_seed_there_is_no_choice_to_judge() -> None:
    gating = quick([ONE_SPLIT[0], ONE_SPLIT[1]._replace(weights={})]).methods[-2]
    assert (gating.selection_accuracy, gating.entropy) == (None, None)
    alone = ONE_SPLIT[1]._replace(
        pool=("fm",), weights={"gating": np.ones((len(ONE_SPLIT[1].y), 1))}
    )
    assert quick([ONE_SPLIT[0], alone]).methods[-2].entropy is None


def test_any_of_the_tied_best_is_right() -> None:
    rows = make_rows()
    last = np.tile(np.array([0, 0, 1], dtype=np.float32), (len(rows.y), 1))
    tied = rows._replace(logits=dict.fromkeys(NAMES, rows.logits["lr"]), weights={"gating": last})
    gating = quick([tied]).methods[-2]
    assert gating.selection_accuracy == 1.0
    assert gating.entropy == 0.0
    uniform = rows._replace(weights={"gating": np.full((len(rows.y), 3), 1 / 3, dtype=np.float32)})
    assert quick([uniform]).methods[-2].entropy == pytest.approx(1.0)


def test_equal_weights_choose_nobody_and_say_so() -> None:
    rows = make_rows()
    uniform = rows._replace(weights={"gating": np.full((len(rows.y), 3), 1 / 3, dtype=np.float32)})
    gating, plain = quick([uniform]).methods[-2:]
    assert gating.selection_accuracy is None
    assert (
        gating.selection_reason
        == "for every user several base models share the highest mean weight"
    )
    assert plain.selection_reason == quick([rows]).methods[-2].selection_reason == ""


def test_an_analysis_of_before_there_were_reasons_is_read() -> None:
    found = quick([make_rows()])
    old = analysis_to_json(found)
    for one in old["methods"]:
        del one["selection_reason"]
    assert analysis_from_json(old) == found


@pytest.mark.parametrize("rows", [ONE_SPLIT, SPLITS])
def test_segments_are_what_a_loop_over_masks_finds(rows: list[QueryRows]) -> None:
    found = quick(rows)
    masks = {
        ("history", "0 rows"): [one.history == 0 for one in rows],
        ("history", "51 to 100 rows"): [(one.history > 50) & (one.history <= 100) for one in rows],
        ("support_rate", "no support"): [one.history == 0 for one in rows],
        ("support_rate", "40 to 60 %"): [
            (one.support_rate >= 0.4) & (one.support_rate < 0.6) for one in rows
        ],
        ("popularity", "unseen"): [one.popularity == 0 for one in rows],
    }
    got = {(one.by, one.name): one for one in found.segments}
    for key, inside in masks.items():
        parts = [taken(one, np.flatnonzero(some)) for one, some in zip(rows, inside, strict=True)]
        assert got[key].users == len({user for part in parts for user in part.users.tolist()})
        assert got[key].rows == (
            len(parts[0].y) if rows is ONE_SPLIT else sum(len(part.y) for part in parts)
        )
        for name in NAMES:
            losses = [
                log_loss(part.y, 1 / (1 + np.exp(-part.logits[name].astype(float))))
                for part in parts
            ]
            assert got[key].logloss[name] == pytest.approx(np.mean(losses))
            assert got[key].auc[name] == pytest.approx(
                np.mean([roc_auc_score(one.y, one.logits[name]) for one in parts])
            )
    for by in ("history", "support_rate", "popularity"):
        family = [one for one in found.segments if one.by == by]
        assert sum(one.rows for one in family) == found.rows
        table = {
            (one.name, name): pair
            for one in family
            for name, pair in one.against_best_single.items()
        }
        assert {name for _, name in table} == set(NAMES) - {"fm"}
        assert table == adjust(table)
        assert sum(pair.p_holm is not None for pair in table.values()) > 4


def test_optimum_is_the_truths_expected_loss() -> None:
    p = [1 / (1 + np.exp(-one.true_logits)) for one in SPLITS if one.true_logits is not None]
    expected = np.mean([(-one * np.log(one) - (1 - one) * np.log1p(-one)).mean() for one in p])
    assert quick(SPLITS).optimum_logloss == pytest.approx(expected)
    assert quick([SPLITS[0], SPLITS[1]._replace(true_logits=None)]).optimum_logloss is None
    extreme = np.full(len(SPLITS[0].y), -1000.0)
    assert quick([SPLITS[0]._replace(true_logits=extreme)]).optimum_logloss == 0.0


@pytest.mark.parametrize("rows", [ONE_SPLIT, SPLITS])
def test_order_of_rows_changes_nothing(rows: list[QueryRows]) -> None:
    order = np.random.default_rng(0).permutation(200)
    again = [
        taken(one, np.argsort(order[np.arange(len(one.y)) % 200], kind="stable")) for one in rows
    ]
    grouped = [taken(one, np.argsort(one.users, kind="stable")) for one in rows]
    expected = analysis_to_json(quick(rows))
    assert close(analysis_to_json(quick(again)), expected)
    assert close(analysis_to_json(quick(grouped)), expected)


def test_counts() -> None:
    found = quick(ONE_SPLIT)
    assert (found.users, found.rows, found.seeds) == (30, len(ONE_SPLIT[0].y), (0, 1))
    found = quick(SPLITS)
    users = {*SPLITS[0].users.tolist(), *SPLITS[1].users.tolist()}
    assert (found.users, found.rows) == (len(users), len(SPLITS[0].y) + len(SPLITS[1].y))


def test_who_lacks_a_seed_is_left_out_and_the_others_are_as_without_them() -> None:
    lost = [ONE_SPLIT[0], without(ONE_SPLIT[1], "plain")]
    found = quick(lost)
    plain, others = found.methods[-1], found.methods[:-1]
    assert (plain.against_best_single, plain.regret, plain.win_rate) == ({}, None, None)
    assert plain.closed_gap.reason == "no result in seed 1"
    assert "plain has no result in seed 1, so it is left out of comparisons." in found.notes
    assert (
        others
        == quick(ONE_SPLIT, {name: kind for name, kind in KINDS.items() if name != "plain"}).methods
    )
    assert all("plain" not in one.logloss for one in found.segments)


def test_a_lost_base_model_leaves_no_bounds_and_a_lost_best_single_no_comparison() -> None:
    found = quick([ONE_SPLIT[0], without(ONE_SPLIT[1], "dnn")])
    assert found.attainable is not None
    assert (found.attainable.logloss, found.attainable.reason) == (
        None,
        "base model dnn: no result in seed 1",
    )
    assert found.perfect_user_logloss is None
    gating = found.methods[-2]
    assert (gating.regret, gating.selection_accuracy, gating.closed_gap.perfect) == (
        None,
        None,
        None,
    )
    assert gating.win_rate is not None
    assert gating.against_best_single
    found = quick([ONE_SPLIT[0], without(ONE_SPLIT[1], "fm")])
    assert found.best_single is None
    assert any(
        note.startswith(
            "The best single model, fm, has no result in seed 1, so nothing is compared with it"
        )
        for note in found.notes
    )
    assert found.methods[-1].win_rate is None


def test_without_best_single_there_is_still_a_lead_and_calibration() -> None:
    found = quick(ONE_SPLIT, single=None)
    assert found.best_single is None
    assert found.methods[-1].against_best_single == {}
    assert found.methods[-1].closed_gap.reason == "no best-single"
    assert found.methods[-1].calibration.ece is not None
    assert [one for one in found.methods if not one.against_lead] == [
        one for one in found.methods if one.name == found.lead
    ]
    assert all(one.against_best_single == {} for one in found.segments)


@pytest.mark.fault(17, 18)
def test_one_user_one_model_one_class_and_no_support() -> None:
    rows = make_rows()
    one_user = quick([taken(rows, np.flatnonzero(rows.users == np.bincount(rows.users).argmax()))])
    assert {
        one.against_best_single["logloss"].verdict for one in one_user.methods if one.name != "fm"
    } == {"withheld"}
    one_model = quick([rows._replace(pool=("fm",), weights={"gating": np.ones((len(rows.y), 1))})])
    assert one_model.attainable is not None
    assert one_model.attainable.logloss == pytest.approx(frame(rows)["fm"].mean())
    assert one_model.methods[-2].entropy is None
    assert (
        one_model.methods[-2].closed_gap.perfect,
        one_model.methods[-2].closed_gap.attainable,
    ) == (None, None)
    assert (
        one_model.methods[-2].closed_gap.reason
        == "the perfect and the attainable bound are no better than best-single"
    )
    one_class = quick([rows._replace(y=np.ones_like(rows.y))])
    assert one_class.methods[-1].against_best_single["auc"].verdict == "withheld"
    assert set(one_class.segments[0].auc.values()) == {None}
    nothing = np.zeros(len(rows.y), dtype=np.int64)
    unsupported = quick(
        [
            rows._replace(
                history=nothing, support_rate=np.full(len(nothing), np.nan), popularity=nothing
            )
        ]
    )
    assert [one.name for one in unsupported.segments] == ["0 rows", "no support", "unseen"]


def test_a_copy_of_best_single_is_a_tie_that_wins_half() -> None:
    rows = [
        one._replace(logits={**one.logits, "plain": one.logits["fm"].astype(float)})
        for one in ONE_SPLIT
    ]
    plain = quick(rows).methods[-1]
    pair = plain.against_best_single["logloss"]
    assert (pair.difference, pair.low, pair.high, pair.verdict) == (0.0, 0.0, 0.0, "tie")
    assert (plain.win_rate, plain.closed_gap.perfect) == (0.5, 0.0)
    assert plain.regret is not None
    assert plain.regret.worse_share == 0.0


def test_no_methods_and_no_rows() -> None:
    rows = make_rows()
    bare = quick([rows], {}, None)
    assert (bare.lead, bare.methods, bare.segments) == (None, (), ())
    assert bare.attainable is not None
    assert bare.attainable.logloss is not None  # of the pool, whose models nobody asked for by name
    nobody = quick([rows._replace(pool=(), logits={}, weights={})], {}, None)
    assert nobody.attainable is not None
    assert nobody.attainable.reason == "no base models in seed 0"
    partly = quick([rows._replace(pool=(), incomplete="lr was not run", weights={})])
    assert partly.attainable is not None
    assert partly.attainable.reason == "the pool is incomplete: lr was not run in seed 0"
    empty = taken(rows, np.zeros(0, dtype=np.int64))
    assert quick([empty]).notes == quick([]).notes == ("There are no test query rows.",)
    assert "There are no test query rows in seed 0." in quick([empty, ONE_SPLIT[1]]).notes
    assert quick([rows], {**KINDS, "perfect-user": "bound"}) == quick([rows])
    assert quick([rows], {"fm": "base_model"}).methods[0].against_lead == {}


def test_a_share_of_next_to_nothing_is_not_told() -> None:
    """Two base models that differ by 1e-5 in logit: whatever beats both would have closed a thousand times the gap."""
    rows = make_rows()
    alike = rows._replace(
        logits={
            **rows.logits,
            **{name: rows.logits["fm"] + n * 1e-5 for n, name in enumerate(rows.pool)},
        }
    )
    gap = quick([alike]).methods[-1].closed_gap
    assert (gap.perfect, gap.attainable) == (None, None)
    assert gap.reason.startswith(
        "the perfect and the attainable bound are less than .0010 below best-single"
    )


def test_losses_beyond_float64_are_left_out() -> None:
    rows = make_rows()
    huge = rows._replace(logits={**rows.logits, "plain": np.where(rows.y == 1, -1e308, 1e308)})
    found = quick([huge])
    assert found.methods[-1].closed_gap.reason == "no finite log loss in seed 0"
    without = quick([rows], {name: kind for name, kind in KINDS.items() if name != "plain"})
    of_methods = {"notes": (), "methods": (), "best_single": None, "lead": None}
    assert (found.best_single, found.lead) == (without.best_single, without.lead)
    assert dataclasses.replace(found, **of_methods) == dataclasses.replace(without, **of_methods)


@pytest.mark.parametrize("size", [1e39, 1e160, 1e300, 1.7e308])
@pytest.mark.parametrize("primary", ["logloss", "auc"])
def test_finite_logits_that_overflow_leave_the_others_figures_alone(
    size: float, primary: str
) -> None:
    """One row of a base model, as records of before such predictions were refused may hold it."""
    rows = make_rows()
    logits = rows.logits["fm"].astype(np.float64)
    logits[3] = -size if rows.y[3] else size
    huge = rows._replace(logits={**rows.logits, "fm": logits})
    found = analyse([huge], KINDS, "lr", primary=primary, resamples=60, splits=3).analysis
    json.dumps(analysis_to_json(found), allow_nan=False)
    alone = analyse([rows], KINDS, "lr", primary=primary, resamples=60, splits=3).analysis
    for one, other in zip(found.methods, alone.methods, strict=True):
        if one.name != "fm":
            assert one.calibration == other.calibration
            assert one.win_rate == other.win_rate
            figures = [
                pair.get(primary) for pair in (one.against_best_single, other.against_best_single)
            ]
            assert [pair and (pair.difference, pair.low) for pair in figures[:1]] == [
                pair and (pair.difference, pair.low) for pair in figures[1:]
            ]
    assert found.attainable is not None
    assert found.attainable.reason == "base model fm: logits beyond ±1e+38 in seed 0"


def without(rows: QueryRows, name: str) -> QueryRows:
    return rows._replace(
        logits={other: logits for other, logits in rows.logits.items() if other != name}
    )
