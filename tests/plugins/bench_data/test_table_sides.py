"""`table` with files of items and users beside the interactions: joined by key, and every mismatch named or counted."""

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

pytestmark = pytest.mark.usefixtures("no_data_folder", "either_reader")
CLICKS = "user,item,liked,time\nu1,a,1,1\nu1,b,0,2\nu2,a,0,1\nu2,c,1,2\n"
FILMS = "film,genres,price\na,x|y,1.5\nb,,\nc,z,2\nd,w,9\n"
PEOPLE = "id;land\nu2;DE\nu1;SE\n"
BASE: dict[str, Any] = {
    "path": "clicks.csv",
    "user": "user",
    "item": "item",
    "label": "liked",
    "order": "time",
    "fields": ["user", "item", "land"],
    "multi": {"genres": "|"},
    "numeric": ["price"],
    "items": {"path": "films.csv", "key": "film"},
    "users": {"path": "people.csv", "key": "id", "sep": ";"},
}


def table(**params: Any) -> Table:
    return Table(Table.Params.model_validate_json(json.dumps({**BASE, **params})))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("clicks", CLICKS), ("films", FILMS), ("people", PEOPLE)):
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def prepared(folder: Path, **params: Any) -> Interactions:
    return prepare(table(**params), data_dir=None, base=folder, cache=folder / "cache")


def joined(folder: Path) -> pd.DataFrame:
    """The three files as one table."""
    clicks, films = (pd.read_csv(folder / f"{name}.csv", dtype=str) for name in ("clicks", "films"))
    people = pd.read_csv(folder / "people.csv", sep=";", dtype=str)
    return clicks.merge(films, "left", left_on="item", right_on="film").merge(
        people, "left", left_on="user", right_on="id"
    )


def test_features_of_a_file_of_items_or_users_are_theirs(folder):
    found = prepared(folder)
    sides = {field.name: field.side for field in found.fields}
    assert sides == {
        "user": "user",
        "item": "item",
        "land": "user",
        "genres": "item",
        "price": "item",
    }
    assert found.meta["bags"] == [["genres", "item"]]
    assert found.meta["categories"] == {
        "user": 2,
        "item": 3,
        "land": 2,
        "genres": 3,
    }  # the genre of no row is none
    assert found.meta["missing"] == {"user": 0, "item": 0, "land": 0, "genres": 1, "price": 1}
    assert set(found.meta["source"]["sha256"]) == {"clicks.csv", "films.csv", "people.csv"}


def test_three_files_and_the_one_that_they_make_are_one_dataset(folder):
    joined(folder).to_csv(folder / "all.csv", index=False)
    flat = {
        "path": "all.csv",
        "items": None,
        "users": None,
        "sides": {"land": "user", "genres": "item", "price": "item"},
    }
    assert prepared(folder, **flat).digest == prepared(folder).digest
    for name, sep in (("clicks", ","), ("films", ","), ("people", ";")):
        pd.read_csv(folder / f"{name}.csv", sep=sep, dtype={"item": str, "film": str}).to_parquet(
            folder / f"{name}.parquet"
        )
    parquet = {
        "items": {"path": "films.parquet", "key": "film"},
        "users": {"path": "people.parquet", "key": "id"},
    }
    assert prepared(folder, path="clicks.parquet", **parquet).digest == prepared(folder).digest


def test_ids_without_features_and_features_without_rows_are_counted(folder):
    (folder / "films.csv").write_text("film,genres,price\na,x,1\nd,w,9\ne,,\n")
    counts = prepared(folder).meta["counts"]
    assert (counts["items_without_features"], counts["items_without_rows"]) == (2, 2)
    assert (counts["users_without_features"], counts["users_without_rows"]) == (0, 0)


def test_the_key_is_named_as_in_the_interactions_unless_said(folder):
    (folder / "films.csv").write_text(FILMS.replace("film,", "item,"))
    assert len(prepared(folder, items={"path": "films.csv"})) == 4


def test_a_file_without_a_header_and_in_another_encoding(folder):
    (folder / "films.txt").write_bytes("a::é::1\nb::x::2\nc::x::3\n".encode("latin-1"))
    films = {
        "path": "films.txt",
        "sep": "::",
        "columns": ["item", "genres", "price"],
        "encoding": "latin-1",
    }
    assert prepared(folder, items=films).meta["categories"]["genres"] == 2


def test_a_side_that_is_said_is_kept_where_it_can_be(folder):
    assert prepared(folder, sides={"genres": "item"}).meta["bags"] == [["genres", "item"]]
    with pytest.raises(
        DataError, match=r"^films\.csv: column 'genres' is of the item; sides can't say user$"
    ):
        prepared(folder, sides={"genres": "user"})


