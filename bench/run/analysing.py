"""The last step of a run, where the test labels are at hand: what its records say against one another, kept beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from pydantic import ValidationError

from bench.evaluate import analysis_from_json, best_single
from bench.job.code import analysis_digest
from bench.job.outcome import of_record
from bench.records import Record, Run, has_its_blobs, load, write_analyses
from bench.run.progress import Watcher
from bench.run.recording import Scorer
from bench.scoring.asking import computed
from bench.scoring.division import Division, Divisions
from bench.scoring.order import AnalysisOrder, SeedOrder

__all__ = ["analyse_run"]

_ANALYSED = ("method", "base_model")


def analyse_run(
    run: Run,
    divisions: Divisions,
    pool: Sequence[str],
    scorer: Scorer,
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
        kinds = {record["trial"]["method"]: record["kind"] for record in of_place}
        order = AnalysisOrder(
            run=run.folder.absolute(),
            seeds=tuple(_of_seeds(run, of_place, of_seeds, pool)),
            kinds=kinds,
            best_single=singles.get(place),
            primary=primary,
            chosen=chosen,
            metrics=scorer.metrics,
            plugin_paths=scorer.plugin_paths,
        )
        found = computed(order, scorer.threads, scorer.limits)
        analyses[name] = {**found["analysis"], "made_of": made_of[name]}
        tables[name] = found["table"]
    write_analyses(run.folder, run.records, analyses, tables)
    analysed = load(run.folder)
    if analysed.records == run.records:
        return analysed
    return analyse_run(analysed, divisions, pool, scorer, primary, chosen, watcher)


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


def _of_seeds(
    run: Run, records: Sequence[Record], divisions: Mapping[int, Division], pool: Sequence[str]
) -> Iterator[SeedOrder]:
    """One for each seed that has a result. Without the whole pool nothing is said of choosing."""
    by_seed: dict[int, dict[str, dict[str, str]]] = defaultdict(dict)
    for record in records:
        trial = record["trial"]
        by_seed[trial["seed"]][trial["method"]] = record["blobs"]
    for seed, blobs in sorted(by_seed.items()):
        missing = [name for name in pool if name not in blobs]
        yield SeedOrder(
            seed=seed,
            division=divisions[seed].order,
            blobs=blobs,
            pool=() if missing else tuple(sorted(pool)),
            incomplete=_incomplete(run, divisions[seed], seed, missing),
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
