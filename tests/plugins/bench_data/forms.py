"""MovieLens tables written as Parquet, as GroupLens's archives and as a wheel's atomic files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd


class Films(NamedTuple):
    ratings: pd.DataFrame  # user_id, item_id, rating, timestamp, and for 1M order_in_user
    users: pd.DataFrame
    items: pd.DataFrame  # item_id, title, genres parted by "|"


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def write_parquet(folder: Path, films: Films) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in films._asdict().items():
        frame.to_parquet(folder / f"{name}.parquet")


def raw_100k(films: Films) -> dict[str, bytes]:
    names = sorted(
        {genre for genres in films.items.genres for genre in genres.split("|")},
        key=lambda g: (g != "unknown", g),
    )
    items = (
        [
            str(row.item_id),
            row.title,
            "01-Jan-1995",
            "",
            "http://x",
            *(str(int(g in row.genres.split("|"))) for g in names),
        ]
        for row in films.items.itertuples()
    )
    return {
        "u.data": _lines(films.ratings, ["user_id", "item_id", "rating", "timestamp"], "\t"),
        "u.user": _lines(films.users, ["user_id", "age", "gender", "occupation", "zip_code"], "|"),
        "u.item": "".join("|".join(cells) + "\n" for cells in items).encode("latin-1", "replace"),
        "u.genre": (
            "".join(f"{name}|{number}\n" for number, name in enumerate(names)) + "\n"
        ).encode(),
    }


def wheel_100k(films: Films) -> dict[str, bytes]:
    items = films.items.assign(genres=films.items.genres.str.replace("|", " "))
    return {
        "ml-100k.inter": _atomic(
            films.ratings, ["user_id:token", "item_id:token", "rating:float", "timestamp:float"]
        ),
        "ml-100k.user": _atomic(
            films.users,
            [f"{name}:token" for name in ("user_id", "age", "gender", "occupation", "zip_code")],
        ),
        "ml-100k.item": _atomic(
            items.rename(columns={"title": "movie_title", "genres": "class"}),
            ["item_id:token", "movie_title:token_seq", "class:token_seq"],
        ),
    }


def raw_1m(films: Films) -> dict[str, bytes]:
    return {
        "ratings.dat": _lines(films.ratings, ["user_id", "item_id", "rating", "timestamp"], "::"),
        "users.dat": _lines(
            films.users, ["user_id", "gender", "age", "occupation", "zip_code"], "::"
        ),
        "movies.dat": _lines(films.items, ["item_id", "title", "genres"], "::"),
    }


FORMS_100K: Mapping[str, Callable[[Films], dict[str, bytes]]] = {
    "raw": raw_100k,
    "wheel": wheel_100k,
}


def _lines(frame: pd.DataFrame, columns: list[str], sep: str) -> bytes:
    rows = frame[columns].astype(str).to_numpy().tolist()
    return "".join(sep.join(row) + "\n" for row in rows).encode("latin-1", "replace")


def _atomic(frame: pd.DataFrame, typed: list[str]) -> bytes:
    rows = frame[[name.split(":")[0] for name in typed]].astype(str).to_numpy().tolist()
    return "".join("\t".join(row) + "\n" for row in [typed, *rows]).encode()
