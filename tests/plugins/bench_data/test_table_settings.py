"""Settings of `table`: checked before a file is opened, and followed when it is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

from bench.data import Interactions, prepare
from bench.errors import DataError
from bench_data.table import Table

pytestmark = pytest.mark.usefixtures("no_data_folder")
BASE = {
    "path": "x.csv",
    "user": "user",
    "item": "item",
    "fields": ["user", "item"],
    "label": "rating >= 4",
}
ROWS = pd.DataFrame(
    {
        "user": ["u1", "u1", "u2", "u2", "u2"],
        "item": ["a", "b", "a", "c", "b"],
        "rating": [5, 1, 4, 2, 0],
        "time": [3, 1, 2, 5, 4],
        "genres": ["x|y", "", "y|x", "z", ""],
        "price": [1.5, None, 2.0, 0.25, None],
        "place": ["café", "NA", "", "None", "007"],
    }
)
FULL = {
    "fields": ["user", "item", "place"],
    "multi": {"genres": "|"},
    "numeric": ["price"],
    "sides": {"genres": "item", "place": "user"},
    "drop": "rating == 0",
    "order": "time",
}


def table(**params: Any) -> Table:
    """As a suite makes it: through JSON."""
    return Table(Table.Params.model_validate_json(json.dumps({**BASE, **params})))


def prepared(folder: Path, **params: Any) -> Interactions:
    return prepare(table(**params), data_dir=None, base=folder, cache=folder / "cache")


def write_lines(
    path: Path, *, sep: str = ",", encoding: str = "utf-8", header: bool = True
) -> None:
    rows = [list(ROWS.columns)] if header else []
    rows += [
        ["" if pd.isna(cell) else str(cell) for cell in row]
        for row in ROWS.to_numpy(dtype=object).tolist()
    ]
    path.write_bytes("".join(sep.join(row) + "\n" for row in rows).encode(encoding))


def test_every_format_gives_one_digest(tmp_path):
    write_lines(tmp_path / "x.csv")
    write_lines(tmp_path / "x.dat", sep="::", encoding="latin-1", header=False)
    write_lines(tmp_path / "x.tsv", sep="\t", encoding="utf-16")
    ROWS.sample(frac=1, random_state=0).to_parquet(tmp_path / "x.parquet", index=False)
    forms = (
        {},
        {"path": "x.dat", "sep": "::", "encoding": "latin-1", "columns": list(ROWS.columns)},
        {"path": "x.tsv", "sep": "\t", "encoding": "utf-16"},
        {"path": "x.parquet"},
    )
    tables = [prepared(tmp_path, **FULL, **form) for form in forms]
    assert len({each.digest for each in tables}) == 1
    assert len({each.folder for each in tables}) == 4


def test_fields_kinds_and_sides(tmp_path):
    write_lines(tmp_path / "x.csv")
    interactions = prepared(tmp_path, **FULL)
    assert [tuple(vars(field).values()) for field in interactions.fields] == [
        ("user", "categorical", "user"),
        ("item", "categorical", "item"),
        ("place", "categorical", "user"),
        ("genres", "multi_valued", "item"),
        ("price", "numeric", "context"),
    ]
    assert interactions.meta["counts"]["dropped_rows"] == 1
    assert interactions.meta["categories"] == {"user": 2, "item": 3, "place": 3, "genres": 3}
    assert interactions.meta["missing"] == {
        "user": 0,
        "item": 0,
        "place": 1,
        "genres": 1,
        "price": 1,
    }
    assert interactions.meta["bags"] == [["genres", "item"]]
    assert interactions.labels().tolist() == [0, 1, 1, 0]


def test_a_bag_on_which_rows_of_an_item_disagree_is_kept_by_row(tmp_path):
    write_lines(tmp_path / "x.csv")
    kept = prepared(tmp_path, **{**FULL, "sides": {"genres": "user"}, "drop": ""})
    assert kept.meta["bags"] == [["genres", "row"]]
    assert len(kept.bags["genres"].ptr) == len(kept) + 1


def test_ids_are_no_features_unless_named(tmp_path):
    write_lines(tmp_path / "x.csv")
    plain = prepared(tmp_path, fields=["place"])
    assert plain.user_field is None
    assert [field.name for field in plain.fields] == ["place"]
    assert plain.meta["order"] is None


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"fields": []}, "no features: name columns under fields, multi or numeric"),
        ({"numeric": ["user"]}, "column 'user' is named twice among fields, multi and numeric"),
        (
            {"fields": ["user", "rating"]},
            "column 'rating' is the label; as a feature it would give the answer away",
        ),
        ({"sides": {"plce": "item"}}, "sides: 'plce' is not a feature; these are user, item"),
        ({"sides": {"user": "item"}}, "sides: column 'user' holds user ids, so its side is user"),
        ({"sides": {"user": "film"}}, "Input should be 'user', 'item' or 'context'"),
        ({"item": "user"}, "column 'user' can't be user and item at once"),
        ({"fields": ["item"], "multi": {"user": "|"}}, "column 'user' holds user ids"),
        ({"multi": {"genres": ""}}, "the separator of 'genres' is empty"),
        ({"order": "item"}, "column 'item' holds ids; it can't be the order too"),
        (
            {"order": "rating"},
            "column 'rating' is the label; as the order it would put a user's likes last",
        ),
        ({"label": "rating => 4"}, "'rating => 4' is neither COLUMN nor COLUMN OP NUMBER"),
        ({"drop": "rating"}, "'rating' is none of COLUMN OP NUMBER"),
        ({"encoding": "utf-9"}, "unknown encoding 'utf-9'"),
        ({"encoding": "rot13"}, "unknown encoding 'rot13'"),
        ({"sep": '"'}, "a separator can't hold a quote or a line break"),
        ({"sep": ""}, "at least 1 character"),
        ({"min_rows_per_user": 0}, "greater than or equal to 1"),
        ({"path": "x.parquet", "sep": ";"}, "a Parquet file has its own"),
        ({"cols": ["a"]}, "Extra inputs are not permitted"),
        ({"numeric": "price"}, "valid (tuple|array)"),
    ],
)
def test_settings_that_can_not_be_are_refused_before_a_file_is_opened(params, error):
    with pytest.raises(ValidationError, match=error):
        table(**params)


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"label": "raitng >= 4"}, r"^x\.csv: no column 'raitng'; did you mean 'rating'\?$"),
        (
            {"numeric": ["place"]},
            r"^x\.csv:2: column 'place': 'café' is not a number \(3 such rows\)",
        ),
        (
            {"min_rows_per_user": 9},
            r"^x\.csv: min_rows_per_user: 9 leaves 0 of 2 users \(0 of 5 rows\); .* is 3 "
            r"\(the protocol may need more users\)$",
        ),
        ({"sep": ";"}, r"^x\.csv: no column 'rating'; .*; is `sep` right\?$"),
        ({"columns": ["user", "item", "rating"]}, r"^x\.csv:1: 7 fields where 3 are expected"),
        ({"encoding": "ascii"}, r"^x\.csv:2: byte \d+ \(0xc3\) is not ascii; set `encoding`"),
        (
            {"path": "y.csv"},
            r"^table: no file y\.csv below \S+; put the files there, or give their folder as --data-dir",
        ),
    ],
)
def test_files_that_do_not_fit_are_refused_with_their_place(tmp_path, params, error):
    (tmp_path / "suite").mkdir()
    write_lines(tmp_path / "suite/x.csv")
    with pytest.raises(DataError, match=error):
        prepared(tmp_path / "suite", **params)
