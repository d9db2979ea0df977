"""What a report makes of several data sets: ranks, who takes part, and what it says of them."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from bench.records import Run
from bench.report import Grid, Note, Ranks, build, document, print_blocks, summary, to_html, to_json
from bench.report.content.ranks import ranks
from bench.report.sections.ranks import ranks_blocks
from tests.report.conftest import failed
from tests.report.sections_with_figures import section
from tests.report.test_layout import HOSTILE

MakeRun = Callable[..., Run]
Records = list[dict[str, Any]]
ABC = ("a", "b", "c")


def over(*tables: Mapping[str, float | None], **options: Any) -> Ranks:
    """A data set a table."""
    found = ranks([section(f"d{place}", table, **options) for place, table in enumerate(tables)])
    assert found is not None
    return found


def agreeing(datasets: int, methods: int) -> Ranks:
    """m0 is best everywhere, and so on."""
    figures = {f"m{place}": 0.1 + place / 1000 for place in range(methods)}
    return over(*[figures] * datasets)


def told(found: Ranks) -> str:
    return " ".join(block.text for block in ranks_blocks(found) if isinstance(block, Note))


def table(found: Ranks) -> Grid:
    return next(block for block in ranks_blocks(found) if isinstance(block, Grid))


def test_methods_are_in_the_order_of_their_mean_ranks() -> None:
    first, second = (
        dict(zip(ABC, (0.6, 0.5, 0.4), strict=True)),
        dict(zip(ABC, (0.2, 0.1, 0.3), strict=True)),
    )
    found = over(first, second, first)
    assert found.methods == ("b", "c", "a")  # a tie is in the order of the table
    assert found.mean_ranks == pytest.approx((5 / 3, 5 / 3, 8 / 3))
    assert [one.ranks for one in found.datasets] == [(2, 1, 3), (1, 3, 2), (2, 1, 3)]
    assert [one.names for one in found.datasets] == [("d0",), ("d1",), ("d2",)]


def test_the_highest_is_first_where_higher_is_better() -> None:
    figures = dict(zip(ABC, (0.6, 0.8, 0.7), strict=True))
    found = over(figures, figures, metric="auc", higher_is_better=True)
    assert found.methods == ("b", "c", "a")
    assert found.metric == "auc"


def test_what_prints_alike_shares_its_rank() -> None:
    figures = {"a": 0.50001, "b": 0.50002, "c": 0.4}
    assert over(figures, figures).datasets[0].ranks == (1, 2.5, 2.5)


def test_bounds_and_best_single_take_no_part() -> None:
    figures = {"a": 0.5, "lr": 0.6, "best-single": 0.6, "perfect-user": 0.1}
    kinds = {"lr": "base_model", "best-single": "best_single", "perfect-user": "bound"}
    assert over(figures, figures, kinds=kinds).methods == ("a", "lr")


def test_who_lacks_a_figure_anywhere_is_left_out_and_named() -> None:
    whole = dict(zip(ABC, (0.6, 0.5, 0.4), strict=True))
    found = over(whole, whole | {"b": None}, whole | {"new": 0.1})
    assert found.methods == ("c", "a")
    lacks = {one.method: one.lacks for one in found.left_out}
    assert lacks == {"b": (("d1", "cold"),), "new": (("d0", "cold"), ("d1", "cold"))}
    assert (
        "Not ranked, without log loss for every seed: b in d1 / cold; new in d0 / cold and d1 / cold."
        in told(found)
    )


def test_a_nan_is_no_figure() -> None:
    whole = dict(zip(ABC, (0.6, 0.5, 0.4), strict=True))
    found = over(whole, whole | {"c": float("nan")})
    assert found.methods == ("b", "a")
    assert [one.method for one in found.left_out] == ["c"]


def test_a_data_set_without_any_figure_is_left_out_and_named() -> None:
    whole = dict(zip(ABC, (0.6, 0.5, 0.4), strict=True))
    found = over(whole, dict.fromkeys(ABC), whole)
    assert [one.names for one in found.datasets] == [("d0",), ("d2",)]
    assert found.left_out == ()
    assert "Left out: d1 / cold, where nothing has log loss for every seed." in told(found)


@pytest.mark.parametrize(
    "tables",
    [({"a": 0.5, "b": 0.4}, dict.fromkeys("ab")), ({"a": 0.5, "b": 0.4}, {"b": 0.3, "c": 0.2})],
    ids=["one data set is left", "one method is left"],
)
def test_where_nothing_is_left_to_rank_a_report_says_so(
    tables: tuple[dict[str, float | None], ...],
) -> None:
    found = over(*tables)
    assert found.test is None
    assert found.methods == found.mean_ranks == found.datasets == ()
    assert told(found).startswith("There are no ranks over data sets: ")
    assert "without log loss" in told(found) or "nothing has log loss" in told(found)


def test_one_data_set_has_no_ranks_whatever_its_protocols() -> None:
    figures = dict(zip(ABC, (0.6, 0.5, 0.4), strict=True))
    assert ranks([section("d", figures, "cold"), section("d", figures, "warm")]) is None
    assert ranks([section("d", dict.fromkeys(ABC)), section("e", dict.fromkeys(ABC))]) is None


def test_protocols_of_a_data_set_count_once() -> None:
    """By the mean of their ranks, ranked again: d is not worth three of e."""
    sections = [
        section("d", dict(zip(ABC, (0.1, 0.2, 0.3), strict=True)), "cold"),
        section("d", dict(zip(ABC, (0.1, 0.2, 0.3), strict=True)), "warm"),
        section("d", dict(zip(ABC, (0.3, 0.2, 0.1), strict=True)), "leave-last"),
        section("e", dict(zip(ABC, (0.3, 0.1, 0.2), strict=True)), "cold"),
    ]
    found = ranks(sections)
    assert found is not None
    by_dataset = {
        one.names: dict(zip(found.methods, one.ranks, strict=True)) for one in found.datasets
    }
    assert by_dataset == {("d",): {"a": 1, "b": 2, "c": 3}, ("e",): {"a": 3, "b": 1, "c": 2}}
    assert found.datasets[0].protocols == ("cold", "warm", "leave-last")
    assert found.test is not None
    assert (
        found.test.p == over({"a": 0.1, "b": 0.2, "c": 0.3}, {"a": 0.3, "b": 0.1, "c": 0.2}).test.p
    )  # type: ignore[union-attr]
    assert "A data set counts once" in told(found)
    assert "A data set counts once" not in told(agreeing(3, 3))


def test_one_set_of_data_under_two_names_counts_once() -> None:
    figures = dict(zip(ABC, (0.1, 0.2, 0.3), strict=True))
    same, other = {"digest": "1" * 64}, {"digest": "2" * 64}
    sections = [
        section(name, figures, facts=facts)
        for name, facts in (("d", same), ("e", same), ("f", other))
    ]
    found = ranks(sections)
    assert found is not None
    assert [one.names for one in found.datasets] == [("d", "e"), ("f",)]
    assert "d and e are the same data, and count as one." in told(found)
    assert ranks(sections[:2]) is None


def test_data_sets_of_one_file_are_said_to_be() -> None:
    figures = dict(zip(ABC, (0.1, 0.2, 0.3), strict=True))
    facts = [
        {"digest": str(place), "source": {"sha256": {"ratings.csv": sha256}}}
        for place, sha256 in enumerate(("s", "s", "t"))
    ]
    found = ranks([section(f"d{place}", figures, facts=one) for place, one in enumerate(facts)])
    assert found is not None
    assert len(found.datasets) == 3
    assert found.one_file == (("d0", "d1"),)
    assert (
        "d0 and d1 are read from one file: where they share rows they are not independent"
        in told(found)
    )
    older = [section(f"d{place}", figures, facts={"source": {"sha256": ""}}) for place in range(2)]
    assert ranks(older).one_file == ()  # type: ignore[union-attr]


def test_groups_are_letters_and_the_best_is_marked() -> None:
    found = agreeing(6, 6)
    assert found.test is not None
    assert found.test.groups == ((0, 3), (1, 4), (2, 5))
    grid = table(found)
    assert [row.cells[1].text for row in grid.rows] == ["a", "a-b", "a-c", "a-c", "b-c", "c"]
    assert [row.cells[0].mark for row in grid.rows] == ["*", "=", "=", "=", " ", " "]
    assert "m0 is told apart from m4 and m5." in told(found)


def test_a_report_says_how_much_of_the_order_is_more_than_chance() -> None:
    assert "Over 2 data sets, m0 ranks best of 3: mean rank 1.00 (1 is best)." in told(
        agreeing(2, 3)
    )
    assert (
        "No difference could have shown: with 2 data sets and 3 methods that test's p is .167 at best."
        in told(agreeing(2, 3))
    )
    beyond = told(agreeing(2, 6))
    assert "The ranks differ beyond chance (Friedman's test, p .001)." in beyond
    assert (
        "mean ranks would have to differ by 5.33 and can't by more than 5. No two methods could be told apart."
        in beyond
    )
    few = "So few data sets show large differences alone"
    assert f"{few}; p can't be smaller than .005." in told(over(*SMALL))  # 1 / 3!^3
    assert f"{few}." in told(agreeing(4, 7))  # 1 in 10,000 at least
    assert few not in told(agreeing(5, 7))
    assert "do not differ beyond chance (Friedman's test, p 1.000)" in told(
        over(*[dict.fromkeys(ABC, 0.5)] * 6)
    )
    assert "all 3 methods have the same mean rank" in told(over(*[dict.fromkeys(ABC, 0.5)] * 6))


SMALL = [dict(zip(ABC, row, strict=True)) for row in ((1, 2, 3), (2, 3, 1), (3, 1, 2), (1, 3, 2))]


def several(*names: str) -> Callable[[Records, dict[str, Any]], None]:
    """The run's data set under each of these names; figures differ a little."""

    def edit(records: Records, manifest: dict[str, Any]) -> None:
        first, trials = copy.deepcopy(records), copy.deepcopy(manifest["trials"])
        records.clear()
        manifest["trials"] = []
        facts, split = manifest["datasets"].pop("ml-1m"), manifest["splits"].pop("ml-1m/cold")
        for place, name in enumerate(names):
            manifest["datasets"][name] = facts | {"digest": str(place)}
            manifest["splits"][f"{name}/cold"] = split
            for record, trial in zip(copy.deepcopy(first), copy.deepcopy(trials), strict=True):
                record["id"] = trial["record"] = f"{record['id']}{place}"
                record["trial"]["dataset"] = trial["dataset"] = name
                records.append(record)
                manifest["trials"].append(trial)

    return edit


