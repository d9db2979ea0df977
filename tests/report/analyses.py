"""An analysis as the harness would make it, with figures like those of ml-1m in cold."""

from __future__ import annotations

from collections.abc import Mapping

from bench.evaluate import (
    Analysis,
    AttainableBound,
    Calibration,
    ClosedGap,
    MethodAnalysis,
    Paired,
    Regret,
    Segment,
)

__all__ = ["an_analysis", "paired"]

BEST_SINGLE, LEAD = "fm", "metaselector"
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


def an_analysis(trials: Mapping[str, tuple[str, float]], seeds: tuple[int, ...]) -> Analysis:
    """`trials`: name to kind and log loss. user-calibration can't be told from the lead, average not from best-single."""
    losses = {name: loss for name, (kind, loss) in trials.items() if kind != "bound"}
    return Analysis(
        best_single=BEST_SINGLE,
        lead=LEAD,
        users=604,
        rows=21_037,
        seeds=seeds,
        resamples=2000,
        methods=tuple(_method(name, trials[name][0], losses, len(seeds)) for name in losses),
        attainable=AttainableBound(ATTAINABLE, 0.5801, 0.5905, 20),
        perfect_user_logloss=PERFECT,
        optimum_logloss=None,
        segments=tuple(
            _segment(by, name, number, losses, len(seeds))
            for by, names in SEGMENTS.items()
            for number, name in enumerate(names)
        ),
    )


def _method(name: str, kind: str, losses: Mapping[str, float], seeds: int) -> MethodAnalysis:
    below = losses[BEST_SINGLE] - losses[name]
    above_lead = losses[name] - losses[LEAD]
    selects = kind == "method" and "calibration" not in name
    return MethodAnalysis(
        name=name,
        kind=kind,  # type: ignore[arg-type]
        against_best_single={} if name == BEST_SINGLE else {
            "logloss": paired(-below, 0.0021, seeds), "auc": paired(below * 0.9, 0.0019, seeds, "auc"),
        },
        against_lead={} if name == LEAD else {
            "logloss": paired(above_lead, 0.0105, seeds), "auc": paired(-above_lead * 0.9, 0.002, seeds, "auc"),
        },
        closed_gap=ClosedGap(below / (losses[BEST_SINGLE] - PERFECT), below / (losses[BEST_SINGLE] - ATTAINABLE)),
        calibration=Calibration(0.02 + 0.1 * max(0.0, -below), 0.01 - below / 20),
        regret=Regret(losses[name] - PERFECT, losses[name] - PERFECT + 0.08, max(0.0, 0.48 - 4 * below)),
        win_rate=min(1.0, 0.52 + 4 * below),
        selection_accuracy=0.31 if selects else None,
        entropy=0.85 if selects else None,
    )  # fmt: skip


def _segment(by: str, name: str, number: int, losses: Mapping[str, float], seeds: int) -> Segment:
    shift = 0.02 - 0.015 * number
    return Segment(
        by=by,  # type: ignore[arg-type]
        name=name,
        users=201 + number,
        rows=3_900 + 5_100 * number,
        logloss={method: loss + shift for method, loss in losses.items()},
        auc=dict.fromkeys(losses, 0.75),
        against_best_single={
            method: paired(loss - losses[BEST_SINGLE], 0.002 + 0.01 * number, seeds)
            for method, loss in losses.items() if method != BEST_SINGLE
        },
    )  # fmt: skip
