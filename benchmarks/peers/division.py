"""Labelled rows of categorical fields, in a training and a test part: generated, or MovieLens-1M."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.data.prepared.prepare import prepare
from bench.data.views.interactions import Interactions
from bench_data.movielens import MovieLens1M

__all__ = ["Division", "Part", "generated", "movielens"]

SMALL_FIELDS = (3, 8, 22, 19, 50, 100)  # beside users and items
LATENT = 4
TEST_SHARE = 0.2


@dataclass(frozen=True)
class Part:
    """codes (n, F) int32, each from 0 within its field; labels (n,) uint8."""

    codes: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: np.ndarray) -> Part:
        return Part(self.codes[rows], self.labels[rows])


@dataclass(frozen=True)
class Division:
    """`sizes` (F,): how many values each field has; the first two fields are user and item."""

    name: str
    fields: tuple[str, ...]
    sizes: tuple[int, ...]
    train: Part
    test: Part


def generated(rows: int, entries: int, seed: int = 0) -> Division:
    """`rows` rows in all, over about `entries` values of 8 fields; labels of a planted factorization machine."""
    rng = np.random.default_rng(seed)
    rest = max(entries - sum(SMALL_FIELDS), 20)
    users = int(0.6 * rest)
    sizes = (users, rest - users, *SMALL_FIELDS)
    codes = np.stack([_draw(size, rows, rng) for size in sizes], axis=1)
    labels = rng.random(rows) < 1 / (1 + np.exp(-_planted_logits(codes, sizes, rng)))
    fields = ("user", "item", *(f"context{number}" for number in range(len(SMALL_FIELDS))))
    return _divided("generated", fields, sizes, Part(codes, labels.astype(np.uint8)), rng)


def movielens(data_dir: Path, cache: Path, rows: int | None = None, seed: int = 0) -> Division:
    """MovieLens-1M as this project reads it; a film's set of genres is one categorical value. `rows`: a sample of so many."""
    interactions = prepare(MovieLens1M(MovieLens1M.Params()), data_dir=data_dir, cache=cache)
    names = [field.name for field in interactions.fields if field.kind == "categorical"]
    names = ["user_id", "item_id", *(n for n in names if n not in ("user_id", "item_id"))]
    every = [field.name for field in interactions.fields if field.kind == "categorical"]
    starts = np.array([interactions.offsets[name] for name in names])
    columns = interactions.categorical[:, [every.index(name) for name in names]] - starts
    genres = _sets_of_genres(interactions)[interactions.items]
    codes = np.column_stack([columns, genres]).astype(np.int32)
    whole = Part(codes, interactions.labels())
    rng = np.random.default_rng(seed)
    if rows is not None and rows < len(whole):
        whole = whole.take(rng.choice(len(whole), rows, replace=False))
    sizes = (*(interactions.sizes[name] for name in names), int(genres.max()) + 1)
    return _divided("MovieLens-1M", (*names, "genres"), sizes, whole, rng)


def _draw(size: int, rows: int, rng: np.random.Generator) -> np.ndarray:
    """Of a large field few values have most rows."""
    if size > max(SMALL_FIELDS):
        return np.minimum((rng.random(rows) ** 1.5 * size).astype(np.int32), size - 1)
    return rng.integers(0, size, rows, dtype=np.int32)


def _planted_logits(
    codes: np.ndarray, sizes: tuple[int, ...], rng: np.random.Generator
) -> np.ndarray:
    """(n,)"""
    linear = np.zeros(len(codes))
    total, squares = np.zeros((len(codes), LATENT)), np.zeros(len(codes))
    for column, size in enumerate(sizes):
        vectors = rng.normal(0, 0.45, (size, LATENT))[codes[:, column]]  # (n, LATENT)
        linear += rng.normal(0, 0.45, size)[codes[:, column]]
        total += vectors
        squares += np.square(vectors).sum(axis=1)
    pairs = (np.square(total).sum(axis=1) - squares) / 2
    return np.asarray(linear + pairs - 0.8)


def _sets_of_genres(interactions: Interactions) -> np.ndarray:
    """(items,) int: which set of genres each has."""
    bags = interactions.bags["genres"]
    sets = [tuple(bags.codes[a:b]) for a, b in zip(bags.ptr[:-1], bags.ptr[1:], strict=True)]
    numbers = {genres: number for number, genres in enumerate(dict.fromkeys(sets))}
    return np.array([numbers[genres] for genres in sets])


def _divided(
    name: str,
    fields: tuple[str, ...],
    sizes: tuple[int, ...],
    whole: Part,
    rng: np.random.Generator,
) -> Division:
    order = rng.permutation(len(whole))
    tested = int(TEST_SHARE * len(whole))
    return Division(name, fields, sizes, whole.take(order[tested:]), whole.take(order[:tested]))