def printed(blocks: Any, width: int = 80) -> str:
    out = io.StringIO()
    print_blocks(blocks, Console(file=out, width=width))
    return out.getvalue()


def test_a_run_over_several_data_sets_begins_with_them(make_run: MakeRun) -> None:
    run = make_run(edit=several("a", "b", "c", "d", "e"))
    report = build(run)
    assert report.ranks is not None
    assert report.ranks.methods[:3] == (
        "metaselector",
        "user-calibration",
        "metaselector-simplified",
    )
    for text in (printed(document(report)), printed(summary(report))):
        assert (
            text.index("The run is complete")
            < text.index("Over all data sets")
            < text.index("a / cold")
        )
        assert "Over 5 data sets, metaselector ranks best of 10: mean rank 1.00" in text
    page = to_html(report, run)
    assert page.index("Over all data sets</h2>") < page.index("a / cold</h2>")
    assert page.count('<figure id="s1-critical-difference"') == 1
    assert "Over all data sets" not in printed(document(report, ("cost",)))


def test_a_run_over_one_data_set_has_nothing_of_it(make_run: MakeRun) -> None:
    run = make_run()
    report = build(run)
    assert report.ranks is None
    for text in (printed(document(report)), printed(summary(report)), to_html(report, run)):
        assert "Over all data sets" not in text


