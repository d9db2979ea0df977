"""What the page of a thousand trials takes: `python -m benchmarks.page_size RUN`, of a run's methods, seeds and data sets
copied under other names. Each case is a process of its own: wall, CPU time, peak memory, and the file's size."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

from bench.records import (
    Run,
    digest,
    load,
    read_table,
    write_analyses,
    write_manifest,
    write_record,
    write_table,
)
from bench.report.words.figures import counted


class Case(NamedTuple):
    datasets: int
    methods: int
    seeds: int


CASES = (Case(10, 20, 5), Case(1, 100, 10))


def main() -> None:
    run = load(sys.argv[1])
    print("| case | trials | wall s | CPU s | peak MB | size MB |")
    print("|---|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(CASES):
            target = Path(folder, str(number))
            trials = _write(run, case, target)
            name = (
                f"{counted(case.datasets, 'data set')}, {case.methods} methods, {case.seeds} seeds"
            )
            for what in ("page", "terminal"):
                told = subprocess.run(
                    [sys.executable, "-m", __spec__.name, f"--{what}", str(target)],
                    capture_output=True, text=True, check=True,
                )  # fmt: skip
                found = json.loads(told.stdout)
                size = f"{found['bytes'] / 1e6:.2f}" if what == "page" else ""
                print(
                    f"| {what}: {name} | {trials} | {found['wall']:.2f} | {found['cpu']:.2f} "
                    f"| {found['peak']:.0f} | {size} |"
                )


def measured(what: str, folder: Path) -> dict[str, float]:
    """In this process, imports among it."""
    began, size = time.perf_counter(), 0
    from bench.report import build, print_blocks, summary, to_html

    run = load(folder)
    if what == "--page":
        size = len(to_html(build(run), run).encode())
    else:
        import io

        from rich.console import Console

        print_blocks(summary(build(run)), Console(file=io.StringIO(), width=80))
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "wall": time.perf_counter() - began,
        "cpu": used.ru_utime + used.ru_stime,
        "peak": used.ru_maxrss / 1024,
        "bytes": size,
    }


def _write(run: Run, case: Case, folder: Path) -> int:
    """A run of that size, made of the first data set; the number of its trials."""
    place, analysis = next(iter(run.analyses.items()))
    dataset, protocol = place.split("/")
    records = [one for one in run.records if _of(one["trial"], dataset, protocol)]
    copied = _copied(records, case.methods)
    made = [
        _renamed(one, dataset=f"{dataset}-{number}", method=method, seed=seed)
        for number in range(case.datasets)
        for seed in range(case.seeds)
        for method, source in copied.items()
        for one in _at_seed(records, source, seed)
    ]
    names = [f"{dataset}-{number}" for number in range(case.datasets)]
    places = [f"{name}/{protocol}" for name in names]
    facts = run.manifest["datasets"][dataset]
    manifest = _manifest(run, made) | {
        "seeds": list(range(case.seeds)),
        "datasets": {name: facts | {"digest": digest(name)} for name in names},
        "splits": dict.fromkeys(places, run.manifest["splits"][place]),
    }
    for one in made:
        write_record(folder, one)
    write_manifest(folder, manifest)
    table = write_table(folder, _users(run, run.user_tables[place], copied, case.seeds))
    write_analyses(
        folder,
        load(folder).records,
        dict.fromkeys(places, _analysis(analysis, copied, case.seeds)),
        dict.fromkeys(places, table),
    )
    return len(made)


def _of(trial: Any, dataset: str, protocol: str) -> bool:
    return (trial["dataset"], trial["protocol"]) == (dataset, protocol)


def _copied(records: Sequence[Any], count: int) -> dict[str, str]:
    """So many names, each with that of what it is a copy of: itself, or in turn one that is neither base model nor bound."""
    kinds = {one["trial"]["method"]: one["kind"] for one in records}
    methods = [name for name, kind in kinds.items() if kind == "method"]
    more = range(count - len(kinds))
    return {name: name for name in kinds} | {
        f"{methods[number % len(methods)]}-{number}": methods[number % len(methods)]
        for number in more
    }


def _at_seed(records: Sequence[Any], method: str, seed: int) -> Sequence[Any]:
    """The method's record of that seed, or in turn of another."""
    found = [one for one in records if one["trial"]["method"] == method]
    return [found[seed % len(found)]]


def _renamed(record: Any, **names: str | int) -> dict[str, Any]:
    trial = {**record["trial"], **names}
    kept = {key: value for key, value in record.items() if key != "digest"}
    return {**kept, "trial": trial, "id": digest(trial)[:32]}


def _manifest(run: Run, records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    lines = [
        {**record["trial"], "kind": record["kind"], "id": record["id"], "record": record["id"],
         "status": "ok", "asked": True}
        for record in records
    ]  # fmt: skip
    kept = {key: value for key, value in run.manifest.items() if key != "digest"}
    return {**kept, "trials": lines}


def _analysis(analysis: dict[str, Any], copied: Mapping[str, str], seeds: int) -> dict[str, Any]:
    """With what it says of each method said of its copies too."""
    by_name = {one["name"]: one for one in analysis["methods"]}
    methods = [
        by_name[source] | {"name": name} for name, source in copied.items() if source in by_name
    ]
    segments = [
        one
        | {key: _for_copies(one[key], copied) for key in ("logloss", "auc", "against_best_single")}
        for one in analysis["segments"]
    ]
    return analysis | {"methods": methods, "segments": segments, "seeds": list(range(seeds))}


def _for_copies(told: Mapping[str, Any], copied: Mapping[str, str]) -> dict[str, Any]:
    return {name: told[source] for name, source in copied.items() if source in told}


def _users(run: Run, blob: str, copied: Mapping[str, str], seeds: int) -> pa.Table:
    """The table by user, with the rows of copies."""
    found = read_table(run.folder, blob).to_pandas()
    known = sorted(found["seed"].unique())
    of = dict(list(found.groupby(["method", "seed"])))
    parts = [
        of[key].assign(method=name, seed=seed)
        for seed in range(seeds)
        for name, source in copied.items()
        if (key := (source, known[seed % len(known)])) in of
    ]
    return pa.Table.from_pandas(pd.concat(parts), read_table(run.folder, blob).schema)


if __name__ == "__main__":
    if sys.argv[1] in ("--page", "--terminal"):
        print(json.dumps(measured(sys.argv[1], Path(sys.argv[2]))))
    else:
        main()
