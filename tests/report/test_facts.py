"""What is said of the data and the split."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bench.records import Run
from bench.report import Grid, Note, build
from bench.report.sections.data_notes import data_facts
from bench.report.sections.document import document
from bench.report.sections.split_notes import split_facts

Records = list[dict[str, Any]]
MakeRun = Callable[..., Run]
DATA = {"label": "rating >= 4", "order": "time", "source": {"name": "data folder"}}


def told(run: Run) -> str:
    return "\n".join(block.text for block in document(build(run)) if isinstance(block, Note))


def test_sizes_and_what_is_odd_about_rows_are_sentences() -> None:
    counts = {"rows": 1000, "users": 10, "items": 7, "positives": 575, "dropped_rows": 0}
    odd = {"exact_duplicates": 1, "contradictory": 2, "repeated_pairs": 0, "odd_things": 3}
    assert data_facts("shop", {**DATA, "counts": counts | odd}, None) == [
        "Data shop: 1,000 rows, 10 users, 7 items, 57.5% positive. The label is rating >= 4. Rows are ordered by time. The "
        "source is data folder. Of note: 1 row repeats another in everything used (user, item, fields, label and order); 2 "
        "times a user has both labels for one item at one time; 3 odd things."
    ]
    assert data_facts("shop", {}, None) == []


def test_items_with_more_than_one_value_of_their_own_are_told() -> None:
    fields = [
        {"name": "category_id", "kind": "categorical", "side": "item"},
        {"name": "land", "side": "user"},
    ]
    facts = {
        **DATA,
        "counts": {"rows": 1000},
        "fields": fields,
        "several_values": {"category_id": 101, "land": 1},
    }
    assert data_facts("shop", facts, None)[0].endswith(
        "Of note: 101 items have more than one category_id; 1 user has more than one land."
    )


def test_without_an_order_nothing_is_said_of_time() -> None:
    odd = {"rows": 1000, "exact_duplicates": 3, "contradictory": 2, "repeated_pairs": 7}
    (text,) = data_facts("shop", {**DATA, "order": None, "counts": odd}, None)
    assert text.endswith(
        "Rows have no time, so a seed orders them. The source is data folder. Of note: 3 rows repeat another in everything "
        "used (user, item, fields and label); 2 times a user has both labels for one item; 7 further rows have an item that "
        "their user has in another row."
    )
    cut = {"users_cut_through_copies": 1, "users_cut_through_contradictions": 2, "tie_share": None}
    assert split_facts("cold", {"setting": "cold", **cut}, ordered=False).endswith(
        "1 user is cut between copies of one row (alike in user, item, fields and label), so the support gives a tested row "
        "away. 2 users are cut between rows of one item whose labels differ."
    )


def test_a_report_of_data_without_an_order_says_nothing_of_time(make_run: MakeRun) -> None:
    def edit(_: Records, manifest: dict[str, Any]) -> None:
        manifest["datasets"]["ml-1m"] |= {"order": None}
        manifest["datasets"]["ml-1m"]["counts"] |= {"contradictory": 2}
        manifest["splits"]["ml-1m/cold"] |= {
            "tie_share": None,
            "users_cut_through_contradictions": 2,
        }

    text = told(make_run(edit=edit))
    assert "2 times a user has both labels for one item." in text
    assert "2 users are cut between rows of one item whose labels differ." in text


def test_generated_data_say_so_with_their_optimum() -> None:
    facts = {**DATA, "counts": {"rows": 10}, "truth": {"users": 2000, "noise": 0.5, "tables": [1]}}
    assert data_facts("made", facts, 0.512)[1] == (
        "The data are generated: their true probabilities have an expected log loss of .5120. They were made with users "
        "2,000, noise 0.5 and 1 more setting."
    )
    assert len(data_facts("found", {**DATA, "counts": {"rows": 10}, "truth": {}}, None)) == 1


def test_a_split_of_blocks_tells_its_parts() -> None:
    facts = {
        "users": {"train": 90, "valid": 10, "test": 0},
        "rows": {
            "train": {"support": 500, "train_query": 100, "query": 90},
            "valid": {"support": 50, "query": 10},
        },
        "setting": "warm",
        "time": {"train_query": "2000-11-01", "query": 978_300_760},
    }
    assert split_facts("last", facts) == (
        "Split last: base models saw every user's support (warm). Users: training 90, validation 10, test 0. Rows: training "
        "500 support + 100 training query + 90 query, validation 50 support + 10 query. Time is cut at training query "
        "2000-11-01, query 978300760."
    )


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (
            {"tie_share": 0.513},
            "51.3% of users are cut between rows of one time; the order of such rows is drawn at random.",
        ),
        (
            {"users_cut_through_copies": 1},
            "1 user is cut between copies of one row (alike in user, item, fields, label and order), so the support gives",
        ),
        ({"users_cut_through_copies": 2_000}, "2,000 users are cut between copies of one row"),
        (
            {"users_cut_through_contradictions": 3},
            "3 users are cut between rows of one item and time whose labels differ.",
        ),
        (
            {"training_after_test": 0.437},
            "When a tested row happens, 43.7% of other users' training rows are still to come, on average",
        ),
        ({"training_after_test": 1e-5}, "less than 0.1% of other users' training rows"),
        (
            {"training_after_test": 0.0},
            "No training row of another user is later than a tested row.",
        ),
        ({"use": "leave-last"}, "Split cold (protocol leave-last): "),
        ({"users_not_tested": 3}, "3 users are not tested: they have no rows to be tested on."),
        ({"time": [1, 2]}, "Time is cut at 1 to 2."),
    ],
)
def test_what_of_a_split_needs_care_is_a_sentence(facts: dict[str, Any], sentence: str) -> None:
    assert sentence in split_facts("cold", facts)


@pytest.mark.parametrize("tie_share", [None, 0.0])
def test_what_a_split_does_not_tell_is_left_out(tie_share: float | None) -> None:
    nothing = {
        "users_cut_through_copies": 0,
        "training_after_test": None,
        "tie_share": tie_share,
        "users_not_tested": 0,
    }
    assert split_facts("cold", {"setting": "cold", **nothing}) == (
        "Split cold: base models never saw validation and test users (cold)."
    )
    assert split_facts("cold", {}) == ""


def test_base_predictions_from_a_file_are_told_with_what_that_means(make_run: MakeRun) -> None:
    def edit(records: Records, _: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] == "lr":
                one["details"]["predictions"] = {
                    "file": "lr.parquet",
                    "sha256": "ab" * 32,
                    "rows": 1_000_209,
                }

    text = told(make_run(edit=edit))
    assert "(cold), but which rows lr saw is not known (read from a file)" in text
    assert (
        text.count(
            "lr was not fitted: its predictions were read from lr.parquet (1,000,209 rows, sha256 abababababab)."
        )
        == 1
    )
    assert "They have no folds: all rows read the file" in text


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"unused_rows": 0}, "sha256 abababababab)"),
        (
            {"unused_rows": 1_046},
            "sha256 abababababab; 1,046 of no support or query row were left out)",
        ),
        (
            {"unused_rows": 1_046, "rows_without_key": 203},
            "1,046 of no support or query row were left out, 203 without user, item or time)",
        ),
    ],
)
def test_scores_that_no_row_took_are_told(
    make_run: MakeRun, counts: dict[str, int], expected: str
) -> None:
    def edit(records: Records, _: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] == "lr":
                file = {"file": "lr.csv", "sha256": "ab" * 32, "rows": 19_991}
                one["details"]["predictions"] = file | counts

    assert expected in told(make_run(edit=edit))


def test_of_a_pool_of_files_alone_nobody_knows_what_it_saw(make_run: MakeRun) -> None:
    def edit(records: Records, _: dict[str, Any]) -> None:
        for one in records:
            if one["kind"] == "base_model":
                one["details"]["predictions"] = {"file": "a.csv", "sha256": "ab" * 32}

    text = told(make_run(edit=edit))
    assert (
        "setting cold, and which rows the models behind the files of predictions saw is not known"
        in text
    )
    assert "never saw" not in text


def odd(section: str, run: Run) -> list[str]:
    """Notes before the first table: what stands beside the answer."""
    blocks = list(document(build(run)))
    first = next(place for place, block in enumerate(blocks) if isinstance(block, Grid))
    return [
        block.text
        for block in blocks[:first]
        if isinstance(block, Note) and block.text.startswith(f"Warning, data {section}:")
    ]


def test_what_is_odd_about_data_stands_beside_the_answer(make_run: MakeRun) -> None:
    def edit(_: Records, manifest: dict[str, Any]) -> None:
        manifest["datasets"]["ml-1m"] |= {
            "order": "timestamp",
            "odd_times": {
                "unit": "ms",
                "before": 3,
                "after": 1,
                "earliest": 0,
                "latest": 253_402_214_400_000,
                "other_units": {"s": 2},
            },
            "largest_user": {"id": "a99f", "rows": 830, "share": 0.83, "stands_out": True},
            "largest_item": {"id": "i1", "rows": 20, "share": 0.02, "stands_out": False},
        }
        manifest["splits"]["ml-1m/cold"]["largest_user_share"] = {"train": 0.9, "test": 0.2}

    (text,) = odd("ml-1m", make_run(edit=edit))
    assert text == (
        "Warning, data ml-1m: Times in timestamp, read as milliseconds since 1970, that can't be: 3 rows before 1990 (the "
        "earliest: 0, 1970-01-01) and 1 row more than a year ahead (the latest: 253402214400000, 9999-12-31). 2 rows would "
        "be real in seconds: timestamp mixes two units, so its order is wrong; mend the file. One user, 'a99f', has 83% of "
        "all rows (830). Where it stands for ids that are missing, leave its rows out by `drop: COLUMN is 'a99f'` (COLUMN: "
        "that of users): they are no history of one. One user has 90% of the rows that base models are trained on."
    )
    assert odd("ml-1m", make_run()) == []


@pytest.mark.parametrize(
    ("identity", "fix"),
    [
        ("it's", """by `drop: COLUMN is "it's"` (COLUMN: that of items)"""),
        ("""both ' and " in it""", "of the file"),
        ("far too long " * 40, "of the file"),
    ],
)
def test_how_rows_of_an_id_are_left_out(make_run: MakeRun, identity: str, fix: str) -> None:
    def edit(_: Records, manifest: dict[str, Any]) -> None:
        manifest["datasets"]["ml-1m"]["largest_item"] = {
            "id": identity, "rows": 830, "share": 0.83, "stands_out": True,
        }  # fmt: skip

    (text,) = odd("ml-1m", make_run(edit=edit))
    assert f"leave its rows out {fix}: they are no history of one." in text


def test_calibrated_methods_are_told(make_run: MakeRun) -> None:
    def edit(records: Records, _: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] in ("gating", "average"):
                one["details"]["calibrated"] = "user"

    assert "Predictions of average and gating were calibrated by user." in told(make_run(edit=edit))
    assert "calibrated by" not in told(make_run())


def test_methods_that_see_few_rows_of_support_are_told(make_run: MakeRun) -> None:
    rows = {"metaselector": 1_000, "gating": 1, "average": 1, "user-best": 0}

    def edit(records: Records, _: dict[str, Any]) -> None:
        for one in records:
            if (method := one["trial"]["method"]) in rows:
                one["details"] |= {
                    "support_rows": rows[method],
                    "empty_support_users": 0 if rows[method] else 604,
                }

    text = told(make_run(edit=edit))
    few = "average and gating the last row; metaselector the last 1,000 rows"
    assert (
        f"see less of validation and test users' support: user-best none (predictions are unadapted); {few}."
        in text
    )
    assert "604 test users" not in text, "that is of the method, not of the split"
    assert "see less of" not in told(make_run())
