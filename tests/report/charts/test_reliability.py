from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score

from bench.evaluate import QueryRows, analyse, analysis_to_json, row_log_loss
from bench.records import Run
from bench.report.charts.model import Spans
from bench.report.charts.reliability import reliability, wilson
from tests.evaluate.query_rows import make_rows
from tests.report.charts.runs import section
from tests.report.svg_points import Drawing

MakeRun = Callable[..., Run]
KINDS = {
    "lr": "base_model",
    "fm": "base_model",
    "ffm": "base_model",
    "gating": "method",
    "average": "method",
    "user-best": "method",
    "metaselector": "method",
}


def some_rows(seed: int) -> QueryRows:
    made = make_rows(seed, users=60)
    noise = np.random.default_rng(seed)
    logits = {
        name: (made.logits["fm"] * (0.5 + 0.2 * place) + noise.normal(0, 0.3, len(made.y))).astype(
            np.float32
        )
        for place, name in enumerate(KINDS)
    }
    return made._replace(pool=("lr", "fm", "ffm"), logits=logits, weights={})


def analysed(make_run: MakeRun, rows: list[QueryRows]) -> Run:
    found = analyse(rows, KINDS, "fm", resamples=50, splits=2).analysis
    run = make_run(seeds=tuple(range(len(rows))), edit=partial(scored, rows))
    return run._replace(analyses={"ml-1m/cold": analysis_to_json(found)})