def test_a_method_that_failed_once_is_left_out(make_run: MakeRun) -> None:
    def edit(records: Records, manifest: dict[str, Any]) -> None:
        several("a", "b", "c")(records, manifest)
        next(one for one in records if one["trial"]["method"] == "ffm").update(failed("no memory"))

    report = build(make_run(edit=edit))
    found = report.ranks
    assert found is not None
    assert [one.method for one in found.left_out] == ["ffm"]
    for blocks in (summary(report), document(report)):
        text = " ".join(printed(blocks).split())
        assert "Not ranked, without log loss for every seed: ffm in a / cold." in text
    assert "ffm" not in found.methods
    assert "fm" in found.methods


def test_json_has_all_of_it_and_no_infinity(make_run: MakeRun) -> None:
    report = build(make_run(edit=several("a", "b")))
    found = json.loads(json.dumps(to_json(report), allow_nan=False))["ranks"]
    assert found["methods"][0] == "metaselector"
    assert found["test"]["f"] is None
    assert found["test"]["p"] == pytest.approx(1e-4)
    assert [one["names"] for one in found["datasets"]] == [["a"], ["b"]]


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_names_that_mean_harm_are_shown_as_text(make_run: MakeRun, name: str) -> None:
    def edit(records: Records, manifest: dict[str, Any]) -> None:
        several(name, "b", "c")(records, manifest)
        for trial in [one["trial"] for one in records] + manifest["trials"]:
            trial["method"] = name if trial["method"] == "gating" else trial["method"]

    run = make_run(edit=edit)
    report = build(run)
    assert report.ranks is not None
    assert name in report.ranks.methods
    text = printed(document(report))
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80
    page = to_html(report, run)
    assert "<script>alert" not in page
    assert "\x1b" not in page
    page.encode()


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_hundred_methods_over_many_data_sets_fit(width: int) -> None:
    draw = np.random.default_rng(0)
    methods = [f"method-{place}" for place in range(100)]
    tables = [dict(zip(methods, draw.random(100).tolist(), strict=True)) for _ in range(12)]
    text = printed(ranks_blocks(over(*tables)), width)
    assert max(map(len, text.splitlines())) <= width
    assert all(method in text for method in methods)
