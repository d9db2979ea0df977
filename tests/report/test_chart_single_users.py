"""A few single users, read from the tables by user: who they are, and every mark, beside loops over logits and labels."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pytest

from bench.evaluate import Adaptation, QueryRows, user_table
from bench.evaluate.analysis.user_table import with_ids
from bench.records import Run, write_table
from bench.report.charts.single_users import single_users
from bench.report.content.model import BaseModelFacts, Report, Section
from bench.report.content.single_users import with_single_users
from bench.report.draw.inline import inline_svg
from tests.evaluate.query_rows import POOL, make_rows, taken
from tests.report.chart_sections import a_section, of_users, row_loss
from tests.report.svg_marks import drawing
from tests.report.test_names import NAMES

Make = Callable[..., Section]


def adapted(seed: int, users: int = 30) -> QueryRows:
    """`gating` is under a meta-learner: its logits and weights were others before."""
    rows, rng = make_rows(seed, users), np.random.default_rng([7, seed])
    n, many = len(rows.y), len(set(rows.users.tolist()))
    before = rng.dirichlet([2.0] * len(POOL), n).astype(np.float32)
    one = Adaptation(
        rng.normal(size=n).astype(np.float32),
        rows.logits["gating"],
        before,
        rows.weights["gating"],
        rng.random((many, 2)).astype(np.float32),
        rng.random((many, 6)).astype(np.float32),
    )
    return rows._replace(adaptations={"gating": one})


def tables(seeds: Sequence[QueryRows], ids: Callable[[int], str]) -> pa.Table:
    """As the harness keeps them: a row for each seed, method and user, by the user's own id."""
    known = pa.array([ids(user) for user in range(200)], pa.string())
    found = []
    for rows in seeds:
        for name in rows.logits:
            table = with_ids(user_table(rows, name), known)
            told = {"seed": [rows.seed] * len(table), "method": [name] * len(table)}
            found.append(
                pa.table({**told, **dict(zip(table.column_names, table.columns, strict=True))})
            )
    return pa.concat_tables(found, promote_options="default")


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """`make(seeds, ids=str, table=None, **changes)`: a section of that run with its single users."""

    def section(
        seeds: Sequence[QueryRows],
        ids: Callable[[int], str] = str,
        table: pa.Table | None = None,
        **changes: object,
    ) -> Section:
        digest = write_table(tmp_path, tables(seeds, ids) if table is None else table)
        run = Run(tmp_path, {}, (), user_tables={"shop/cold": digest})
        return read(a_section(seeds, **changes), run)

    return section


def read(section: Section, run: Run) -> Section:
    report = Report("s", "complete", (0,), ("logloss",), "best-single", (section,), (), (), ())
    return with_single_users(report, run).sections[0]


def means(rows: QueryRows, name: str) -> dict[int, float]:
    return {user: math.fsum(of) / len(of) for user, of in of_users(rows, name).items()}


def ranked(rows: QueryRows) -> list[int]:
    """Users with 5 query rows, from the most helped by gating to the most harmed."""
    mine, single = means(rows, "gating"), means(rows, "fm")
    enough = [user for user in mine if (rows.users == user).sum() >= 5]
    return sorted(enough, key=lambda user: (mine[user] - single[user], str(user)))