@pytest.mark.parametrize(
    ("file", "text", "error"),
    [
        (
            "films",
            FILMS + "a,x,1\n",
            r"films\.csv:6: column 'film': 'a' is there twice; one row for each item$",
        ),
        ("films", FILMS + ",x,1\n", r"films\.csv:6: column 'film': the id is missing"),
        (
            "films",
            FILMS.replace("film", "flim"),
            r"films\.csv: no column 'film'; did you mean 'flim'\?$",
        ),
        (
            "films",
            FILMS.replace("genres", "genre"),
            r"clicks\.csv, people\.csv, films\.csv: no column 'genres'; did you mean 'genre'",
        ),
        (
            "films",
            FILMS.replace("1.5", "$1"),
            r"films\.csv:2: column 'price': '\$1' is not a number",
        ),
        ("films", "film,genres,price\n", r"films\.csv: no rows$"),
        (
            "films",
            "film,genres,price\n1.0,x,1\n",
            r"films\.csv: column 'film' holds none of the 3 items of clicks\.csv; .*'1\.0' here, 'a' there",
        ),
        ("films", FILMS + "e\n", r"films\.csv:6: 1 fields where 3 are expected"),
        (
            "clicks",
            CLICKS.replace("time", "price")
            .replace("liked", "liked,time", 1)
            .replace(",1,", ",1,1,")
            .replace(",0,", ",0,1,"),
            r"column 'price' is in clicks\.csv and films\.csv; rename one of them$",
        ),
        (
            "people",
            "id;land;genres\nu1;DE;x\nu2;SE;y\n",
            r"column 'genres' is in people\.csv and films\.csv; rename one",
        ),
        (
            "people",
            PEOPLE.replace("land", "land;Land").replace("E\n", "E;\n"),
            r"people\.csv: two columns are named 'land' and 'Land'",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_file(folder, file, text, error):
    (folder / f"{file}.csv").write_text(text)
    with pytest.raises(DataError, match=rf"^{error}"):
        prepared(folder)


@pytest.mark.fault(39)
@pytest.mark.parametrize("path", ["../films.csv", "/etc/hostname", "link.csv"])
def test_paths_of_side_files_obey_the_same_rule(tmp_path, folder, path):
    inner = tmp_path / "suite"
    inner.mkdir()
    for name in ("clicks", "people"):
        (folder / f"{name}.csv").rename(inner / f"{name}.csv")
    (inner / "link.csv").symlink_to(folder / "films.csv")
    with pytest.raises(DataError, match=rf"^{path}: leads out of"):
        prepared(inner, items={"path": path, "key": "film"})


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"items": {"key": "film"}}, "path"),
        ({"items": {"path": "f.parquet", "sep": ";"}}, "a Parquet file has its own"),
        ({"items": {"path": "f.csv", "kye": "film"}}, "Extra inputs are not permitted"),
        ({"items": {"path": "clicks.csv"}}, "the file 'clicks.csv' is named twice"),
        ({"split": {"users": "role"}}, "part"),
        ({"split": {"users": "role", "part": "role"}}, "can't hold roles and parts at once"),
        (
            {"split": {"users": "land", "part": "part"}},
            "column 'land' can't be a feature, an id or the order too",
        ),
        ({"split": {"users": "time", "part": "part"}}, "column 'time' can't be a feature"),
    ],
)
def test_settings_that_can_not_be(params, error):
    with pytest.raises(ValidationError, match=error):
        table(**params)


def test_a_division_that_the_data_give(folder):
    head, *rows = CLICKS.splitlines()
    given = ["train,query", "train,support", "test,support", "test,query"]
    lines = [f"{row},{extra}" for row, extra in zip(rows, given, strict=True)]
    (folder / "clicks.csv").write_text("\n".join([f"{head},role,part", *lines]) + "\n")
    found = prepared(folder, split={"users": "role", "part": "part"})
    assert found.given_role.tolist() == [0, 2]
    assert found.given_part.tolist() == [0, 1, 0, 1]
    assert found.order.tolist() == [2, 1, 1, 2]
    (folder / "clicks.csv").write_text(
        "\n".join([f"{head},role,part", *lines]).replace("test,query", "valid,query")
    )
    with pytest.raises(
        DataError,
        match=r"^clicks\.csv:5: column 'role': user 'u2' is 'valid' here and 'test' at clicks\.csv:4",
    ):
        prepared(folder, split={"users": "role", "part": "part"})
