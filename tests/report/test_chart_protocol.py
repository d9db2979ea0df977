"""The picture of a protocol: bars count rows, and marks say whose labels are read, as the documented table does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.splits.split import Split
from bench.report.charts.protocol import protocol
from bench.report.charts.who_reads import Slot, slots
from bench.report.content.model import BaseModelFacts, PredictionsFile, Section
from bench.report.draw.inline import inline_svg
from tests.data import rows_oracle
from tests.data.rows_oracle import name_of, splits, trained_by_hand
from tests.report.svg_marks import drawing
from tests.report.test_names import NAMES
from tests.run.test_split_facts import data, facts_of, has_query

LETTERS = {"training": "T", "validation": "V", "test": "E"}
COLD = {
    "use": "user-holdout",
    "setting": "cold",
    "in_blocks": False,
    "users": {"train": 660, "valid": 94, "test": 189},
    "rows": {
        "train": {"support": 56_734, "query": 14_183},
        "valid": {"support": 7_211, "query": 1_802},
        "test": {"support": 16_055, "query": 4_015},
    },
}
BLOCKS = {**COLD, "use": "leave-last", "setting": "warm", "in_blocks": True}


def section(facts: Mapping[str, Any], **changes: Any) -> Section:
    told: dict[str, Any] = {
        "dataset": "shop",
        "protocol": "cold",
        "dataset_facts": {},
        "split_facts": facts,
        "rows": (),
        "base_models": (BaseModelFacts("fm", None, {}),),
        "base_predictions": {"out-of-sample": ("gating",)},
        "users_without_support": (),
        "gauc_users": None,
        "warnings": {},
        "trials": 1,
        "ok": 1,
    }
    return Section(**{**told, **changes})


def source_of(split: Split, asked: str) -> str:
    return "out-of-sample" if asked == "holdout" and split.in_blocks else asked


@settings(max_examples=150, deadline=None)
@given(splits().filter(has_query), st.sampled_from(["out-of-sample", "holdout", "in-sample"]))
def test_who_is_fitted_on_a_slot_is_fitted_on_its_rows_and_who_is_not_on_none(
    split: Split, asked: str
) -> None:
    source = source_of(split, asked)
    found = {slot.name: slot for slot in slots(facts_of(split, data(split), source), [source])}
    rows = list(rows_oracle.slots(split, source))
    for word, letter in LETTERS.items():
        for part in ("support", "query"):
            slot = found[f"{word} users' {part}"]
            inside = [row for row, who, what in rows if (who, what) == (letter, part)]
            fitted = [trained_by_hand(row, name_of(split), source, "star", 5, 0) for row in inside]
            assert slot.rows == len(inside)
            if part == "query":
                assert slot.users == len({row.user for row in inside})
            assert not (slot.readers.get("fit") == "all" and not all(fitted))
            assert not ("fit" not in slot.readers and any(fitted))
            in_part = slot.readers.get("fit") == "part"
            assert in_part == (split.in_blocks and (word, part) == ("test", "support"))


@settings(max_examples=50, deadline=None)
@given(splits("cold").filter(has_query))
def test_in_a_cold_holdout_the_users_of_base_models_stand_apart(split: Split) -> None:
    first = slots(facts_of(split, data(split), "holdout"), ["holdout"])[0]
    apart = [row for row in rows_oracle.described(split, "holdout") if row.role == "B"]
    assert (first.users, first.rows) == (len({row.user for row in apart}), len(apart))
    assert first.readers == {"fit": "all"}


def readers(facts: Mapping[str, Any], *sources: str) -> dict[str, str | None]:
    return {slot.name: slot.readers.get("fit") for slot in slots(facts, sources)}


WARM = {**COLD, "setting": "warm"}
HELD = {
    **COLD,
    "users": {"base_models": 330, **COLD["users"], "train": 330},
    "rows": {"base_models": 35_000, **COLD["rows"]},
}


@pytest.mark.parametrize(
    ("facts", "sources", "train_query"),
    [
        (WARM, ("out-of-sample", "in-sample"), "all"),
        (WARM, ("holdout",), None),
        (WARM, ("holdout", "out-of-sample"), "part"),
        (WARM, (), "part"),
        (COLD, (), "all"),
        (COLD, ("out-of-sample", "holdout"), "part"),
        (HELD, ("holdout",), None),
        (HELD, ("holdout", "in-sample"), "part"),
    ],
)
def test_training_users_query_is_for_base_models_but_where_a_holdout_leaves_it_out(
    facts: Mapping[str, Any], sources: tuple[str, ...], train_query: str | None
) -> None:
    assert readers(facts, *sources)["training users' query"] == train_query


def test_methods_of_another_source_learn_from_the_users_of_base_models_too() -> None:
    (apart, *_) = slots(HELD, ["holdout", "in-sample"])
    assert apart.readers == {"fit": "all", "learn": "part"}


@pytest.mark.parametrize(
    "facts", [COLD, WARM, BLOCKS, HELD], ids=["cold", "warm", "blocks", "held"]
)
def test_what_is_drawn_is_what_the_slots_say(facts: Mapping[str, Any]) -> None:
    found = slots(facts, ["out-of-sample"])
    chart = protocol(section(facts))
    drawn = drawing(chart)
    for number, slot in enumerate(found):
        assert drawn.name(f"rows-{number}-0").split("\n")[0] == slot.name
    assert f"{COLD['rows']['test']['query']:,}" in drawn.texts
    assert marks(drawn.ids) == expected(found)
    for key in marks(drawn.ids):
        reader, how = key.split("-")[:2]
        head = drawn.column(key).split("\n")[0]
        assert head == HEADS[reader]
        names = [slot.name for slot in found if slot.readers.get(reader) == how]
        place = names[int(key.split("-")[2])]
        assert drawn.name(key).split("\n")[0] == place
        assert (drawn.fill(key) == "#ffffff") == (how == "part")


HEADS = {
    "fit": "base models",
    "learn": "methods",
    "choose": "epochs, settings",
    "adapt": "methods adapt",
    "score": "metrics",
}


def marks(ids: set[str]) -> set[str]:
    return {one for one in ids if one.split("-")[0] in HEADS}


def expected(found: list[Slot]) -> set[str]:
    of = Counter(f"{reader}-{how}" for slot in found for reader, how in slot.readers.items())
    return {f"{key}-{place}" for key, count in of.items() for place in range(count)}


def test_bars_are_as_long_as_rows_are_many() -> None:
    drawn = drawing(protocol(section(COLD)))
    longest = drawn.width("rows-0-0") / 56_734
    rows = [56_734, 14_183, 7_211, 1_802, 16_055, 4_015]
    for place, count in enumerate(rows):
        assert drawn.width(f"rows-{place}-0") == pytest.approx(longest * count, rel=1e-3)


def test_only_the_metrics_read_what_is_tested() -> None:
    for facts in (COLD, WARM, BLOCKS, HELD):
        assert slots(facts, ["in-sample"])[-1].readers == {"score": "all"}
        alt = protocol(section(facts)).alt
        assert (
            "4,015 query rows of 189 test users, whose labels no base model or method is fitted to"
            in alt
        )


def test_what_files_and_unknown_settings_saw_is_not_claimed() -> None:
    files = (PredictionsFile("fm", "fm.csv", "0" * 64, 9, 0, 0),)
    for found in (section(COLD, from_files=files), section({**COLD, "setting": "tepid"})):
        assert "whose labels no method is fitted to" in protocol(found).alt


def test_a_protocol_of_a_plugin_is_drawn_by_what_the_harness_makes_of_it() -> None:
    chart = protocol(section({**COLD, "use": "shop.weeks"}))
    assert "protocol shop.weeks (cold)" in chart.title
    assert not chart.nothing


def test_of_a_setting_that_nobody_knows_who_fits_base_models_is_left_out() -> None:
    chart = protocol(section({**COLD, "setting": "tepid"}))
    assert "not known of this setting" in chart.note
    assert not [one for one in drawing(chart).ids if one.startswith("fit-")]


def test_base_models_that_were_read_from_files_are_fitted_elsewhere() -> None:
    files = (PredictionsFile("fm", "fm.csv", "0" * 64, 9, 0, 0),)
    alone = protocol(section(COLD, from_files=files))
    assert "Which rows fm saw is not known" in alone.note
    assert "Base models are fitted" not in alone.alt
    models = (BaseModelFacts("fm", None, {}), BaseModelFacts("lr", None, {}))
    beside = protocol(section(COLD, from_files=files, base_models=models))
    assert "Which rows fm saw is not known" in beside.note
    assert "Base models are fitted" in beside.alt


def test_the_note_says_which_methods_learn_from_which_predictions_and_from_how_many_tasks() -> None:
    chart = protocol(
        section(
            COLD,
            base_predictions={"out-of-sample": ("gating",), "holdout": ("metaselector",)},
            training_users={"out-of-sample": (660,), "holdout": (330,)},
        )
    )
    assert "left the rows out (out-of-sample: gating)" in chart.note
    assert "(holdout: metaselector, tasks of 330 training users)" in chart.note


def test_seeds_that_divide_anew_are_said_to() -> None:
    assert "Each seed divides anew" in protocol(section({**COLD, "by_seed": True})).note


OLDER = {"train": {"support": 1, "train_query": 2, "query": 0}, "valid": {}, "test": {}}


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"users": 3},
        {**COLD, "rows": OLDER},
        {**COLD, "rows": {}},
        {**COLD, "users": {"train": "x"}},
    ],
)
def test_facts_that_do_not_say_how_rows_divide_are_not_drawn(facts: Mapping[str, Any]) -> None:
    chart = protocol(section(facts))
    assert chart.nothing.startswith("The manifest")


@pytest.mark.parametrize("name", list(NAMES.values())[::4])
def test_names_are_text_and_nothing_else(name: str) -> None:
    files = (PredictionsFile(name, name, "0" * 64, 9, 0, 0),)
    facts = {**COLD, "use": name, "setting": name, "time": {name: name}}
    chart = protocol(
        section(facts, protocol=name, from_files=files, base_predictions={name: (name,)})
    )
    svg = inline_svg(chart, "s1")
    assert "<img" not in svg
    assert "<script" not in svg
    assert len(svg) < 25_000