def scored(rows: list[QueryRows], records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
    """The records are of these rows."""
    manifest["trials"] = [one for one in manifest["trials"] if one["method"] in KINDS]
    records[:] = [one for one in records if one["trial"]["method"] in KINDS]
    for record in records:
        one, name = rows[record["trial"]["seed"]], record["trial"]["method"]
        losses = row_log_loss(one.y, one.logits[name])
        record["metrics"] = {
            "logloss": {"value": float(losses.mean()), "reason": "", "counts": {}},
            "auc": {
                "value": float(roc_auc_score(one.y, one.logits[name])),
                "reason": "",
                "counts": {},
            },
        }


def by_hand(rows: list[QueryRows], name: str) -> list[tuple[float, float, int]]:
    """Mean prediction, share of positives and rows of each bin, from the rows in the order of their predictions."""
    bins: dict[int, list[tuple[float, int]]] = {}
    for one in rows:
        ordered = sorted(zip(one.logits[name].tolist(), one.y.tolist(), strict=True))
        for rank, (logit, label) in enumerate(ordered):
            place = 15 * (2 * rank + 1) // (2 * len(ordered))
            bins.setdefault(place, []).append((1 / (1 + math.exp(-logit)), label))
    return [
        (sum(p for p, _ in of) / len(of), sum(y for _, y in of) / len(of), len(of))
        for _, of in sorted(bins.items())
    ]


@pytest.mark.parametrize("seeds", [1, 3])
def test_every_point_and_interval_is_where_the_rows_say(make_run: MakeRun, seeds: int) -> None:
    rows = [some_rows(seed) for seed in range(seeds)]
    assert all(len(set(one.logits["fm"].tolist())) == len(one.y) for one in rows)
    chart = reliability(section(analysed(make_run, rows)))
    drawing = Drawing(chart)
    names = [panel.title.partition(":")[0] for panel in chart.panels]
    assert len(names) == 6
    for place, name in enumerate(names):
        want = by_hand(rows, name)
        drawn = drawing.points(f"reliability-{place}-bin")
        assert drawn == [pytest.approx((p, y), abs=1e-5) for p, y, _ in want]
        for (p, y, n), ident in zip(
            want, drawing.ids(f"reliability-{place}-interval"), strict=True
        ):
            distinct = n // seeds  # all seeds have the same rows
            if n % seeds:
                continue
            exact = binomtest(round(y * n), n).proportion_ci(method="wilson")
            if seeds == 1:
                low, high = exact.low, exact.high
            else:
                low, high = wilson(y, distinct)
                assert high - low > exact.high - exact.low
            assert drawing.corners(ident) == [
                pytest.approx((p, low), abs=1e-5),
                pytest.approx((p, high), abs=1e-5),
            ]
        diagonal = drawing.corners(f"reliability-{place}-diagonal-0")
        assert all(x == pytest.approx(y, abs=1e-5) for x, y in diagonal)


@pytest.mark.parametrize("seeds", [1, 3])
def test_the_lead_and_best_single_come_first_and_titles_have_the_distance_of_their_points(
    make_run: MakeRun, seeds: int
) -> None:
    rows = [some_rows(seed) for seed in range(seeds)]
    run = analysed(make_run, rows)
    (found,) = run.analyses.values()
    chart = reliability(section(run))
    first = [found["lead"], *({"fm"} - {found["lead"]})]
    for name, panel in zip(first, chart.panels, strict=False):
        bins = by_hand(rows, name)
        off = sum(n * abs(p - y) for p, y, n in bins) / sum(n for *_, n in bins)
        assert panel.title == f"{name}: off by {f'{off:.4f}'.removeprefix('0')}"
    assert (
        f"Predictions of {first[0]} are off by {chart.panels[0].title[-5:]} on average" in chart.alt
    )


def test_of_one_seed_the_distance_is_the_ece_and_of_several_the_note_tells_them_apart(
    make_run: MakeRun,
) -> None:
    run = analysed(make_run, [some_rows(0)])
    (found,) = run.analyses.values()
    errors = {one["name"]: one["calibration"]["ece"] for one in found["methods"]}
    chart = reliability(section(run))
    for panel in chart.panels:
        name, _, off = panel.title.partition(": off by ")
        assert off == f"{errors[name]:.4f}".removeprefix("0")
    assert chart.note.endswith("from the diagonal, by their rows, the ECE.")
    several = reliability(section(analysed(make_run, [some_rows(0), some_rows(1)])))
    assert "the ECE of tables is the mean of the seeds' own" in several.note


@pytest.mark.parametrize("way", ["high", "low"])
def test_it_says_how_far_off_the_lead_is_and_which_way(make_run: MakeRun, way: str) -> None:
    one, logit = some_rows(0), 3.0 if way == "high" else -3.0
    constant = one._replace(
        logits=dict.fromkeys(KINDS, np.full(len(one.y), logit, dtype=np.float32))
    )
    run = analysed(make_run, [constant])
    predicted, observed = 1 / (1 + math.exp(-logit)), one.y.mean()
    (found,) = run.analyses.values()
    off = abs(predicted - observed)
    error = f"{off:.4f}".removeprefix("0")
    assert reliability(section(run)).alt == (
        f"Predictions of {found['lead']} are off by {error} on average over bins. They are furthest off "
        f"around {predicted:.1%}, where {observed:.1%} are positive: too {way}."
    )


def test_rare_positives_fill_the_panel(make_run: MakeRun) -> None:
    one = some_rows(0)
    rare = one._replace(
        y=(np.arange(len(one.y)) % 100 == 0).astype(np.uint8),
        logits={name: of / 10 - 4.5 for name, of in one.logits.items()},
    )
    chart = reliability(section(analysed(make_run, [rare])))
    (ends,) = {(panel.x.low, panel.x.high, panel.y.low, panel.y.high) for panel in chart.panels}
    assert ends[0] == ends[2] < 0
    assert ends[1] == ends[3] < 0.5


def test_a_constant_is_one_point(make_run: MakeRun) -> None:
    one = some_rows(0)
    constant = one._replace(logits=dict.fromkeys(KINDS, np.full(len(one.y), 0.5, dtype=np.float32)))
    drawing = Drawing(reliability(section(analysed(make_run, [constant]))))
    assert drawing.points("reliability-0-bin") == [
        pytest.approx((1 / (1 + math.exp(-0.5)), one.y.mean()), abs=1e-5)
    ]


def test_an_earlier_analysis_has_no_bins_and_the_chart_says_what_to_do(
    make_analysed: MakeRun, make_run: MakeRun
) -> None:
    chart = reliability(section(make_analysed()))
    assert chart.nothing == (
        "The analysis of this run was made by an earlier version, which kept no bins: run the suite again."
    )
    assert "There is no analysis" in reliability(section(make_run())).nothing


def test_wilson_is_scipys() -> None:
    for rows in (1, 2, 7, 100, 10_000):
        for positives in {0, 1, rows // 3, rows}:
            exact = binomtest(positives, rows).proportion_ci(method="wilson")
            assert wilson(positives / rows, rows) == pytest.approx(
                (exact.low, exact.high), abs=1e-8
            )


def test_intervals_hold_their_points(make_run: MakeRun) -> None:
    chart = reliability(section(analysed(make_run, [some_rows(0), some_rows(1)])))
    for panel in chart.panels:
        (spans,) = (mark for mark in panel.marks if isinstance(mark, Spans))
        (points,) = (mark for mark in panel.marks if mark.__class__.__name__ == "Points")
        assert all(
            low <= y <= high for low, y, high in zip(spans.low, points.y, spans.high, strict=True)
        )
