"""MovieLens latest-small: two forms of one table, half stars, films without a genre, and no download."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.data import Interactions, View, prepare
from bench.errors import DownloadError
from bench_data.movielens import MovieLens100K, MovieLensLatestSmall
from tests.plugins.bench_data.forms import Films, write_parquet

GENRES = ["Drama", "Action|Drama", "(no genres listed)", "Sci-Fi"]


@pytest.fixture
def small() -> Films:
    rng = np.random.default_rng(0)
    pairs = rng.permutation(6 * 8)[:30]
    ratings = pd.DataFrame({"user_id": pairs // 8 + 1, "item_id": pairs % 8 + 1})
    ratings["rating"] = rng.integers(1, 11, 30) / 2
    ratings["timestamp"] = 1_260_759_144 + rng.integers(0, 9, 30)
    titles = ['"Good, the Bad"', *(f"Film, {number} (1999)" for number in range(7))]
    return Films(
        ratings,
        pd.DataFrame(),
        pd.DataFrame({"item_id": range(1, 9), "title": titles, "genres": GENRES * 2}),
    )


def prepared(folder: Path | None, cache: Path) -> Interactions:
    return prepare(
        MovieLensLatestSmall(MovieLensLatestSmall.Params()), data_dir=folder, cache=cache
    )


def write_csv(folder: Path, films: Films) -> None:
    folder.mkdir(parents=True)
    names = {"user_id": "userId", "item_id": "movieId"}
    films.ratings.rename(columns=names).to_csv(folder / "ratings.csv", index=False)
    films.items.rename(columns=names).to_csv(folder / "movies.csv", index=False)


@pytest.mark.usefixtures("no_data_folder")
def test_both_forms_are_one_table(small, tmp_path, cache):
    write_parquet(tmp_path / "parquet/ml-latest-small", small)
    write_csv(tmp_path / "csv/ml-latest-small", small)
    found = prepared(tmp_path / "parquet", cache)
    assert prepared(tmp_path / "csv", cache).digest == found.digest
    assert [field.name for field in found.fields] == ["user_id", "item_id", "genres"]
    assert found.meta["counts"]["positives"] == int((small.ratings.rating >= 4).sum())
    assert found.meta["order"] == "timestamp"


@pytest.mark.usefixtures("no_data_folder")
def test_a_film_without_a_genre_has_an_empty_bag(small, tmp_path, cache):
    write_csv(tmp_path / "ml-latest-small", small)
    found = prepared(tmp_path, cache)
    rows = View(found, np.arange(len(found)))
    lengths = np.diff(rows.bags("genres")[0])
    expected = {
        str(item): len([g for g in genres.split("|") if "(" not in g])
        for item, genres in zip(range(1, 9), GENRES * 2, strict=True)
    }
    ids = sorted(expected)
    assert [expected[ids[code - 1]] for code in rows.codes("item_id")] == lengths.tolist()
    assert found.meta["categories"]["genres"] == 3
    assert found.meta["missing"]["genres"] == int(small.ratings.item_id.isin([3, 7]).sum())


@pytest.mark.usefixtures("no_data_folder")
def test_so_it_is_in_every_movielens(films, tmp_path, cache):
    films.items.loc[films.items.item_id % 5 == 0, "genres"] = "(no genres listed)"
    write_parquet(tmp_path / "ml-100k", films)
    found = prepare(MovieLens100K(MovieLens100K.Params()), data_dir=tmp_path, cache=cache)
    assert found.meta["missing"]["genres"] == int((films.ratings.item_id % 5 == 0).sum())


@pytest.mark.usefixtures("no_data_folder")
def test_there_is_no_download_and_the_error_says_why(tmp_path, cache):
    error = (
        r"^movielens-latest-small: no file ml-latest-small/ratings\.parquet, \S+/items\.parquet below .*ratings\.csv.*; "
        r"it is not downloaded: GroupLens changes ml-latest-small\.zip over time.*; put the files there, or give"
    )
    with pytest.raises(DownloadError, match=error):
        prepared(tmp_path, cache)


def test_the_real_table_has_its_published_counts(cache):
    data = os.environ.get("BENCH_DATA")
    if not data or not (Path(data) / "ml-latest-small").exists():
        pytest.skip("BENCH_DATA names no folder with ml-latest-small")
    counts = prepared(Path(data), cache).meta["counts"]
    assert [counts[name] for name in ("rows", "users", "items")] == [100_004, 671, 9_066]
    assert counts["items_without_rows"] == 9_125 - 9_066
