"""The last step of a run, where the test labels are at hand: what its records say against one another, kept beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from bench.evaluate import Adaptation, QueryRows, analyse, analysis_to_json, best_single, user_table
from bench.records import Record, Run, load, read_blob, write_analyses, write_table
from bench.run.plan import Division
from bench.run.progress import Watcher

__all__ = ["analyse_run"]

Divisions = Mapping[tuple[str, str, int], Division]  # by dataset, protocol and trial seed
_ANALYSED = ("method", "base_model")
_ADAPTATION = frozenset(Adaptation._fields)


def analyse_run(run: Run, divisions: Divisions, pool: Sequence[str], watcher: Watcher) -> Run:
    """Analyse each dataset under each protocol, unless that was done of these very records. `pool`: the suite's base models;
    where one has no record (a part of the suite was run), nothing is said of choosing among them. Raises StorageError."""
    records: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in run.records:
        if record["status"] == "ok" and record["kind"] in _ANALYSED:
            records[record["trial"]["dataset"], record["trial"]["protocol"]].append(record)
    if run.analyses or not records:
        return run

    singles, analyses, tables = best_single(run.records), {}, {}
    for place, of_place in records.items():
        name = "/".join(place)
        watcher.say(f"{name}: comparing methods user by user")
        of_seeds = {seed: division for (*at, seed), division in divisions.items() if tuple(at) == place}
        rows = _query_rows(run, of_place, of_seeds, pool)
        kinds = {record["trial"]["method"]: record["kind"] for record in of_place}
        analyses[name] = analysis_to_json(analyse(rows, kinds, singles.get(place)))
        tables[name] = write_table(run.folder, _user_tables(rows))
    write_analyses(run.folder, run.records, analyses, tables)
    return load(run.folder)


def _query_rows(
    run: Run, records: Sequence[Record], divisions: Mapping[int, Division], pool: Sequence[str]
) -> list[QueryRows]:
    """One for each seed that has a result."""
    by_seed: dict[int, list[Record]] = defaultdict(list)
    for record in records:
        by_seed[record["trial"]["seed"]].append(record)
    return [_of_seed(run, seed, by_seed[seed], divisions[seed], pool) for seed in sorted(by_seed)]


def _of_seed(run: Run, seed: int, records: Sequence[Record], division: Division, pool: Sequence[str]) -> QueryRows:
    split, interactions = division.split, division.interactions
    query, labels, truth = split.rows("test", "query"), interactions.labels(), interactions.true_logits()
    lengths = np.diff(split.pointer("test", "query"))
    support_ptr = split.pointer("test", "support")
    history = np.diff(support_ptr)
    positives = np.concatenate([[0], np.cumsum(labels[split.rows("test", "support")], dtype=np.int64)])
    positives = positives[support_ptr[1:]] - positives[support_ptr[:-1]]
    rates = np.divide(positives, history, out=np.full(len(history), np.nan), where=history > 0)
    seen = np.bincount(interactions.items[division.star_rows], minlength=int(interactions.items.max()) + 1)
    blobs = {record["trial"]["method"]: record["blobs"] for record in records}
    complete = set(pool) <= blobs.keys()
    return QueryRows(
        seed=seed,
        y=np.asarray(labels[query]),
        users=np.asarray(interactions.users[query]),
        items=np.asarray(interactions.items[query]),
        history=np.repeat(history, lengths),
        support_rate=np.repeat(rates, lengths),
        popularity=np.asarray(seen[interactions.items[query]]),
        pool=tuple(sorted(pool)) if complete else (),
        incomplete="" if complete else _incomplete(run, division, seed, [name for name in pool if name not in blobs]),
        logits={name: read_blob(run.folder, own["logits"]) for name, own in blobs.items()},
        weights={n: read_blob(run.folder, own["weights"]) for n, own in blobs.items() if complete and "weights" in own},
        adaptations={n: _adaptation(run, own) for n, own in blobs.items() if complete and own.keys() >= _ADAPTATION},
        true_logits=None if truth is None else np.asarray(truth[query]),
    )


def _incomplete(run: Run, division: Division, seed: int, missing: Sequence[str]) -> str:
    """Which base models have no result: `fm was not run, theirs failed`."""
    names = {"dataset": division.dataset, "protocol": division.protocol, "seed": seed}
    failed = {r["trial"]["method"] for r in run.records if r["trial"] == {**names, "method": r["trial"]["method"]}}
    return ", ".join(f"{name} {'failed' if name in failed else 'was not run'}" for name in missing)


def _adaptation(run: Run, blobs: Mapping[str, str]) -> Adaptation:
    return Adaptation(*(read_blob(run.folder, blobs[name]) for name in Adaptation._fields))


def _user_tables(rows: Sequence[QueryRows]) -> pa.Table:
    """A row for each seed, method and test user."""
    tables = []
    for of_seed in rows:
        for name in of_seed.logits:
            table = user_table(of_seed, name)
            length = len(table)
            table = table.add_column(0, "method", pa.array([name] * length, pa.string()))
            tables.append(table.add_column(0, "seed", pa.array([of_seed.seed] * length, pa.int64())))
    return pa.concat_tables(tables, promote_options="default")
