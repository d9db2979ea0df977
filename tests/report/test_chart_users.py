"""Charts of users helped and harmed, by group and of whom methods choose: every mark is where the rows say."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from bench.evaluate import MethodAnalysis, QueryRows, UserDifferences
from bench.report.charts.best_models import best_models
from bench.report.charts.by_group import by_group
from bench.report.charts.model import Chart, Points
from bench.report.charts.user_differences import user_differences
from bench.report.charts.users_by_group import users_by_group
from bench.report.content.model import BaseModelFacts, Section
from bench.report.draw.files import Kind, as_file
from bench.report.draw.inline import inline_svg
from tests.evaluate.query_rows import KINDS, make_rows, taken
from tests.report.chart_sections import SEEDS, SHARES, a_section, of_users
from tests.report.drawn_texts import outside, overlapping, texts
from tests.report.svg_marks import Drawing, drawing
from tests.report.test_names import NAMES

CHARTS = (user_differences, by_group, users_by_group, best_models)
every_chart = pytest.mark.parametrize("draw", CHARTS, ids=lambda draw: draw.__name__)
Draw = Callable[[Section], Chart]
TAGS = {"svg", "title", "desc", "g", "defs", "path", "use", "text", "clipPath", "rect", "pattern"}
OTHERS = ("gating", "plain", "lr", "dnn")  # than the best single model, fm


@pytest.fixture(scope="module")
def section() -> Section:
    return a_section()


def order(section: Section) -> list[str]:
    return [row.name for row in section.rows if row.name != "fm"]


def differences(
    name: str, inside: Callable[[QueryRows, int], bool] = lambda rows, user: True
) -> list[float]:
    """Of every user of every seed, from fm."""
    found: list[float] = []
    for rows in SEEDS:
        mine, single = of_users(rows, name), of_users(rows, "fm")
        found += [
            (math.fsum(mine[user]) - math.fsum(single[user])) / len(mine[user])
            for user in mine
            if inside(rows, user)
        ]
    return found


def quantile(values: Sequence[float], percent: int) -> float:
    ascending, place = sorted(values), (len(values) - 1) * Fraction(percent, 100)
    below = int(place)
    above = ascending[min(below + 1, len(ascending) - 1)]
    return ascending[below] + float(place - below) * (above - ascending[below])


def check_strip(drawn: Drawing, key: str, place: int, values: Sequence[float]) -> None:
    at = {percent: quantile(values, percent) for percent in (5, 25, 50, 75, 95)}
    assert drawn.ends(f"{key}most-{place}-0") == pytest.approx((at[5], at[95]), abs=1e-4)
    assert drawn.ends(f"{key}half-{place}-0") == pytest.approx((at[25], at[75]), abs=1e-4)
    assert drawn.x(f"{key}median-{place}-0") == pytest.approx(at[50], abs=1e-4)


def test_strips_are_quantiles_over_users_in_the_order_of_the_table(section: Section) -> None:
    assert f"; {len(set(np.concatenate([rows.users for rows in SEEDS])))} test users, each" in (
        user_differences(section).note
    )
    drawn = drawing(user_differences(section))
    names = order(section)
    assert sorted(names) == sorted(OTHERS)
    for place, name in enumerate(names):
        assert drawn.name(f"median-{place}-0") == name
        check_strip(drawn, "", place, differences(name))


SIDES: tuple[Callable[[float], bool], ...] = (
    lambda one: one < 0,
    lambda one: one == 0,
    lambda one: one > 0,
)


def test_beside_a_strip_stand_the_shares_of_users_helped_and_harmed(section: Section) -> None:
    chart = user_differences(section)
    shown = [text for text in drawing(chart).texts if text.endswith("%")]
    told = []
    for name in order(section):
        values = differences(name)
        told.append(tuple(sum(which(one) for one in values) for which in SIDES))
    for place, counts in enumerate(told):
        of_strip = [int(text.removesuffix("%")) for text in shown[3 * place : 3 * place + 3]]
        assert sum(of_strip) == 100
        assert of_strip == pytest.approx([100 * count / 77 for count in counts], abs=1)
    assert len(shown) == 3 * len(told)
    assert chart.numbers is not None
    assert [row.cells[-1].text for row in chart.numbers.rows] == ["77"] * len(OTHERS)


def test_the_words_name_the_lead_and_who_harms_fewest(section: Section) -> None:
    alt = user_differences(section).alt
    assert section.analysis is not None
    lead = section.analysis.lead
    assert lead in OTHERS
    helped, equal, harmed = (
        sum(which(one) for one in differences(str(lead))) / 77 for which in SIDES
    )
    found = re.search(r"helps (.*)% of users, harms (.*)% and is equal for (.*)%\. ", alt)
    assert found is not None
    assert [float(one) for one in found.groups()] == pytest.approx(
        [100 * helped, 100 * harmed, 100 * equal], abs=0.1
    )
    shares = {name: sum(one > 0 for one in differences(name)) / 77 for name in OTHERS}
    kindest = [name for name in order(section) if shares[name] == min(shares.values())]
    assert f"Of those drawn, {' and '.join(kindest)} harm" in alt


def with_spreads(section: Section, **changes: float) -> Section:
    """With the same spread over users for all, in every group."""
    assert section.analysis is not None

    def edit(one: MethodAnalysis) -> MethodAnalysis:
        if one.users is None:
            return one
        bands = tuple(replace(of, spread=replace(of.spread, **changes)) for of in one.users.bands)
        every = replace(one.users.every, **changes)
        return replace(one, users=UserDifferences(every, bands))

    methods = tuple(map(edit, section.analysis.methods))
    return replace(section, analysis=replace(section.analysis, methods=methods))


def test_where_all_are_alike_none_is_said_to_be_most(section: Section) -> None:
    alike = with_spreads(section, helped=0.25, harmed=0.5)
    alt = user_differences(alike).alt
    assert alt.endswith("it helps 25.0% of users, harms 50.0% and is equal for 25.0%.")
    assert users_by_group(alike).alt.endswith("helps 25.0% of users in every group.")


def test_groups_that_share_the_least_or_the_most_are_all_named(section: Section) -> None:
    assert section.analysis is not None
    analysis = section.analysis

    def level(difference: float) -> Section:
        segments = tuple(
            replace(
                one,
                against_best_single={
                    name: replace(pair, difference=difference + (0.0 if place < 2 else place))
                    for name, pair in one.against_best_single.items()
                    if pair.difference is not None
                },
            )
            for place, one in enumerate(analysis.segments[:4])
        )
        return replace(section, analysis=replace(analysis, segments=segments))

    first, second = (one.name for one in analysis.segments[:2])
    assert f'lowest in "{first}" and "{second}" (-.5000)' in by_group(level(-0.5)).alt


def test_base_models_that_are_best_as_often_are_all_named(section: Section) -> None:
    models = tuple(replace(one, best_share=1 / 3) for one in section.base_models)
    alt = best_models(replace(section, base_models=models)).alt
    first, second, third = (one.name for one in models)
    assert alt.startswith(
        f"Most often the best base models are {first}, {second} and {third}, each for 33.3% of users."
    )


@pytest.mark.parametrize(
    ("key", "name", "inside"),
    [
        ("history", "0 rows", lambda history, rate: history == 0),
        ("history", "1 to 5 rows", lambda history, rate: 1 <= history <= 5),
        ("history", "21 to 50 rows", lambda history, rate: 21 <= history <= 50),
        ("history", "101 rows or more", lambda history, rate: history > 100),
        ("support_rate", "no support", lambda history, rate: history == 0),
        ("support_rate", "40 to 60 %", lambda history, rate: history > 0 and 0.4 <= rate < 0.6),
    ],
)
def test_strips_by_group_are_of_the_users_of_the_group(
    section: Section, key: str, name: str, inside: Callable[[int, float], bool]
) -> None:
    drawn = drawing(users_by_group(section))
    best = order(section)[0]

    def is_inside(rows: QueryRows, user: int) -> bool:
        first = int(np.flatnonzero(rows.users == user)[0])
        return inside(int(rows.history[first]), float(rows.support_rate[first]))

    values = differences(best, is_inside)
    if not values:
        assert name not in " ".join(drawn.texts)
        return
    place = next(
        place for place in range(8) if drawn.name(f"{key}-median-{place}-0").split("\n")[0] == name
    )
    check_strip(drawn, f"{key}-", place, values)
    inside_some = {int(user) for rows in SEEDS for user in rows.users if is_inside(rows, int(user))}
    users = "1 user" if len(inside_some) == 1 else f"{len(inside_some)} users"
    assert drawn.name(f"{key}-median-{place}-0").split("\n")[1] == users


def mean_difference(name: str, history: tuple[int, int]) -> float:
    """Over rows of users of that history, mean over seeds."""
    of_seeds = []
    for rows in SEEDS:
        inside = (rows.history >= history[0]) & (rows.history <= history[1])
        part = taken(rows, np.flatnonzero(inside))
        mine, single = (
            [one for of in of_users(part, method).values() for one in of] for method in (name, "fm")
        )
        of_seeds.append((math.fsum(mine) - math.fsum(single)) / len(mine))
    return math.fsum(of_seeds) / len(of_seeds)


def test_points_by_group_are_differences_of_its_rows_filled_where_a_verdict_is_beyond_chance(
    section: Section,
) -> None:
    drawn = drawing(by_group(section))
    assert section.analysis is not None
    lead = section.analysis.lead
    bands = {"21 to 50 rows": (21, 50), "101 rows or more": (101, 10**9)}
    for segment in section.analysis.segments:
        if segment.name not in bands or segment.by != "history":
            continue
        told = segment.against_best_single[str(lead)].verdict in ("better", "worse")
        key = _key(drawn, "history-0-" + ("told" if told else "open"), segment.name)
        hollow = drawn.fill(key) == "#ffffff"
        assert hollow != told
        assert drawn.x(key) == pytest.approx(
            mean_difference(str(lead), bands[segment.name]), abs=1e-3
        )


def _key(drawn: Drawing, start: str, group: str) -> str:
    """The point of a group."""
    return next(
        key
        for key in drawn.ids
        if key.startswith(f"{start}-") and drawn.name(key).split("\n")[0] == group
    )


def test_intervals_by_group_are_those_of_the_analysis(section: Section) -> None:
    drawn = drawing(by_group(section))
    assert section.analysis is not None
    groups = [one for one in section.analysis.segments if one.by == "popularity"]
    low, high = drawn.ends("popularity-0-interval-1")
    pair = groups[1].against_best_single[str(section.analysis.lead)]
    assert (low, high) == pytest.approx((pair.low, pair.high), abs=1e-3)


def test_bars_and_points_are_shares_of_users(section: Section) -> None:
    drawn = drawing(best_models(section))
    chosen: list[str] = []
    for rows in SEEDS:
        for user in set(rows.users.tolist()):
            mean = rows.weights["gating"][rows.users == user].astype(float).mean(axis=0)
            chosen.append(rows.pool[int(mean.argmax())])
    for place, model in enumerate(("lr", "fm", "dnn")):
        assert drawn.name(f"best-{place}") == drawn.name(f"chosen-0-{place}") == model
        assert drawn.ends(f"best-{place}") == pytest.approx((0, SHARES[model]), abs=1e-4)
        share = chosen.count(model) / len(chosen)
        assert drawn.x(f"chosen-0-{place}") == pytest.approx(share, abs=1e-4)


def test_users_without_a_choice_are_said_to_be_left_out() -> None:
    rows = make_rows(users=4)
    weights = np.full((len(rows.y), 3), 1 / 3, np.float32)
    weights[rows.users == rows.users[0]] = (0.5, 0.3, 0.2)
    note = best_models(a_section([rows._replace(weights={"gating": weights})])).note
    assert "left out: gating 75.0%" in note


# -- at the edges


def nothing(section: Section) -> dict[str, str]:
    return {draw.__name__: draw(section).nothing for draw in CHARTS}


def test_without_an_analysis_there_is_nothing_to_draw_but_who_is_best() -> None:
    found = nothing(a_section(analysis=None))
    assert not found.pop("best_models")
    assert all("There is no analysis" in reason for reason in found.values())


def test_an_older_analysis_asks_for_the_run_again(section: Section) -> None:
    assert section.analysis is not None
    older = tuple(replace(one, users=None, chosen_shares=None) for one in section.analysis.methods)
    without = tuple(replace(one, best_share=None) for one in section.base_models)
    found = nothing(
        replace(section, analysis=replace(section.analysis, methods=older), base_models=without)
    )
    assert found.pop("by_group") == ""
    assert all("Run the suite again" in reason for reason in found.values())


def test_without_a_best_single_model_there_is_nothing_to_compare_with() -> None:
    found = nothing(a_section(best_single=None))
    del found["best_models"]
    assert all("no best single model" in reason for reason in found.values())


def test_the_best_single_model_alone_is_compared_with_nobody() -> None:
    found = nothing(a_section(SEEDS, {"fm": "base_model"}))
    del found["best_models"]
    assert all("compare" in reason for reason in found.values())


@every_chart
@pytest.mark.parametrize("users", [2, 3])
def test_one_seed_of_a_few_users_is_drawn(draw: Draw, users: int) -> None:
    chart = draw(a_section([make_rows(users=users)]))
    assert not chart.nothing
    assert "nan" not in inline_svg(chart, "x")


@every_chart
def test_one_user_is_drawn_or_said_to_be_too_few(draw: Draw) -> None:
    several = make_rows(users=4)
    one = taken(several, np.flatnonzero(several.users == several.users[0]))
    chart = draw(a_section([one]))
    assert chart.nothing or "<svg" in inline_svg(chart, "x")


def many() -> Section:
    rows = make_rows(0, users=12)
    names = [f"method-{place:03}" for place in range(100)]
    shifts = np.linspace(-0.5, 0.5, 100)
    logits = {
        name: (rows.logits["gating"] + shift).astype(np.float32)
        for name, shift in zip(names, shifts, strict=True)
    }
    weights = dict.fromkeys(names, rows.weights["gating"])
    kinds = {name: kind for name, kind in KINDS.items() if kind == "base_model"}
    changed = rows._replace(logits={**rows.logits, **logits}, weights=weights)
    return a_section([changed], {**kinds, **dict.fromkeys(names, "method")})


def test_of_a_hundred_methods_the_first_are_drawn_and_the_rest_is_counted() -> None:
    section = many()
    assert "The first 20 of 102" in user_differences(section).note
    assert "The first 5 of 100 methods" in best_models(section).note
    for draw in CHARTS:
        assert len(inline_svg(draw(section), "s1")) < 40_000


def test_of_many_base_models_those_with_the_largest_shares_are_drawn(section: Section) -> None:
    models = tuple(BaseModelFacts(f"m{place}", place / 1000, {}) for place in range(40))
    chart = best_models(replace(section, base_models=models))
    assert chart.panels[0].y.names == tuple(f"m{place}" for place in range(20, 40))
    assert "20 of 40 base models" in chart.note


def test_a_strip_that_goes_far_does_not_press_the_others_together(section: Section) -> None:
    rows = []
    for one in SEEDS:
        far = np.where(one.users % 4 == 0, 90, 1)  # a quarter of the users, so not the median one
        rows.append(
            one._replace(logits={**one.logits, "dnn": (one.logits["dnn"] * far).astype(np.float32)})
        )
    chart = user_differences(a_section(rows))
    assert "dnn reach" in chart.note
    best = chart.panels[0].x
    assert best.low is not None
    assert best.high is not None
    assert best.high - best.low < 10
    drawn = drawing(chart)
    assert drawn.ends("most-0-0")[0] == pytest.approx(
        quantile(differences(order(section)[0]), 5), abs=1e-3
    )


def test_a_group_s_point_that_goes_far_is_drawn_and_intervals_cut_are_counted(
    section: Section,
) -> None:
    analysis = section.analysis
    assert analysis is not None
    first = analysis.segments[0]
    name = order(section)[0]
    pair = replace(first.against_best_single[name], difference=30.0, low=-60.0, high=120.0)
    far = replace(first, against_best_single={**first.against_best_single, name: pair})
    chart = by_group(
        replace(section, analysis=replace(analysis, segments=(far, *analysis.segments[1:])))
    )
    for panel in chart.panels:
        low, high = panel.x.low, panel.x.high
        assert low is not None
        assert high is not None
        assert -60 < low < 30 < high < 120
        assert all(
            low < value < high
            for mark in panel.marks
            if isinstance(mark, Points)
            for value in mark.x
        )
    assert "1 interval reaches beyond the axis." in chart.note


def renamed(section: Section, words: Mapping[str, str]) -> Section:
    """Wherever a chart may read a name."""
    assert section.analysis is not None

    def of(text: str) -> str:
        return words.get(text, text)

    methods = tuple(
        replace(
            one,
            name=of(one.name),
            chosen_shares=one.chosen_shares
            and replace(
                one.chosen_shares,
                shares={of(model): share for model, share in one.chosen_shares.shares.items()},
            ),
            users=one.users
            and replace(
                one.users,
                bands=tuple(replace(band, name=of(band.name)) for band in one.users.bands),
            ),
        )
        for one in section.analysis.methods
    )
    segments = tuple(
        replace(
            one,
            name=of(one.name),
            against_best_single={of(m): pair for m, pair in one.against_best_single.items()},
        )
        for one in section.analysis.segments
    )
    lead = of(str(section.analysis.lead))
    return replace(
        section,
        analysis=replace(section.analysis, methods=methods, segments=segments, lead=lead),
        rows=tuple(replace(row, name=of(row.name)) for row in section.rows),
        base_models=tuple(replace(one, name=of(one.name)) for one in section.base_models),
    )


@every_chart
def test_texts_stand_apart_and_inside_the_drawing(section: Section, draw: Draw) -> None:
    long = {name: f"{name}-of-a-long-name" for name in OTHERS}
    for drawn in (draw(section), draw(renamed(section, long)), draw(many())):
        found = texts(drawn)
        assert len(found) > 10
        assert overlapping(found) == []
        assert outside(drawn) == []


RENAMED = ("gating", "dnn", "lr", "plain", "21 to 50 rows", "no support")
HOSTILE = list(NAMES.values())
SIX_NAMES = [
    HOSTILE[first : first + len(RENAMED)] for first in range(0, len(HOSTILE), len(RENAMED))
]


@every_chart
@pytest.mark.parametrize("names", SIX_NAMES, ids=map(str, range(len(SIX_NAMES))))
def test_names_are_text_and_nothing_else(
    section: Section, draw: Draw, names: Sequence[str]
) -> None:
    chart = draw(renamed(section, dict(zip(RENAMED, names, strict=False))))
    svg = inline_svg(chart, "s1")
    root = ET.fromstring(svg)
    assert {one.tag.rpartition("}")[2] for one in root.iter()} <= TAGS
    assert len(svg) < 40_000
    assert all(text.isprintable() for one in root.iter() if (text := one.text or ""))


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_letters_that_the_font_lacks_are_no_trouble(section: Section, kind: Kind) -> None:
    assert as_file(user_differences(renamed(section, {"gating": "漢字 😀"})), kind)
