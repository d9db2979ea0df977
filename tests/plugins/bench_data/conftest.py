"""A made-up MovieLens in every form that the real one comes in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.data.loopback import Site, serve
from tests.plugins.bench_data.forms import Films


@pytest.fixture
def no_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BENCH_DATA", raising=False)


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as running:
        yield running


@pytest.fixture
def films() -> Films:
    """12 users, 20 films, 150 ratings; seconds tie, one title is Latin-1 and one has a quote."""
    rng = np.random.default_rng(0)
    pairs = rng.permutation(12 * 20)[:150]
    ratings = pd.DataFrame(
        {
            "user_id": pairs // 20 + 1,
            "item_id": pairs % 20 + 1,
            "rating": rng.integers(1, 6, 150),
            "timestamp": 881_250_000 + rng.integers(0, 12, 150),
        }
    )
    ratings["order_in_user"] = ratings.groupby("user_id").cumcount()
    users = pd.DataFrame(
        {
            "user_id": np.arange(1, 13),
            "age": rng.integers(18, 60, 12),
            "gender": rng.choice(["F", "M"], 12),
            "occupation": rng.choice(["writer", "other"], 12),
            "zip_code": [f"{code:05d}" for code in rng.integers(0, 99999, 12)],
        }
    )
    genres = rng.choice(["unknown", "Action", "Action|Children's", "Children's|Film-Noir"], 20)
    titles = ['"Open', "Café (1994)", *(f"Film {number}" for number in range(18))]
    return Films(
        ratings,
        users,
        pd.DataFrame({"item_id": np.arange(1, 21), "title": titles, "genres": genres}),
    )


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"
