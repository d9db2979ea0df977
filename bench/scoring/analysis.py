"""One dataset under one protocol: what its methods' records say against one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bench.data.ids import id_texts
from bench.evaluate import Adaptation, QueryRows, analyse, analysis_to_json, user_table
from bench.evaluate.analysis.user_table import with_ids
from bench.evaluate.inference.kept_draws import pack_draws
from bench.evaluate.inference.kept_resamples import pack
from bench.evaluate.inference.resampling import Resampled
from bench.records import read_blob, write_blob, write_table
from bench.scoring.division import Division
from bench.scoring.metrics import Say, made_metrics
from bench.scoring.order import AnalysisOrder, SeedOrder

__all__ = ["analyse_place"]

_ADAPTATION = frozenset(Adaptation._fields)


def analyse_place(order: AnalysisOrder, say: Say) -> dict[str, Any]:
    """`analysis` as JSON, and `table`: the blob of its users. Writes blobs into the run. Raises StorageError."""
    divisions = {one.seed: Division.open(one.division) for one in order.seeds}
    rows = [_query_rows(order.run, one, divisions[one.seed]) for one in order.seeds]
    metrics = made_metrics(order.metrics, order.plugin_paths, order.dead, say)
    found = analyse(rows, order.kinds, order.best_single, metrics, order.primary, order.chosen)
    say("")
    ids = id_texts(next(iter(divisions.values())).interactions, "user")
    return {
        "analysis": analysis_to_json(found.analysis)
        | _kept(order.run, found.resampled)
        | _evidence(order.run, [one.seed for one in rows if len(one.y)], found.evidence),
        "table": write_table(order.run, _user_tables(rows, ids)),
    }


def _kept(run: Path, resampled: Resampled | None) -> dict[str, Any]:
    """What a report needs to hold methods against another one."""
    if resampled is None:
        return {}
    facts, array = pack(resampled)
    return {"kept_resamples": facts | {"blob": write_blob(run, array)}}


def _evidence(run: Path, seeds: Sequence[int], resampled: Resampled | None) -> dict[str, Any]:
    """What a gate needs to hold another run against this one."""
    if resampled is None:
        return {}
    facts, array = pack_draws(resampled, seeds)
    return {"kept_draws": facts | {"blob": write_blob(run, array)}}


def _query_rows(run: Path, order: SeedOrder, division: Division) -> QueryRows:
    """What every method made of the test query rows in one seed. Without the whole pool nothing is said of choosing."""
    choosing = {} if order.incomplete else order.blobs
    rows, truth = division.test_rows, division.interactions.true_logits()
    query = division.split.rows("test", "query")
    return QueryRows(
        **rows._asdict(),
        seed=order.seed,
        pool=order.pool,
        incomplete=order.incomplete,
        logits={name: read_blob(run, own["logits"]) for name, own in order.blobs.items()},
        weights={
            name: read_blob(run, own["weights"])
            for name, own in choosing.items()
            if "weights" in own
        },
        adaptations={
            name: _adaptation(run, own)
            for name, own in choosing.items()
            if own.keys() >= _ADAPTATION
        },
        true_logits=None if truth is None else np.asarray(truth[query]),
    )


def _adaptation(run: Path, blobs: Mapping[str, str]) -> Adaptation:
    return Adaptation(*(read_blob(run, blobs[name]) for name in Adaptation._fields))


def _user_tables(rows: Sequence[QueryRows], ids: pa.Array) -> pa.Table:
    """A row for each seed, method and test user, by the user's own id. `ids`: of each user number."""
    tables = []
    for of_seed in rows:
        for name in of_seed.logits:
            table = with_ids(user_table(of_seed, name), ids)
            length = len(table)
            table = table.add_column(0, "method", pa.array([name] * length, pa.string()))
            tables.append(
                table.add_column(0, "seed", pa.array([of_seed.seed] * length, pa.int64()))
            )
    return pa.concat_tables(tables, promote_options="default")
