"""A run's predictions with their keys: what each method said of each tested row, under the data's own ids;
and its table by user."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pa_compute

from bench.data.ids import id_texts
from bench.data.prepared import store
from bench.data.views.interactions import Interactions
from bench.errors import NoRunError, StorageError
from bench.job.splits import open_split
from bench.records import Record, Run, read_blob, users_table
from bench.registry import did_you_mean
from bench.run.name_lists import apart

__all__ = ["predictions_table", "users_of"]

_TOLD = ("name", "source", "order", "ids")


def predictions_table(
    run: Run, cache: Path, methods: Sequence[str] = (), *, labels: bool = False
) -> pa.Table:
    """A row for each tested row of each trial that has a result (bounds have none), in the order of the records.

    dataset, protocol, method (text), seed (int64); user, item (text, as in the data); order (as the data's order reads:
    int64 or float64; text where datasets differ in that; null where they have none); label (uint8, where asked for);
    logit (float64). `methods`: of these alone.

    The keys come from the prepared data and the splits in `cache`: StorageError where it lacks them. NoRunError for a
    method that the run does not have."""
    records = [record for record in run.records if "logits" in record["blobs"]]
    known = list(dict.fromkeys(record["trial"]["method"] for record in records))
    if not known:
        raise NoRunError(f"{run.folder}: no trial has predictions; run the suite first")
    methods = _checked_methods(run, methods, known)
    tables = [
        table
        for place, of_place in _by_place(records).items()
        for table in _of_place(run, cache, place, of_place, methods, labels)
    ]
    return pa.concat_tables(_alike(tables))


def users_of(run: Run, methods: Sequence[str] = ()) -> pa.Table:
    """The run's table by user (`bench.records.users_table`), of these methods alone where any are given. NoRunError for a
    method that it does not have; raises as `users_table` does."""
    table = users_table(run)
    wanted = _checked_methods(run, methods, table["method"].unique().to_pylist())
    return table.filter(pa_compute.is_in(table["method"], pa.array(wanted))) if wanted else table


def _checked_methods(run: Run, methods: Sequence[str], known: Sequence[str]) -> Sequence[str]:
    methods = apart(methods, {*known})
    for method in methods:
        if method not in known:
            hint = did_you_mean(method, known)
            raise NoRunError(f"{run.folder}: no predictions of a method {method!r}{hint}")
    return methods


def _by_place(records: Sequence[Record]) -> Mapping[tuple[str, str, str], list[Record]]:
    """Records by dataset and by what identifies data and split."""
    places: dict[tuple[str, str, str], list[Record]] = {}
    for record in records:
        identity = record["identity"]
        key = (record["trial"]["dataset"], identity["data"], identity["split"])
        places.setdefault(key, []).append(record)
    return places


def _of_place(
    run: Run,
    cache: Path,
    place: tuple[str, str, str],
    records: Sequence[Record],
    methods: Sequence[str],
    labels: bool,
) -> Iterator[pa.Table]:
    dataset, data, split = place
    wanted = [record for record in records if not methods or record["trial"]["method"] in methods]
    if not wanted:
        return
    interactions = _prepared(run, cache, dataset, data)
    query = _query(run, cache, interactions, split)
    keys = _keys(interactions, query, labels)
    for record in wanted:
        logits = read_blob(run.folder, record["blobs"]["logits"]).astype(np.float64)
        names = {
            name: pa.array([str(record["trial"][name])] * len(query), pa.large_string())
            for name in ("dataset", "protocol", "method")
        }
        seed = pa.array([record["trial"]["seed"]] * len(query), pa.int64())
        yield pa.table({**names, "seed": seed, **keys, "logit": pa.array(logits)})


def _prepared(run: Run, cache: Path, dataset: str, digest: str) -> Interactions:
    """The folder of the cache with the run's own data: the same content under the same ids, read from the same files."""
    told = run.manifest["datasets"].get(dataset, {})
    for file in sorted((cache / "data").glob("*/meta.json")):
        try:
            meta = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError):
            continue  # half-made, or damaged
        if meta.get("digest") == digest and _as_told(meta, told) and store.is_intact(file.parent):
            return Interactions.open(file.parent)
    raise StorageError(f"dataset {dataset!r} of {run.folder} {_NOT_THERE.format(cache=cache)}")


def _as_told(meta: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    """The digest is of the encoded content; ids' texts have one of their own. Older manifests lack that."""
    return all(meta.get(key) == told[key] for key in _TOLD if key in told)


def _query(run: Run, cache: Path, interactions: Interactions, digest: str) -> np.ndarray:
    folder = cache / "steps" / f"split-{digest[:32]}"
    if not folder.is_dir():
        raise StorageError(f"the split of {run.folder} {_NOT_THERE.format(cache=cache)}")
    return open_split(folder, interactions)[0].rows("test", "query")


def _keys(interactions: Interactions, query: np.ndarray, labels: bool) -> dict[str, pa.Array]:
    keys = {
        "user": id_texts(interactions, "user").take(pa.array(interactions.users[query])),
        "item": id_texts(interactions, "item").take(pa.array(interactions.items[query])),
        "order": pa.nulls(len(query), pa.int64())
        if interactions.order is None
        else pa.array(interactions.order[query]),
    }
    return keys | ({"label": pa.array(interactions.labels()[query])} if labels else {})


def _alike(tables: Sequence[pa.Table]) -> list[pa.Table]:
    """One type of order for all: whole numbers as floats might be others."""
    if len({table.schema.field("order").type for table in tables}) == 1:
        return list(tables)
    place = tables[0].schema.get_field_index("order")
    return [
        table.set_column(place, "order", table["order"].cast(pa.large_string())) for table in tables
    ]


_NOT_THERE = (
    "is not in the cache {cache}, which has the ids of rows; run the suite again (what is recorded is not run again), or name "
    "the cache with --cache-dir"
)
