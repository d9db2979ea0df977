"""What data say beside labels and features: a division, true logits, how they were made; and which rows are copies."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench.data import Interactions
from bench.data.encoding.encode import Encoded, encode
from bench.data.prepared import store
from bench.errors import DataError
from bench.interfaces import Column, Field, Tables

COLUMNS = {
    "user": Column("user", Field("user", "categorical", "user")),
    "item": Column("item", Field("item", "categorical", "item")),
    "time": Column("order"),
}
ROWS = pd.DataFrame(
    [
        ("b", "x", 5, 9, "test", "support", 0.5),
        ("b", "y", 1, 1, "test", "query", -1.5),
        ("a", "x", 1, 4, "train", "query", 0.0),
        ("a", "y", 5, 3, "train", "support", 2.0),
        ("a", "z", 5, 7, "train", "support", 1.0),
        ("c", "z", 1, 1, "valid", "query", -0.0),
    ],
    columns=["user", "item", "rating", "time", "role", "part", "logit"],
)


def tables(rows: pd.DataFrame = ROWS, **settings: Any) -> Tables:
    return Tables(rows, COLUMNS, label="rating >= 4", **settings)


def saved(folder: Any, encoded: Encoded, *, with_labels: bool = True) -> Interactions:
    store.write(folder / "prepared", encoded, {"name": "x"})
    return Interactions.open(folder / "prepared", with_labels=with_labels)


def digest(encoded: Encoded) -> str:
    return store.content_digest(encoded.arrays, encoded.meta)


SPLIT = {"split_users": "role", "split_part": "part"}


def test_support_lies_before_query_and_each_is_in_order(tmp_path):
    found = saved(tmp_path, encode(tables(**SPLIT)))
    assert found.given_role.tolist() == [0, 2, 1]  # users a, b, c
    assert found.given_role.dtype == found.given_part.dtype == np.uint8
    assert found.given_part.tolist() == [0, 0, 1, 0, 1, 1]
    assert found.order.tolist() == [3, 7, 4, 9, 1, 1]
    assert found.meta["split"] == ["role", "part"]
    assert store.is_intact(found.folder)


def test_without_them_there_is_nothing_and_the_digest_is_what_it_was(tmp_path):
    plain = encode(tables())
    found = saved(tmp_path, plain)
    assert found.given_role is None
    assert found.given_part is None
    assert found.true_logits() is None
    assert found.meta["truth"] == {}
    assert digest(encode(tables(ROWS[["user", "item", "rating", "time"]]))) == digest(plain)
    assert digest(plain) == "207c2ea063928a1ccc87e6e107da445b6a1822d7b85c204de95ebabdb5f3cdf7"


def test_the_digest_covers_what_is_given():
    forms = [
        {},
        SPLIT,
        {"true_logit": "logit"},
        {**SPLIT, "true_logit": "logit"},
        {"truth": {"seed": 1}},
    ]
    assert len({digest(encode(tables(**form))) for form in forms}) == len(forms)
    changed = ROWS.assign(logit=ROWS.logit.where(ROWS.user != "c", 1e-9))
    assert digest(encode(tables(changed, true_logit="logit"))) != digest(
        encode(tables(true_logit="logit"))
    )


def test_neither_a_files_order_nor_its_format_matters():
    # copies that differ in the logit
    rows = pd.concat([ROWS, ROWS.assign(logit=ROWS.logit + 1), ROWS], ignore_index=True)
    settings = {**SPLIT, "true_logit": "logit"}
    first = digest(encode(tables(rows, **settings)))
    shuffled = rows.sample(frac=1, random_state=0)
    assert digest(encode(tables(shuffled, **settings))) == first
    assert digest(encode(tables(shuffled.astype(str), **settings))) == first


def test_true_logits_are_for_the_harness_alone(tmp_path):
    encoded = encode(tables(true_logit="logit", truth={"seed": 3, "shape": (1, 2)}))
    found = saved(tmp_path, encoded)
    assert found.true_logits().tolist() == [2.0, 0.0, 1.0, -1.5, 0.5, 0.0]
    assert found.true_logits().dtype == np.float64
    assert found.meta["truth"] == {"seed": 3, "shape": [1, 2]}
    with pytest.raises(PermissionError, match="not for workers"):
        Interactions.open(found.folder, with_labels=False).true_logits()
    assert [field.name for field in found.fields] == ["user", "item"]


@pytest.mark.parametrize("file", ["given-role", "given-part", "true-logit", "identity"])
def test_each_of_their_files_is_checked(tmp_path, file):
    found = saved(tmp_path, encode(tables(**SPLIT, true_logit="logit")))
    path = found.folder / f"{file}.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert not store.is_intact(found.folder)


def changed(column: str, row: int, value: object) -> pd.DataFrame:
    rows = ROWS.astype({column: object})
    rows.loc[row, column] = value
    return rows


@pytest.mark.parametrize(
    ("rows", "settings", "error"),
    [
        (
            changed("role", 1, "Test"),
            SPLIT,
            r"interactions: row 2: column 'role': 'Test' is none of train, valid, test; ",
        ),
        (changed("role", 5, "dev"), SPLIT, r"interactions: row 6: column 'role': 'dev' is none of"),
        (
            changed("role", 5, None),
            SPLIT,
            r"interactions: row 6: column 'role': the value is missing; write one of train",
        ),
        (
            changed("part", 0, "support "),
            SPLIT,
            r"interactions: row 1: column 'part': 'support ' is none of support, query",
        ),
        (
            changed("role", 4, "valid"),
            SPLIT,
            r"interactions: row 5: column 'role': user 'a' is 'valid' here and 'train' at interactions: row 3; give a user",
        ),
        (
            ROWS,
            {"split_users": "role"},
            r"interactions: split names a column of users and none of part; name both or neither",
        ),
        (
            ROWS,
            {"split_part": "part"},
            r"interactions: split names a column of part and none of users; name both",
        ),
        (
            ROWS,
            {**SPLIT, "split_part": "prat"},
            r"interactions: split: no column 'prat'; did you mean 'part'\?",
        ),
        (
            ROWS,
            {**SPLIT, "split_part": "time"},
            r"interactions: split: column 'time' can't be a feature, an id or the order",
        ),
        (
            ROWS,
            {"true_logit": "item"},
            r"interactions: true_logit: column 'item' can't be a feature",
        ),
        (
            changed("logit", 2, np.inf).astype({"logit": float}),
            {"true_logit": "logit"},
            r"interactions: row 3: .*infinite",
        ),
        (
            changed("logit", 2, np.nan).astype({"logit": float}),
            {"true_logit": "logit"},
            r"interactions: row 3: .*missing",
        ),
        (
            ROWS,
            {"true_logit": "role"},
            r"interactions: row 1: column 'role': 'test' is not a number",
        ),
        (ROWS, {"truth": {"auc": float("nan")}}, r"truth: is no JSON"),
    ],
)
def test_what_can_not_be_is_refused_with_its_place(rows, settings, error):
    with pytest.raises(DataError, match=rf"^{error}"):
        encode(tables(rows, **settings))


def test_rows_are_identical_exactly_where_they_are_copies(tmp_path):
    rng = np.random.default_rng(0)
    grid = list(itertools.product("ab", "xy", (1, 5), (1, 2), (0.5, None), ("s|t", "t|s|", "")))
    rows = pd.DataFrame(
        [grid[n] for n in rng.integers(0, len(grid), 120)],
        columns=["user", "item", "rating", "time", "price", "tags"],
    )
    columns = {
        **COLUMNS,
        "price": Column("feature", Field("price", "numeric", "context")),
        "tags": Column("feature", Field("tags", "multi_valued", "context"), "|"),
    }
    found = saved(tmp_path, encode(Tables(rows, columns, label="rating >= 4")))
    plain = [
        (u, i, r, t, str(p), frozenset(filter(None, g.split("|"))))
        for u, i, r, t, p, g in rows.itertuples(index=False)
    ]
    expected = sorted(Counter(plain).values())
    assert sorted(np.unique(found.identity, return_counts=True)[1].tolist()) == expected
    assert found.meta["counts"]["exact_duplicates"] == sum(count - 1 for count in expected)
    assert found.identity.dtype == np.uint64


def test_copies_on_both_sides_of_a_given_cut_are_still_copies(tmp_path):
    rows = pd.concat(
        [ROWS, ROWS.assign(part="support"), ROWS.assign(part="query", rating=6 - ROWS.rating)],
        ignore_index=True,
    )
    found = saved(tmp_path, encode(tables(rows, **SPLIT)))
    assert found.meta["counts"]["exact_duplicates"] == 6
    assert found.meta["counts"]["contradictory"] == 6
    assert sorted(np.unique(found.identity, return_counts=True)[1].tolist()) == [1] * 6 + [2] * 6


def test_what_a_filter_left_of_how_many_is_kept():
    encoded = encode(tables(min_rows_per_user=2))
    counts = encoded.meta["counts"]
    assert (counts["users_before_filter"], counts["rows_before_filter"]) == (3, 6)
    assert (counts["users"], counts["rows"]) == (2, 5)
    assert encoded.meta["min_rows_per_user"] == 2
    assert encoded.meta["most_rows_of_users"] == [3, 2, 1]
