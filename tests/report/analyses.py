"""An analysis as the harness would make it of a run's records, with figures like those of ml-1m in cold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from statistics import fmean
from typing import Any

from bench.evaluate import (
    Analysis,
    AttainableBound,
    Calibration,
    ClosedGap,
    MethodAnalysis,
    Paired,
    Regret,
    Segment,
    analysis_to_json,
)
from bench.records import Record, Run

__all__ = ["an_analysis", "analysis_of", "in_agreement", "paired"]

BEST_SINGLE, LEAD = "fm", "metaselector"
Trial = tuple[str, float, float]  # kind, log loss, AUC
PERFECT, ATTAINABLE = 0.5786, 0.5853
SEGMENTS = {
    "history": ("1 to 20 rows", "21 to 64 rows", "65 rows and more"),
    "support_rate": ("below 40 %", "40 to 70 %", "70 % and more"),
    "popularity": ("rarest third", "middle third", "most popular third"),
}


def paired(difference: float, half_width: float, seeds: int = 3, metric: str = "logloss") -> Paired:
    """Of an interval that is symmetric: a tie where it holds 0."""
    low, high = difference - half_width, difference + half_width
    gains = (difference < 0) == (metric == "logloss")
    verdict = "tie" if low <= 0 <= high else "better" if gains else "worse"
    p = 0.4 if verdict == "tie" else 0.0005
    several = seeds > 1
    return Paired(
        metric=metric,
        difference=difference,
        low=low,
        high=high,
        p=p,
        seeds_low=low + min(0.001, half_width) if several else None,
        seeds_high=high - min(0.001, half_width) if several else None,
        seeds_p=p if several else None,
        p_both=p,
        p_holm=min(1.0, 10 * p),
        verdict=verdict,  # type: ignore[arg-type]
        detectable=0.8 * half_width,
    )


def analysis_of(run: Run) -> Analysis:
    """What the run's records say: their means over seeds."""
    of = {(one["trial"]["method"], one["trial"]["seed"]): one["metrics"] for one in run.records}
    kinds = {one["method"]: one["kind"] for one in run.manifest["trials"]}
    seeds = tuple(run.manifest["seeds"])

    def mean(name: str, metric: str) -> float:
        found = [of.get((name, seed), {}).get(metric, {}).get("value") for seed in seeds]
        known = [value for value in found if value is not None]
        return fmean(known) if known else 0.6

    return an_analysis(
        {name: (kind, mean(name, "logloss"), mean(name, "auc")) for name, kind in kinds.items()},
        seeds,
    )


def in_agreement(run: Run, found: Analysis) -> Run:
    """The run with an analysis that a test has changed, and with all that follows from it: p and intervals of its verdicts,
    records of its differences from the best single model, differences from the lead of these. Nobody is better than it."""
    found = _settled(_with_best_lead(found))
    moved = tuple(_moved(one, run, found) for one in run.records)
    agreeing = replace(found, methods=tuple(_from_lead(one, found) for one in found.methods))
    return run._replace(records=moved, analyses={"ml-1m/cold": analysis_to_json(agreeing)})


def _with_best_lead(found: Analysis) -> Analysis:
    lead = next((one for one in found.methods if one.name == found.lead), None)
    if lead is None or found.best_single is None:
        return found
    metric = found.primary
    own = lead.against_best_single.get(metric, replace(_NONE, metric=metric))
    sign = 1 if metric == "logloss" else -1

    def edit(one: MethodAnalysis) -> MethodAnalysis:
        pair = one.against_best_single.get(metric)
        if None in (pair, own.difference) or pair.difference is None:
            return one
        if sign * pair.difference >= sign * own.difference:
            return one
        return replace(one, against_best_single={**one.against_best_single, metric: own})

    return replace(found, methods=tuple(map(edit, found.methods)))


