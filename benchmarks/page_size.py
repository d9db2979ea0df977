"""What the page of many trials takes: `python -m benchmarks.page_size RUN`, of a run's records copied under other names until
there are a thousand. Each case is a process of its own: wall, CPU time, peak memory, and the file's size."""

from __future__ import annotations

import copy
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.records import Run, digest, load, write_analyses, write_manifest, write_record

TRIALS = 1000


def main() -> None:
    run = load(sys.argv[1])
    place = next(iter(run.analyses))
    seeds = len(run.manifest["seeds"])
    methods = len({record["trial"]["method"] for record in run.records if _of(record, place)})
    print("| case | trials | wall s | CPU s | peak MB | size MB |")
    print("|---|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        copies = -(-TRIALS // (methods * seeds))
        cases = {
            f"{copies} data sets, {methods} methods, {seeds} seeds": _many_datasets(
                run, place, copies
            ),
            f"one data set, {copies * methods} methods, {seeds} seeds": _many_methods(
                run, place, copies
            ),
        }
        for number, (case, made) in enumerate(cases.items()):
            target = Path(folder, str(number))
            _write(made, target)
            for what in ("page", "terminal"):
                told = subprocess.run(
                    [sys.executable, "-m", __spec__.name, f"--{what}", str(target)],
                    capture_output=True, text=True, check=True,
                )  # fmt: skip
                found = json.loads(told.stdout)
                size = f"{found['bytes'] / 1e6:.2f}" if what == "page" else ""
                print(
                    f"| {what}: {case} | {len(made.records)} | {found['wall']:.2f} | {found['cpu']:.2f} "
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


def _of(record: Any, place: str) -> bool:
    return f"{record['trial']['dataset']}/{record['trial']['protocol']}" == place


def _many_datasets(run: Run, place: str, copies: int) -> Run:
    dataset, protocol = place.split("/")
    records = [record for record in run.records if _of(record, place)]
    made = [
        _renamed(record, dataset=f"{dataset}-{copy}")
        for copy in range(copies)
        for record in records
    ]
    names = [f"{dataset}-{copy}" for copy in range(copies)]
    manifest = _manifest(run, made) | {
        "datasets": {
            name: run.manifest["datasets"][dataset] | {"digest": digest(name)} for name in names
        },
        "splits": {f"{name}/{protocol}": run.manifest["splits"][place] for name in names},
    }
    analyses = {f"{name}/{protocol}": run.analyses[place] for name in names}
    tables = {f"{name}/{protocol}": run.user_tables[place] for name in names}
    return Run(run.folder, manifest, tuple(made), (), analyses, tables)


def _many_methods(run: Run, place: str, copies: int) -> Run:
    records = [record for record in run.records if _of(record, place)]
    made = [
        _renamed(record, method=record["trial"]["method"] + (f"-{copy}" if copy else ""))
        for copy in range(copies)
        for record in records
        if copy == 0 or record["kind"] == "method"
    ]
    analysis = copy.deepcopy(run.analyses[place])
    more = list(_copied_methods(analysis, copies))
    analysis["methods"] = [*analysis["methods"], *more]
    return Run(
        run.folder, _manifest(run, made), tuple(made), (), {place: analysis},
        {place: run.user_tables[place]},
    )  # fmt: skip


def _copied_methods(analysis: dict[str, Any], copies: int) -> Iterator[dict[str, Any]]:
    for number in range(1, copies):
        for method in analysis["methods"]:
            if method["kind"] == "method":
                yield {**method, "name": f"{method['name']}-{number}"}


def _renamed(record: Any, **names: str) -> dict[str, Any]:
    trial = {**record["trial"], **names}
    return {**record, "trial": trial, "id": digest(trial)[:32]}


def _manifest(run: Run, records: list[dict[str, Any]]) -> dict[str, Any]:
    lines = [
        {**record["trial"], "kind": record["kind"], "id": record["id"], "record": record["id"],
         "status": "ok", "asked": True}
        for record in records
    ]  # fmt: skip
    return {**run.manifest, "trials": lines}


def _write(run: Run, folder: Path) -> None:
    for record in run.records:
        write_record(folder, {key: value for key, value in record.items() if key != "digest"})
    write_manifest(folder, {key: value for key, value in run.manifest.items() if key != "digest"})
    (folder / "blobs").mkdir()
    for table in set(run.user_tables.values()):
        blob = f"blobs/{table}.parquet"
        (folder / blob).write_bytes((run.folder / blob).read_bytes())
    write_analyses(folder, load(folder).records, run.analyses, run.user_tables)


if __name__ == "__main__":
    if sys.argv[1] in ("--page", "--terminal"):
        print(json.dumps(measured(sys.argv[1], Path(sys.argv[2]))))
    else:
        main()
