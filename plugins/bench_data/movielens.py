"""MovieLens 100K, 1M and latest-small (Harper & Konstan, ACM TiiS 2015): GroupLens's files, Parquet copies, or a wheel.

The data may be used for research; 100K and 1M may not be redistributed; see README.md beside this file."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
from pydantic import Field, field_validator

from bench import interfaces
from bench.data import parse_rule, read_delimited, read_parquet
from bench.interfaces import Column, Dataset, PluginParams, Source, Tables

__all__ = ["MovieLens1M", "MovieLens100K", "MovieLensLatestSmall"]

GROUPLENS = "https://files.grouplens.org/datasets/movielens/"
ML_100K_SHA256 = "50d2a982c66986937beb9ffb3aa76efe955bf3d5c6b761f4e3a7cd717c6a3229"
ML_1M_SHA256 = "a6898adb50b9ca05aa231689da44c217cb524e7ebd39d264c56e2832f2c54e20"
WHEEL = "pip://recbole==1.2.1"
WHEEL_SHA256 = "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407"

_PARQUET = ("ratings.parquet", "users.parquet", "items.parquet")
_RATINGS = ("user_id", "item_id", "rating", "timestamp")
_USER = ("user_id", "age", "gender", "occupation", "zip_code")
_ITEM = ("item_id", "genres")
_NO_GENRE = "(no genres listed)"  # how GroupLens marks a film without one


class MovieLensParams(PluginParams):
    label: str = Field("rating >= 4", description="which ratings are positive: `rating OP NUMBER`")

    @field_validator("label")
    @classmethod
    def _is_rule(cls, text: str) -> str:
        parse_rule(text)
        return text


class _MovieLens(Dataset):
    """Users, items, genres and what is known of users; ages are classes, not numbers, and so are occupations."""

    citation = """
        @article{harper2015movielens,
          author = {Harper, F. Maxwell and Konstan, Joseph A.},
          title = {The {MovieLens} Datasets: History and Context},
          journal = {ACM Transactions on Interactive Intelligent Systems},
          volume = {5},
          number = {4},
          pages = {19:1--19:19},
          year = {2015}
        }
    """
    Params = MovieLensParams
    params: MovieLensParams
    parquet_order: ClassVar[str]

    def read(self, source: str, files: Mapping[str, Path]) -> Tables:  # noqa: ARG002
        by_name = {Path(member).name: path for member, path in files.items()}
        if _PARQUET[0] in by_name:
            return self._tables(*self._read_parquet(by_name), order=self.parquet_order)
        return self._tables(*self._read_text(by_name), order="timestamp")

    def _read_parquet(
        self, files: Mapping[str, Path]
    ) -> tuple[pd.DataFrame, pd.DataFrame | None, pd.DataFrame]:
        ratings = read_parquet(
            files[_PARQUET[0]], ("user_id", "item_id", "rating", self.parquet_order)
        )
        users = read_parquet(files[_PARQUET[1]], _USER) if _PARQUET[1] in files else None
        return ratings, users, read_parquet(files[_PARQUET[2]], _ITEM)

    @abstractmethod
    def _read_text(
        self, files: Mapping[str, Path]
    ) -> tuple[pd.DataFrame, pd.DataFrame | None, pd.DataFrame]:
        """Ratings, users (None: nothing is known of them) and items of every other form."""

    def _tables(
        self, ratings: pd.DataFrame, users: pd.DataFrame | None, items: pd.DataFrame, *, order: str
    ) -> Tables:
        items["genres"] = items["genres"].mask(items["genres"] == _NO_GENRE, "")
        columns = {
            "user_id": Column("user", interfaces.Field("user_id", "categorical", "user")),
            "item_id": Column("item", interfaces.Field("item_id", "categorical", "item")),
            order: Column("order"),
        }
        if users is not None:
            # the region: whole codes are nearly as many as users
            users["zip"] = users["zip_code"].str.slice(0, 2)
            for name in ("gender", "age", "occupation", "zip"):
                columns[name] = Column("feature", interfaces.Field(name, "categorical", "user"))
        genres = interfaces.Field("genres", "multi_valued", "item")
        columns["genres"] = Column("feature", genres, separator="|")
        return Tables(ratings, columns, users, items, label=self.params.label)


class MovieLens100K(_MovieLens):
    """MovieLens 100K: 100,000 ratings of 1,682 films by 943 users, with genres, age, gender, occupation and region."""

    name = "movielens-100k"
    parquet_order = "timestamp"

    def sources(self) -> Sequence[Source]:
        raw = ("u.data", "u.user", "u.item", "u.genre")
        wheel = tuple(
            f"recbole/dataset_example/ml-100k/ml-100k.{kind}" for kind in ("inter", "user", "item")
        )
        return (
            Source("ml-100k", "", "", _PARQUET),
            Source("ml-100k", "", "", raw),
            Source(
                "grouplens",
                f"{GROUPLENS}ml-100k.zip",
                ML_100K_SHA256,
                tuple(f"ml-100k/{name}" for name in raw),
            ),
            Source("recbole-wheel", WHEEL, WHEEL_SHA256, wheel),
        )

    def _read_text(
        self, files: Mapping[str, Path]
    ) -> tuple[pd.DataFrame, pd.DataFrame | None, pd.DataFrame]:
        return self._read_grouplens(files) if "u.data" in files else self._read_wheel(files)

    def _read_grouplens(
        self, files: Mapping[str, Path]
    ) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """u.item has a column of 0 and 1 for each genre, in the order of u.genre."""
        genres = _plain(files["u.genre"], ("genre", "number"), "|")["genre"].tolist()
        about = ("item_id", "title", "released", "released_on_video", "url")
        items = _plain(files["u.item"], (*about, *genres), "|")
        marks = np.column_stack([items[genre].to_numpy(dtype=object) == "1" for genre in genres])
        items["genres"] = ["|".join(np.array(genres)[row]) for row in marks]
        return _plain(files["u.data"], _RATINGS, "\t"), _plain(files["u.user"], _USER, "|"), items

    def _read_wheel(
        self, files: Mapping[str, Path]
    ) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Atomic files: tabs, names with types (`user_id:token`), genres parted by spaces."""
        ratings = _atomic(files["ml-100k.inter"], _RATINGS, ("token", "token", "float", "float"))
        users = _atomic(files["ml-100k.user"], _USER, ("token",) * 5)
        items = _atomic(files["ml-100k.item"], ("item_id", "class"), ("token", "token_seq"))
        items["genres"] = items["class"].str.replace(" ", "|", regex=False)
        return ratings, users, items