def _moved(record: Record, run: Run, found: Analysis) -> Record:
    trial = record["trial"]
    of = next((one for one in found.methods if one.name == trial["method"]), None)
    singles = {
        one["trial"]["seed"]: one["metrics"]
        for one in run.records
        if one["trial"]["method"] == found.best_single
    }
    single = singles.get(trial["seed"], {})
    metrics = dict(record["metrics"])
    for metric, pair in of.against_best_single.items() if of is not None else ():
        values = [of_one.get(metric, {}).get("value") for of_one in (metrics, single)]
        if pair.difference is None or None in values:
            continue
        if abs(pair.difference - _mean_difference(run, trial["method"], metric, singles)) > 1e-9:
            value = single[metric]["value"] + pair.difference
            metrics[metric] = metrics[metric] | {"value": value}
    return record | {"metrics": metrics}


def _mean_difference(run: Run, name: str, metric: str, singles: Mapping[int, Any]) -> float:
    return fmean(
        one["metrics"][metric]["value"] - singles[one["trial"]["seed"]][metric]["value"]
        for one in run.records
        if one["trial"]["method"] == name
        and None
        not in (
            one["metrics"].get(metric, {}).get("value"),
            singles.get(one["trial"]["seed"], {}).get(metric, {}).get("value"),
        )
    )


def _from_lead(one: MethodAnalysis, found: Analysis) -> MethodAnalysis:
    lead = next(other for other in found.methods if other.name == (found.lead or one.name))
    table: dict[str, Paired] = {}
    for metric, pair in one.against_lead.items() if one.name != found.lead else ():
        mine, its = (
            of.against_best_single.get(metric, _NONE if of.name == found.best_single else None)
            for of in (one, lead)
        )
        known = mine is not None and its is not None
        if pair.difference is None or not known or None in (mine.difference, its.difference):
            table[metric] = pair
            continue
        by = mine.difference - its.difference - pair.difference
        ends = ("difference", "low", "high", "seeds_low", "seeds_high")
        moved = replace(
            pair, **{end: at + by for end in ends if (at := getattr(pair, end)) is not None}
        )
        table[metric] = _settled_pair(moved)
    return replace(one, against_lead=table)


def _settled(found: Analysis) -> Analysis:
    tables = ("against_best_single", "against_lead", "against_chosen", "against_average")
    methods = tuple(
        replace(
            _of_its_users(one), **{table: _settled_all(getattr(one, table)) for table in tables}
        )
        for one in found.methods
    )
    segments = tuple(
        replace(
            one,
            against_best_single=_settled_all(one.against_best_single),
            logloss={
                name: one.logloss[found.best_single] + pair.difference
                if (pair := one.against_best_single.get(name)) and pair.difference is not None
                else loss
                for name, loss in one.logloss.items()
            }
            if found.best_single in one.logloss
            else one.logloss,
        )
        for one in found.segments
    )
    return replace(found, methods=methods, segments=segments)


def _of_its_users(one: MethodAnalysis) -> MethodAnalysis:
    if one.users is None:
        return one
    every = one.users.every
    regret = None if one.regret is None else replace(one.regret, worse_share=every.harmed)
    won = None if one.win_rate is None else every.helped + every.equal / 2
    return replace(one, regret=regret, win_rate=won)


def _settled_all(table: Mapping[str, Paired]) -> dict[str, Paired]:
    return {name: _settled_pair(one) for name, one in table.items()}


