"""Users and items by the names that they have in the data: text, as in the file."""

from __future__ import annotations

from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from bench.data.views.interactions import Interactions

__all__ = ["id_texts"]


def id_texts(interactions: Interactions, owner: Literal["user", "item"]) -> pa.Array:
    """(U,) or (I,) large_string: the id of each user or item, by its number."""
    column = pq.read_table(interactions.folder / f"{owner}_ids.parquet").column(0)
    return column.combine_chunks().cast(pa.large_string())