class MovieLens1M(_MovieLens):
    """MovieLens 1M: 1,000,209 ratings of 3,706 films by 6,040 users, with genres, age, gender, occupation and region."""

    name = "movielens-1m"
    parquet_order = (
        "order_in_user"  # timestamps there are partly estimated, and only of ratings below 4
    )

    def sources(self) -> Sequence[Source]:
        raw = ("ratings.dat", "users.dat", "movies.dat")
        return (
            Source("ml-1m", "", "", _PARQUET),
            Source("ml-1m", "", "", raw),
            Source(
                "grouplens",
                f"{GROUPLENS}ml-1m.zip",
                ML_1M_SHA256,
                tuple(f"ml-1m/{name}" for name in raw),
            ),
        )

    def _read_text(
        self, files: Mapping[str, Path]
    ) -> tuple[pd.DataFrame, pd.DataFrame | None, pd.DataFrame]:
        users = ("user_id", "gender", "age", "occupation", "zip_code")
        return (
            _plain(files["ratings.dat"], _RATINGS, "::"),
            _plain(files["users.dat"], users, "::"),
            _plain(files["movies.dat"], ("item_id", "title", "genres"), "::"),
        )


class MovieLensLatestSmall(_MovieLens):
    """MovieLens latest-small: 100,004 ratings in half stars of 9,066 films by 671 users (edition of 2016), with genres."""

    name = "movielens-latest-small"
    parquet_order = "timestamp"
    where = (
        "it is not downloaded: GroupLens changes ml-latest-small.zip over time, so that no hash can be asked of it; "
        "unpack it yourself (https://grouplens.org/datasets/movielens/latest/)"
    )

    def sources(self) -> Sequence[Source]:
        return (
            Source("ml-latest-small", "", "", (_PARQUET[0], _PARQUET[2])),
            Source("ml-latest-small", "", "", ("ratings.csv", "movies.csv")),
        )

    def _read_text(
        self, files: Mapping[str, Path]
    ) -> tuple[pd.DataFrame, pd.DataFrame | None, pd.DataFrame]:
        ratings = read_delimited(files["ratings.csv"], ("userId", "movieId", "rating", "timestamp"))
        items = read_delimited(files["movies.csv"], ("movieId", "genres"))
        names = {"userId": "user_id", "movieId": "item_id"}
        return ratings.rename(columns=names), None, items.rename(columns=names)


def _plain(path: Path, names: Iterable[str], sep: str) -> pd.DataFrame:
    """A file of GroupLens: no header, no quoting, Latin-1."""
    names = tuple(names)
    return read_delimited(path, names, sep=sep, names=names, encoding="latin-1", quote="")


def _atomic(path: Path, names: Sequence[str], types: Sequence[str]) -> pd.DataFrame:
    typed = [f"{name}:{kind}" for name, kind in zip(names, types, strict=True)]
    return read_delimited(path, typed, sep="\t", quote="").rename(
        columns=dict(zip(typed, names, strict=True))
    )