def test_the_most_helped_the_median_and_the_most_harmed_of_the_first_seed_are_shown(
    make: Make,
) -> None:
    seeds = [adapted(3), adapted(4)]
    found = make(seeds).single_users
    assert found is not None
    order = ranked(seeds[0])
    assert [user.id for user in found.users] == [
        str(order[place]) for place in (0, (len(order) - 1) // 2, -1)
    ]
    assert (found.method, found.seed, found.of) == ("gating", 3, len(order))
    for user in found.users:
        of_user = seeds[0].users == int(user.id)
        assert user.rows == of_user.sum()
        assert user.support_rows == seeds[0].history[of_user][0]


def test_every_mark_is_where_logits_labels_and_weights_say(make: Make) -> None:
    rows = adapted(3)
    section = make([rows])
    drawn = drawing(single_users(section))
    assert section.single_users is not None
    one = rows.adaptations["gating"]
    for place, user in enumerate(section.single_users.users):
        inside = np.flatnonzero(rows.users == int(user.id))
        weights = {
            "after": one.weights_after[inside].astype(float).mean(axis=0),
            "before": one.weights_before[inside].astype(float).mean(axis=0),
        }
        for column, model in enumerate(POOL):
            assert drawn.x(f"model-{place}-{column}-0") == pytest.approx(
                means(rows, model)[int(user.id)], abs=2e-3
            )
            for when, of in weights.items():
                assert drawn.x(f"weight-{place}-{when}-{column}") == pytest.approx(
                    of[column], abs=2e-3
                )
        losses = {
            when: np.mean([row_loss(int(rows.y[row]), float(logits[row])) for row in inside])
            for when, logits in (("before", one.logits_before), ("after", one.logits_after))
        }
        for when, loss in losses.items():
            assert drawn.x(f"logloss-{place}-{when}-0") == pytest.approx(loss, abs=2e-3)


def test_names_stand_beside_their_marks_and_say_who_the_users_are(make: Make) -> None:
    section = make([adapted(3)], ids=lambda user: f"u{user:03}")
    chart = single_users(section)
    drawn = drawing(chart)
    assert section.single_users is not None
    for column, model in enumerate(POOL):
        assert drawn.name(f"weight-0-after-{column}") == model
        assert drawn.name(f"model-0-{column}-0") == model
    first = section.single_users.users[0]
    assert f"most helped: user {first.id}" in drawn.texts
    assert f"{first.support_rows} support row" in " ".join(drawn.texts)
    assert "with at least 5 query rows" in chart.note


def test_a_method_that_does_not_adapt_is_shown_as_it_is(make: Make) -> None:
    chart = single_users(make([make_rows(3)]))
    ids = drawing(chart).ids
    assert "weight-0-after-0" in ids
    assert not [one for one in ids if "-before-" in one or "-moved-" in one]


def test_equal_users_are_in_the_order_of_their_ids(make: Make) -> None:
    rows = make_rows(3)
    alike = rows._replace(logits={**rows.logits, "gating": rows.logits["fm"]})
    found = make([alike]).single_users
    assert found is not None
    enough = sorted(str(user) for user in ranked(alike))
    assert [user.id for user in found.users] == [
        enough[place] for place in (0, (len(enough) - 1) // 2, -1)
    ]


def few(users: int) -> QueryRows:
    """So many users with five rows or more."""
    rows = make_rows(3)
    kept = ranked(rows)[:users]
    return taken(rows, np.flatnonzero(np.isin(rows.users, kept)))


@pytest.mark.parametrize(("users", "shown"), [(1, 1), (2, 2), (3, 3), (4, 3)])
def test_fewer_users_than_places_are_shown_once_each(make: Make, users: int, shown: int) -> None:
    section = make([few(users)])
    assert section.single_users is not None
    assert len({user.id for user in section.single_users.users}) == shown
    chart = single_users(section)
    assert inline_svg(chart, "s1")
    if users == 1:
        assert "the only one" in chart.alt


def test_who_differs_for_the_worse_is_not_called_helped(make: Make) -> None:
    rows = make_rows(3)
    worse = rows._replace(
        logits={**rows.logits, "gating": (-9 * (2.0 * rows.y - 1)).astype(np.float32)}
    )
    alt = single_users(make([worse])).alt
    assert "least harmed" in alt
    assert "helped" not in alt


def test_who_does_not_differ_is_neither_helped_nor_harmed(make: Make) -> None:
    rows = make_rows(3)
    alike = rows._replace(logits={**rows.logits, "gating": rows.logits["fm"]})
    alt = single_users(make([alike])).alt
    assert alt.count("neither helped nor harmed") == 2
    assert "most helped" not in alt
    assert "most harmed" not in alt


# -- nothing to show


def test_without_users_of_enough_rows_nobody_is_shown(make: Make) -> None:
    assert "No test user has 5 query rows" in single_users(make([make_rows(3, most=4)])).nothing


def test_without_weights_nobody_is_shown(make: Make) -> None:
    rows = make_rows(3)._replace(weights={})
    assert "No method gives weights" in single_users(make([rows])).nothing


def test_without_an_analysis_or_a_best_single_model_nobody_is_shown(make: Make) -> None:
    assert "no analysis" in single_users(make([make_rows(3)], analysis=None)).nothing
    assert "no best single" in single_users(make([make_rows(3)], best_single=None)).nothing


def test_a_table_that_is_gone_or_damaged_is_said_to_be(tmp_path: Path) -> None:
    section = a_section([make_rows(3)])
    gone = Run(tmp_path, {}, (), user_tables={"shop/cold": "0" * 64})
    assert "missing or damaged" in single_users(read(section, gone)).nothing
    assert "missing or damaged" in single_users(read(section, Run(tmp_path, {}, ()))).nothing
    digest = write_table(tmp_path, tables([make_rows(3)], str))
    (tmp_path / "blobs" / f"{digest}.parquet").write_bytes(b"PAR1")
    run = gone._replace(user_tables={"shop/cold": digest})
    reason = single_users(read(section, run)).nothing
    assert "missing or damaged" in reason
    assert str(tmp_path) not in reason


def test_a_table_of_other_columns_is_as_good_as_none(make: Make) -> None:
    other = pa.table({"method": ["gating"], "seed": [0]})
    assert "missing or damaged" in single_users(make([make_rows(3)], table=other)).nothing
    without = tables([make_rows(3)], str)
    without = without.filter(pa.compute.not_equal(without["method"], "fm"))
    assert "missing or damaged" in single_users(make([make_rows(3)], table=without)).nothing


def test_a_report_that_did_not_ask_says_so() -> None:
    assert "were not read" in single_users(a_section([make_rows(3)])).nothing


def test_building_a_report_reads_no_parquet() -> None:
    code = "import sys, bench.report.content.single_users, bench.report; sys.exit('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# -- many models, strange names


def test_of_many_base_models_those_of_the_largest_weight_are_shown(make: Make) -> None:
    section = make([adapted(3)])
    others = tuple(BaseModelFacts(f"m{place}", None, {}) for place in range(30))
    chart = single_users(replace(section, base_models=(*others, *section.base_models)))
    assert set(POOL) <= set(chart.panels[0].y.names)
    assert len(chart.panels[0].y.names) == 12
    assert "12 of 33 base models" in chart.note


def test_an_infinite_loss_of_a_base_model_is_left_out(make: Make) -> None:
    rows = adapted(3)
    broken = rows._replace(
        logits={**rows.logits, "dnn": np.where(rows.y == 1, -np.inf, 0).astype(np.float32)}
    )
    table = tables([broken], str)
    section = make([rows], table=table)
    svg = inline_svg(single_users(section), "s1")
    assert "inf" not in svg.replace("info", "")
    assert "nan" not in svg


@pytest.mark.parametrize("name", list(NAMES.values())[::3])
def test_ids_are_text_and_nothing_else(make: Make, name: str) -> None:
    section = make([few(3)], ids=lambda user: f"{user}{name}")
    chart = single_users(section)
    svg = inline_svg(chart, "s1")
    assert "<img" not in svg
    assert "<script" not in svg
    assert len(svg) < 30_000
    assert all(text.isprintable() for text in drawing(chart).texts)


@pytest.mark.parametrize("name", ["a.b", "weight:lr", "lr.weight", "a b\n", "[0]", "lr:"])
def test_a_base_model_of_a_strange_name_keeps_its_weights(make: Make, name: str) -> None:
    rows = adapted(3)
    pool = (name, *POOL[1:])
    logits = {name if one == "lr" else one: values for one, values in rows.logits.items()}
    renamed = rows._replace(pool=pool, logits=logits)
    kinds = dict.fromkeys(pool, "base_model") | {"gating": "method", "plain": "method"}
    models = tuple(BaseModelFacts(one, None, {}) for one in pool)
    found = make([renamed], kinds=kinds, base_models=models).single_users
    assert found is not None
    for user in found.users:
        inside = rows.users == int(user.id)
        weights = rows.weights["gating"][inside].astype(float).mean(axis=0)
        assert list(user.weights) == list(pool)
        assert list(user.weights.values()) == pytest.approx(weights)
