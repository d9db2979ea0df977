"""Encoding: what a plain reading of the rows says, whatever the file's order or format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data import Interactions
from bench.data.encoding.encode import Encoded, encode
from bench.data.prepared import store
from bench.errors import DataError
from bench.interfaces import Column, Field, Tables
from tests.data.oracle import Raw, decoded, expected

COLUMNS = {
    "user": Column("user", Field("user", "categorical", "user")),
    "item": Column("item", Field("item", "categorical", "item")),
    "time": Column("order"),
    "category": Column("feature", Field("category", "categorical", "context")),
    "tags": Column("feature", Field("tags", "multi_valued", "item"), "|"),
    "price": Column("feature", Field("price", "numeric", "context")),
}
RAW = st.builds(
    Raw,
    user=st.sampled_from(["1", "01", "10", "2", "ü", "-3"]),
    item=st.sampled_from(["a", "b", "9223372036854775808", "NA"]),
    category=st.sampled_from(["", "x", "null", "é"]),
    tags=st.sampled_from(["", "s|t", "t|s", "s|", "s|s", "|", "ü"]),
    price=st.none() | st.sampled_from([0.0, -0.0, 0.1, 1e6]),
    rating=st.integers(1, 5),
    time=st.integers(0, 3),
)
ROWS = st.lists(RAW, min_size=2, max_size=25).filter(
    lambda rows: len({row.rating >= 4 for row in rows}) == 2
)


def tables(rows: list[Raw]) -> Tables:
    return Tables(pd.DataFrame(rows), COLUMNS, label="rating >= 4")


def as_text(rows: list[Raw]) -> Tables:
    """The same rows as a text file has them."""
    frame = pd.DataFrame(
        [["" if cell is None else str(cell) for cell in row] for row in rows],
        columns=list(Raw._fields),
    )
    return Tables(frame, COLUMNS, label="rating >= 4")


def saved(folder: Path, encoded: Encoded) -> Interactions:
    store.write(folder, encoded, {"name": "x"})
    return Interactions.open(folder)


def digest(encoded: Encoded) -> str:
    return store.content_digest(encoded.arrays, encoded.meta)


@settings(max_examples=30)
@given(ROWS)
def test_every_row_is_there_as_a_person_reads_it(tmp_path_factory, rows):
    interactions = saved(tmp_path_factory.mktemp("data") / "prepared", encode(tables(rows)))
    parts = {part for row in rows for part in row.tags.split("|") if part}
    words = {"category": sorted({row.category for row in rows}), "tags": sorted(parts)}
    assert decoded(interactions, words) == expected(rows)
    assert interactions.sizes["category"] == len(words["category"]) + 1
    assert interactions.sizes["tags"] == len(parts) + 1
    assert interactions.sizes["price"] == 2


@settings(max_examples=30)
@given(ROWS, st.randoms(use_true_random=False))
def test_neither_the_order_of_a_file_nor_its_format_matters(rows, random):
    shuffled = random.sample(rows, len(rows))
    first = encode(tables(rows))
    assert digest(encode(tables(shuffled))) == digest(first)
    assert digest(encode(as_text(shuffled))) == digest(first)
    assert encode(as_text(shuffled)).meta["counts"] == first.meta["counts"]


@settings(max_examples=15)
@given(ROWS)
def test_without_an_order_rows_lie_in_one_that_the_file_does_not_choose(rows):
    unordered = {name: column for name, column in COLUMNS.items() if column.role != "order"}
    forth, back = (
        encode(each._replace(columns=unordered)) for each in (tables(rows), tables(rows[::-1]))
    )
    assert digest(forth) == digest(back)
    assert forth.meta["order"] is None
    assert "order" not in forth.arrays


@settings(max_examples=15)
@given(ROWS)
def test_features_of_a_side_read_the_same_joined_or_in_tables_of_their_own(rows):
    category = {item: row.category for row in rows for item in (row.item,)}
    tags = {row.item: row.tags for row in rows}
    flat = [row._replace(category=category[row.item], tags=tags[row.item]) for row in rows]
    joined = tables(flat)
    columns = {**COLUMNS, "category": Column("feature", Field("category", "categorical", "item"))}
    items = pd.DataFrame(
        [{"item": item, "category": category[item], "tags": tags[item]} for item in tags]
    )
    unused = pd.DataFrame([{"item": "unrated", "category": "unseen", "tags": "unseen"}])
    apart = Tables(
        joined.interactions.drop(columns=["category", "tags"]),
        columns,
        items=pd.concat([unused, items], ignore_index=True),
        label="rating >= 4",
    )
    assert digest(encode(apart)) == digest(encode(joined._replace(columns=columns)))


def test_known_rows_give_known_arrays():
    rows = [
        Raw("u2", "i1", "x", "s", 2.5, 5, 7),
        Raw("u10", "i2", "", "t|s", None, 1, 9),
        Raw("u10", "i1", "y", "s", 1.0, 4, 3),
    ]
    encoded = encode(tables(rows))
    arrays = encoded.arrays
    assert encoded.user_ids.to_pylist() == ["u10", "u2"]
    assert arrays["user_ptr"].tolist() == [0, 2, 3]
    assert arrays["users"].tolist() == [0, 0, 1]
    assert arrays["items"].tolist() == [0, 1, 0]
    assert arrays["labels"].tolist() == [1, 0, 1]
    assert arrays["order"].tolist() == [3, 9, 7]
    assert arrays["categorical"].tolist() == [
        [1, 4, 9],
        [1, 5, 7],
        [2, 4, 8],
    ]  # fields start at 0, 3 and 6
    np.testing.assert_array_equal(
        arrays["numeric"], np.array([[1.0], [np.nan], [2.5]], dtype=np.float32)
    )
    assert encoded.meta["bags"] == [["tags", "item"]]
    assert arrays["bags-0-ptr"].tolist() == [0, 1, 3]
    assert arrays["bags-0-codes"].tolist() == [1, 1, 2]
    assert {name: (a.dtype.str, a.ndim) for name, a in arrays.items()} == {
        "identity": ("<u8", 1),
        "user_ptr": ("<i8", 1),
        "users": ("<i4", 1),
        "items": ("<i4", 1),
        "labels": ("|u1", 1),
        "order": ("<i8", 1),
        "categorical": ("<i4", 2),
        "numeric": ("<f4", 2),
        "bags-0-ptr": ("<i8", 1),
        "bags-0-codes": ("<i4", 1),
    }


def test_ties_are_broken_by_a_hash_that_stays():
    """Another order here is other splits for everybody: reference figures would no longer hold."""
    rows = [Raw("u", f"i{number}", "", "", None, 1 + 4 * (number % 2), 0) for number in range(8)]
    encoded = encode(tables(rows))
    items = encoded.item_ids.to_pylist()
    assert [items[item] for item in encoded.arrays["items"]] == [
        "i4",
        "i7",
        "i2",
        "i3",
        "i1",
        "i6",
        "i5",
        "i0",
    ]


@pytest.mark.fault(41)
def test_rows_left_out_and_repeated_are_counted():
    rows = [
        Raw("few", "a", "", "", 1.0, 5, 0),
        # two copies too many
        *[Raw("u", item, "", "", 1.0, 5, 0) for item in ("a", "a", "a", "b")],
        Raw("u", "c", "", "", 1.0, 5, 1),
        Raw("u", "c", "", "", 1.0, 1, 1),  # contradicts
        Raw("u", "b", "", "", 1.0, 5, 2),  # repeats the pair
        Raw("u", "d", "", "", 1.0, 0, 2),
        Raw("gone", "d", "", "", 1.0, 0, 2),
    ]
    encoded = encode(tables(rows)._replace(drop="rating == 0", min_rows_per_user=2))
    assert encoded.meta["counts"] == {
        "dropped_rows": 2,
        "users_before_filter": 2,
        "rows_before_filter": 8,
        "dropped_users": 1,
        "dropped_rows_of_users": 1,
        "rows": 7,
        "users": 1,
        "items": 3,
        "positives": 6,
        "exact_duplicates": 2,
        "contradictory": 1,
        "repeated_pairs": 4,
    }
    assert encoded.meta["missing"] == {"user": 0, "item": 0, "category": 7, "tags": 7, "price": 0}
    assert encoded.meta["categories"] == {"user": 1, "item": 3, "category": 0, "tags": 0}


def test_sides_without_features_are_counted_and_their_values_missing():
    rows = [Raw("u", item, "", "", None, 1 + 4 * (item == "a"), 0) for item in "ab"]
    columns = {**COLUMNS, "year": Column("feature", Field("year", "numeric", "item"))}
    items = pd.DataFrame({"item": ["a"], "year": [1999]})
    encoded = encode(tables(rows)._replace(columns=columns, items=items))
    assert encoded.meta["counts"]["items_without_features"] == 1
    assert encoded.meta["missing"]["year"] == 1
    assert sorted(encoded.arrays["numeric"][:, 1].tolist(), key=str) == [
        1999.0,
        pytest.approx(np.nan, nan_ok=True),
    ]


BASE = pd.DataFrame(
    {"user": ["u", "u", "v"], "item": ["a", "b", "a"], "time": [1, 2, 3], "rating": [1, 5, 2]}
)
IDS = {name: COLUMNS[name] for name in ("user", "item", "time")}


def encode_with(**changed: object) -> Encoded:
    """A small table with some columns changed or added as features."""
    added = {name: COLUMNS[name] for name in changed if name in ("category", "tags", "price")}
    return encode(Tables(BASE.assign(**changed), {**IDS, **added}, label="rating >= 4"))


def test_integer_ids_read_the_same_as_text_and_as_exact_floats():
    forms = (
        ["7", "7", "12"],
        [7, 7, 12],
        np.array([7.0, 7.0, 12.0]),
        pd.Categorical(["7", "7", "12"]),
    )
    assert len({digest(encode_with(user=form)) for form in forms}) == 1
    assert encode_with(user=["07", "7", "12"]).meta["counts"]["users"] == 3
    assert encode_with(user=[2**60, 2**60 + 1, -1]).user_ids.to_pylist() == [
        "-1",
        str(2**60),
        str(2**60 + 1),
    ]


def test_nanoseconds_are_exact_in_text_too():
    times = [1_700_000_000_000_000_001, 1_700_000_000_000_000_000, 5]
    assert digest(encode_with(time=times)) == digest(
        encode_with(time=[str(time) for time in times])
    )
    assert encode_with(time=times).arrays["order"].tolist() == [times[1], times[0], 5]


@pytest.mark.fault(41)
@pytest.mark.parametrize(
    ("changed", "error"),
    [
        (
            {"user": [2.0**53, 1, 2]},
            r"row 1: column 'user': 9007199254740992\.0 is stored as a float, exact only below 2\^53",
        ),
        ({"user": np.array([2.0**24, 1, 2], dtype=np.float32)}, r"row 1: .*exact only below 2\^24"),
        ({"user": [1.0, 2.5, 3.0]}, r"row 2: column 'user': 2\.5 is a fraction, not a whole id"),
        ({"user": [1.0, np.inf, 3.0]}, r"row 2: column 'user': inf is stored as a float"),
        ({"item": ["a", "", "b"]}, r"row 2: column 'item': the id is missing"),
        ({"item": ["a", "b", None]}, r"row 3: column 'item': the id is missing"),
        ({"user": ["a", 1, "b"]}, r"column 'user' mixes types"),
        (
            {"time": ["2021-01-30", "2021-01-31", "1"]},
            r"row 3: column 'time': '1' is not in ISO 8601, as other rows are; ",
        ),
        ({"time": ["1", "", "2"]}, r"row 2: column 'time': the value is missing"),
        ({"time": [1.0, np.inf, 2.0]}, r"row 2: column 'time': the value is infinite"),
        (
            {"time": np.array([1, 2**63, 2], dtype=np.uint64)},
            r"row 2: column 'time': 9223372036854775808 is past 2\^63",
        ),
        (
            {"price": ["1", "—", "$5"]},
            r"row 2: column 'price': '—' is not a number \(2 such rows\); leave the cell empty",
        ),
        ({"price": ["1", "nan", "2"]}, r"row 2: column 'price': 'nan' is not a number; "),
        ({"price": ["1", "1_000", "2"]}, r"row 2: column 'price': '1_000' is not a number; "),
        (
            {"price": [1.0, 1e39, 2.0]},
            r"row 2: column 'price': 1e\+39 is too large for a numeric field",
        ),
        ({"price": [[1], [2], [3]]}, r"column 'price' is of type list.*not a number"),
        (
            {"category": [[1], [2], [3]]},
            r"column 'category' of type list.* can't be read as categories",
        ),
        ({"category": [1.5, 2.0**54, 1.0]}, r"row 2: column 'category': .* is stored as a float"),
        (
            {"price": ["\x1b[31m" + "9" * 10_000, "1", "2"]},
            r"row 1: column 'price': '\\x1b\[31m9{34}…' is not",
        ),
    ],
)
def test_cells_that_can_not_be_read_name_their_place(changed, error):
    with pytest.raises(DataError, match=rf"^interactions: {error}"):
        encode_with(**changed)


def test_a_place_is_the_line_of_the_file_whatever_was_dropped_before():
    frame = BASE.assign(price=["1", "2", "x"]).set_axis(pd.RangeIndex(2, 5, name="line"))
    frame.attrs["file"] = "shop.csv"
    with pytest.raises(DataError, match=r"^shop\.csv:4: column 'price': 'x' is not a number"):
        encode(
            Tables(
                frame, {**IDS, "price": COLUMNS["price"]}, label="rating >= 4", drop="rating == 1"
            )
        )


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"interactions": BASE[:0]}, r"interactions: no rows"),
        (
            {"label": "raitng >= 4"},
            r"interactions: label: no column 'raitng'; did you mean 'rating'\?",
        ),
        ({"label": "rating => 4"}, r"interactions: label: 'rating => 4' is neither"),
        (
            {"drop": "hits == 0"},
            r"interactions: drop: no column 'hits'; there are 'user', 'item', 'time', 'rating'",
        ),
        ({"drop": "rating > 0"}, r"interactions: drop leaves none of 3 rows"),
        (
            {"min_rows_per_user": 3},
            r"interactions: min_rows_per_user: 3 leaves 0 of 2 users .*leaves one is 2",
        ),
        (
            {"columns": {**IDS, "ctegory": COLUMNS["category"]}},
            r"interactions: no column 'ctegory'",
        ),
        ({"columns": {"user": IDS["user"]}}, r"a dataset names one column of role 'item', not 0"),
        (
            {"columns": {**IDS, "rating": Column("user")}},
            r"a dataset names one column of role 'user', not 2",
        ),
        ({"columns": {"user": Column("user"), "item": Column("item")}}, r"interactions: no fields"),
        (
            {
                "columns": {
                    **IDS,
                    "rating": Column("feature", Field("user", "categorical", "context")),
                }
            },
            r"field 'user' is there twice, at positions 1 and 3",
        ),
        (
            {
                "columns": {
                    **IDS,
                    "rating": Column("feature", Field("rating", "multi_valued", "context")),
                }
            },
            r"field 'rating' is multi-valued but has no separator",
        ),
        ({"users": pd.DataFrame({"id": ["u"]})}, r"users: no column 'user'"),
        (
            {"users": pd.DataFrame({"user": ["u", "v", "u"]})},
            r"users: row 3: column 'user': 'u' is there twice",
        ),
        (
            {
                "users": pd.DataFrame({"user": ["u"], "rating": [1]}),
                "columns": {
                    **IDS,
                    "rating": Column("feature", Field("rating", "categorical", "user")),
                },
            },
            r"column 'rating' is in interactions and users; rename one of them",
        ),
        (
            {"interactions": pd.DataFrame([[1, 2]], columns=["user", "user"])},
            r"interactions: column 'user' is there twice",
        ),
    ],
)
def test_tables_that_do_not_fit_their_columns_are_refused(changed, error):
    with pytest.raises(DataError, match=rf"^{error}"):
        encode(Tables(BASE, IDS, label="rating >= 4")._replace(**changed))


SIDES = {
    "category": Column("feature", Field("category", "categorical", "item")),
    "tags": Column("feature", Field("tags", "multi_valued", "item"), "|"),
    "price": Column("feature", Field("price", "numeric", "user")),
}


@given(ROWS)
def test_users_and_items_with_more_than_one_value_of_a_field_of_theirs_are_counted(rows):
    frame = pd.DataFrame(rows)
    several = encode(Tables(frame, COLUMNS | SIDES, label="rating >= 4")).meta["several_values"]
    bags = frame.tags.map(lambda cell: frozenset(filter(None, cell.split("|"))))
    prices = frame.price.astype(float).fillna(-1) + 0
    expected = {
        "category": frame.category.groupby(frame.item).nunique(),
        "tags": bags.groupby(frame.item).agg(lambda own: len(set(own))),
        "price": prices.groupby(frame.user).nunique(),
    }
    counts = {name: int((values > 1).sum()) for name, values in expected.items()}
    assert several == {name: count for name, count in counts.items() if count}


def test_a_field_of_the_context_may_have_any_values():
    encoded = encode(
        Tables(
            BASE.assign(category=["x", "y", "z"]),
            {**IDS, "category": COLUMNS["category"]},
            label="rating >= 4",
        )
    )
    assert encoded.meta["several_values"] == {}
