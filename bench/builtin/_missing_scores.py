"""What is said of support and query rows that a file of predictions has no score for."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.data.tables.raw import RawTable
from bench.data.tables.text import as_ids
from bench.data.views.interactions import Interactions
from bench.data.views.rows import View
from bench.errors import DataError

__all__ = ["KeyColumns", "ids_of", "missing_scores"]

Owner = Literal["user", "item"]
_ZEROS = r"^0+(\d)"


class KeyColumns(NamedTuple):
    """Columns of the file that say which row a score is of; `order` "" where user and item do."""

    user: str
    item: str
    order: str

    def named(self) -> tuple[str, ...]:
        return tuple(filter(None, self))


def missing_scores(
    table: RawTable, columns: KeyColumns, rows: View, missing: np.ndarray, without_key: int
) -> DataError:
    """`missing` (n,) bool of the n rows that are asked for; `without_key`: rows of the file that were left out."""
    users = len(np.unique(rows.users[missing]))
    first = int(rows.index[np.flatnonzero(missing)[0]])
    example = _described(rows.interactions, first, columns)
    hint = _other_form(table, columns, rows.interactions, without_key) if missing.all() else ""
    return DataError(
        f"no score for {missing.sum():,} of {len(rows):,} support and query rows, of {users:,} user{'s' if users > 1 else ''} "
        f"(the first: {example}){hint}; every method needs every row: score them too, or leave the model out",
        file=table.file,
    )


def ids_of(interactions: Interactions, owner: Owner) -> pa.Array:
    """The dataset's own ids, as text, by number."""
    ids = pq.read_table(interactions.folder / f"{owner}_ids.parquet").column(0)
    return ids.combine_chunks().cast(pa.large_string())


def _other_form(
    table: RawTable, columns: KeyColumns, interactions: Interactions, without_key: int
) -> str:
    """Where no key is the dataset's, the file's own are of another form: one is shown, and the ids that none is."""
    if not len(table):
        return "; the file has no rows" + (
            f" but {without_key:,} whose key is empty" if without_key else ""
        )
    told = ", ".join(f"{column} {table.column(column)[0].as_py()!r}" for column in columns.named())
    owners: tuple[tuple[Owner, str], ...] = (("user", columns.user), ("item", columns.item))
    strangers = "".join(
        _strangers(owner, as_ids(table, column).words, ids_of(interactions, owner))
        for owner, column in owners
    )
    return f"; the first row of the file has {told}{strangers}"


def _strangers(owner: Owner, theirs: pa.Array, ours: pa.Array) -> str:
    """What is wrong where no id of the file is the table's: leading zeros that one of the two has lost, if that is it."""
    if pc.any(pc.is_in(theirs, ours)).as_py():
        return ""
    told = f"; no {owner} of the file is in the table"
    bare, bare_theirs = (pc.replace_substring_regex(ids, _ZEROS, r"\1") for ids in (ours, theirs))
    place = pc.index_in(bare_theirs, value_set=bare)
    alike = np.flatnonzero(pc.is_valid(place).to_numpy(zero_copy_only=False))
    if not len(alike):
        return told
    row = int(alike[0])
    their, our = theirs[row].as_py(), ours[place[row].as_py()].as_py()
    return f"{told}: {their!r} may be {our!r} there (write ids as text, with their zeros)"


def _described(interactions: Interactions, row: int, columns: KeyColumns) -> str:
    user, item = (
        ids_of(interactions, "user")[int(interactions.users[row])].as_py(),
        ids_of(interactions, "item")[int(interactions.items[row])].as_py(),
    )
    told = [f"{columns.user} {user!r}", f"{columns.item} {item!r}"]
    if columns.order and interactions.order is not None:
        told.append(f"{columns.order} {_time(interactions, interactions.order[row])}")
    return ", ".join(told)


def _time(interactions: Interactions, value: np.generic) -> str:
    """As the table has it: in ISO 8601 where its column holds dates and times, else the number."""
    unit = interactions.meta.get("order_unit")
    if not unit:
        return str(value)
    nanoseconds = int(value) if unit == "ns" else round(float(value) * 1e6) * 1000
    seconds, rest = divmod(nanoseconds, 10**9)
    text = str(np.datetime64(seconds, "s"))
    return text + (f".{rest:09d}".rstrip("0") if rest else "")
