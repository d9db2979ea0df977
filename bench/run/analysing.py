"""The last step of a run, where the test labels are at hand: what its records say against one another, kept beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import ValidationError

from bench.data.ids import id_texts
from bench.evaluate import (
    Adaptation,
    QueryRows,
    analyse,
    analysis_from_json,
    analysis_to_json,
    best_single,
    user_table,
)
from bench.evaluate.analysis.user_table import with_ids
from bench.evaluate.inference.kept_resamples import pack
from bench.evaluate.inference.resampling import Resampled
from bench.interfaces import Metric
from bench.job.code import analysis_digest
from bench.job.outcome import of_record
from bench.records import (
    Record,
    Run,
    has_its_blobs,
    load,
    read_blob,
    write_analyses,
    write_blob,
    write_table,
)
from bench.run.planning.division import Division, Divisions
from bench.run.progress import Watcher

__all__ = ["analyse_run"]

_ANALYSED = ("method", "base_model")
_ADAPTATION = frozenset(Adaptation._fields)


def analyse_run(
    run: Run,
    divisions: Divisions,
    pool: Sequence[str],
    metrics: Mapping[str, Metric],
    primary: str,
    chosen: str | None,
    watcher: Watcher,
) -> Run:
    """Analyse each dataset under each protocol, unless that was done of these very records and ids, by this code and
    `primary` metric and against this `chosen` method (None: best-single alone), and is whole. `pool`: the suite's base
    models; where one has no record (a part of the suite was run), nothing is said of choosing among them. A job beside this
    one may record trials meanwhile: then all is analysed again, with them. Raises StorageError."""
    records: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in run.records:
        if of_record(record).ok and record["kind"] in _ANALYSED:
            records[record["trial"]["dataset"], record["trial"]["protocol"]].append(record)
    places = ["/".join(place) for place in records]
    made_of = {division.name: _made_of(division) for division in divisions.values()}
    if not records or _stands(run, places, made_of, primary, chosen):
        return run
    seeds = {(*place, record["trial"]["seed"]) for place, of in records.items() for record in of}
    if not seeds <= divisions.keys():
        watcher.say(
            "another command added trials of other seeds meanwhile: run the suite again to compare all"
        )
        return run
    if run.analysis_fault:
        watcher.say(f"{run.analysis_fault}; it is made again")

    singles, analyses, tables = best_single(run.records), {}, {}
    for place, of_place in records.items():
        name = "/".join(place)
        watcher.say(f"{name}: comparing methods user by user")
        of_seeds = {
            seed: division for (*at, seed), division in divisions.items() if tuple(at) == place
        }
        rows = _query_rows(run, of_place, of_seeds, pool)
        kinds = {record["trial"]["method"]: record["kind"] for record in of_place}
        found = analyse(rows, kinds, singles.get(place), metrics, primary, chosen)
        analyses[name] = {
            **analysis_to_json(found.analysis),
            **_kept(run, found.resampled),
            "made_of": made_of[name],
        }
        ids = id_texts(next(iter(of_seeds.values())).interactions, "user")
        tables[name] = write_table(run.folder, _user_tables(rows, ids))
    write_analyses(run.folder, run.records, analyses, tables)
    return analyse_run(load(run.folder), divisions, pool, metrics, primary, chosen, watcher)


def _made_of(division: Division) -> dict[str, str]:
    """What an analysis depends on beside the records."""
    return {"ids": division.interactions.ids_digest, "code": analysis_digest()}


def _stands(
    run: Run,
    places: Sequence[str],
    made_of: Mapping[str, Mapping[str, str]],
    primary: str,
    chosen: str | None,
) -> bool:
    """Whether there is an analysis of all places, made of that, by that metric and against that method, readable, with whole
    tables."""
    if not set(places) <= run.analyses.keys() & run.user_tables.keys():
        return False
    try:
        found = [analysis_from_json(run.analyses[place]) for place in places]
    except ValidationError:
        return False
    return all((one.primary, one.chosen) == (primary, chosen) for one in found) and all(
        run.analyses[place].get("made_of") == made_of.get(place)
        and has_its_blobs(run.folder, run.analyses[place], run.user_tables[place])
        for place in places
    )


def _kept(run: Run, resampled: Resampled | None) -> dict[str, Any]:
    """What a report needs to hold methods against another one."""
    if resampled is None:
        return {}
    facts, array = pack(resampled)
    return {"kept_resamples": facts | {"blob": write_blob(run.folder, array)}}


def _query_rows(
    run: Run, records: Sequence[Record], divisions: Mapping[int, Division], pool: Sequence[str]
) -> list[QueryRows]:
    """One for each seed that has a result."""
    by_seed: dict[int, list[Record]] = defaultdict(list)
    for record in records:
        by_seed[record["trial"]["seed"]].append(record)
    return [
        _query_rows_of_seed(run, seed, by_seed[seed], divisions[seed], pool)
        for seed in sorted(by_seed)
    ]


def _query_rows_of_seed(
    run: Run, seed: int, records: Sequence[Record], division: Division, pool: Sequence[str]
) -> QueryRows:
    """What every method made of the test query rows in one seed. Without the whole pool nothing is said of choosing."""
    blobs = {record["trial"]["method"]: record["blobs"] for record in records}
    missing = [name for name in pool if name not in blobs]
    choosing = {} if missing else blobs

    rows, truth = division.test_rows, division.interactions.true_logits()
    query = division.split.rows("test", "query")
    return QueryRows(
        **rows._asdict(),
        seed=seed,
        pool=() if missing else tuple(sorted(pool)),
        incomplete=_incomplete(run, division, seed, missing),
        logits={name: read_blob(run.folder, own["logits"]) for name, own in blobs.items()},
        weights={
            name: read_blob(run.folder, own["weights"])
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


def _incomplete(run: Run, division: Division, seed: int, missing: Sequence[str]) -> str:
    """Which base models have no result: `fm was not run, theirs failed`."""
    names = {"dataset": division.dataset, "protocol": division.protocol, "seed": seed}
    failed = {
        record["trial"]["method"]
        for record in run.records
        if names.items() <= record["trial"].items()
    }
    return ", ".join(f"{name} {'failed' if name in failed else 'was not run'}" for name in missing)


def _adaptation(run: Run, blobs: Mapping[str, str]) -> Adaptation:
    return Adaptation(*(read_blob(run.folder, blobs[name]) for name in Adaptation._fields))


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