def _settled_pair(one: Paired) -> Paired:
    known = [p for p in (one.p, one.seeds_p, one.p_both, one.p_holm) if p is not None]
    if one.verdict == "withheld" or one.difference is None:
        none = dict.fromkeys(
            ("low", "high", "p", "seeds_low", "seeds_high", "seeds_p", "p_both", "p_holm")
        )
        return replace(one, verdict="withheld", **none)  # type: ignore[arg-type]
    if one.seeds_low is not None and not one.seeds_low <= one.difference <= one.seeds_high:
        one = replace(one, seeds_low=one.low, seeds_high=one.high)
    gains = one.difference * (1 if one.metric != "logloss" else -1)
    if (one.verdict == "better" and gains <= 0) or (one.verdict == "worse" and gains >= 0):
        one = replace(one, verdict="tie")
    if one.verdict == "tie":
        return one if max(known) >= 0.05 else replace(one, p_both=0.04, p_holm=0.4)
    if max(known) < 0.05 and not one.low <= 0 <= one.high:
        return one
    half = min(0.9 * abs(one.difference), (one.high or 0.0) - one.difference)
    low, high = one.difference - half, one.difference + half
    seeds = {} if one.seeds_p is None else {"seeds_low": low, "seeds_high": high, "seeds_p": 5e-4}
    return replace(one, low=low, high=high, p=5e-4, p_both=5e-4, p_holm=5e-3, **seeds)


_NONE = paired(0.0, 1e-9)  # of the best single model from itself


def an_analysis(trials: Mapping[str, Trial], seeds: tuple[int, ...]) -> Analysis:
    """By name. user-calibration can't be told from the lead, average not from best-single."""
    trials = {name: trial for name, trial in trials.items() if trial[0] != "bound"}
    losses = {name: loss for name, (_, loss, _) in trials.items()}
    single = BEST_SINGLE if BEST_SINGLE in trials else min(losses, key=losses.__getitem__)
    lead = LEAD if LEAD in trials else single
    return Analysis(
        best_single=single,
        lead=lead,
        users=604,
        rows=21_037,
        seeds=seeds,
        resamples=2000,
        methods=tuple(_method(name, trials, single, lead, len(seeds)) for name in trials),
        attainable=AttainableBound(ATTAINABLE, 0.5801, 0.5905, 20),
        perfect_user_logloss=PERFECT,
        optimum_logloss=None,
        segments=tuple(
            _segment(by, name, number, losses, single, len(seeds))
            for by, names in SEGMENTS.items()
            for number, name in enumerate(names)
        ),
    )


def _method(
    name: str, trials: Mapping[str, Trial], single_name: str, lead_name: str, seeds: int
) -> MethodAnalysis:
    kind, loss, auc = trials[name]
    (_, single, single_auc), (_, lead, lead_auc) = trials[single_name], trials[lead_name]
    below, above_lead = single - loss, loss - lead
    selects = kind == "method" and "calibration" not in name
    return MethodAnalysis(
        name=name,
        kind=kind,  # type: ignore[arg-type]
        against_best_single={} if name == single_name else {
            "logloss": paired(-below, 0.0021, seeds), "auc": paired(auc - single_auc, 0.0019, seeds, "auc"),
        },
        against_lead={} if name == lead_name else {
            "logloss": paired(above_lead, 0.0105, seeds), "auc": paired(auc - lead_auc, 0.002, seeds, "auc"),
        },
        closed_gap=ClosedGap(below / (single - PERFECT), below / (single - ATTAINABLE)),
        calibration=Calibration(min(1.0, 0.02 + 0.1 * max(0.0, -below)), 0.01 - below / 20),
        regret=Regret(loss - PERFECT, loss - PERFECT + 0.08, min(1.0, max(0.0, 0.48 - 4 * below))),
        win_rate=min(1.0, max(0.0, 0.52 + 4 * below)),
        selection_accuracy=0.31 if selects else None,
        entropy=0.85 if selects else None,
    )  # fmt: skip


def _segment(
    by: str, name: str, number: int, losses: Mapping[str, float], single: str, seeds: int
) -> Segment:
    shift = (0.02 - 0.015 * number) * min(1.0, 10 * min(losses.values()))
    return Segment(
        by=by,  # type: ignore[arg-type]
        name=name,
        users=201 + number,
        rows=3_900 + 5_100 * number,
        logloss={method: loss + shift for method, loss in losses.items()},
        auc=dict.fromkeys(losses, 0.75),
        against_best_single={
            method: paired(loss - losses[single], 0.002 + 0.01 * number, seeds)
            for method, loss in losses.items() if method != single
        },
    )  # fmt: skip
