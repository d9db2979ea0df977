"""This project beside other libraries, on one processor: an epoch of each model, AUC by seconds, and the machine's limit.

    python -m benchmarks.peers [--out docs] [--only NAME ...] [--rows N] [--repeats N] [--home FOLDER] [--limits]

Installs each library into an environment of its own, from the package index that pip is set to (set PIP_EXTRA_INDEX_URL to
torch's for CPUs first: see the README). Writes performance.md, its results and its figures. About 25 minutes on two cores."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench.cache_folder import cache_dir
from benchmarks.one_thread import one_thread
from benchmarks.peers.cases import CURVES, EPOCHS, FEW
from benchmarks.peers.division import Division, Part, generated, movielens
from benchmarks.peers.drivers.common import read_division
from benchmarks.peers.formats import write_arrays, write_formats
from benchmarks.peers.libraries import LIBRARIES, OURS
from benchmarks.peers.limits import cost, factors, least_seconds, touched
from benchmarks.peers.machine import describe, speeds
from benchmarks.peers.measuring import Place, installed, run_curves, run_epochs, say
from benchmarks.peers.page import PAGE, check_page, write_page
from benchmarks.peers.results import keep, kept

Versions = dict[str, dict[str, str]]

VALUES = 10_000  # of the generated data's fields


def main(arguments: Sequence[str] | None = None) -> None:
    asked = _parser().parse_args(arguments)
    one_thread()
    page, home = asked.out / PAGE.name, asked.home or cache_dir(None) / "peers"
    check_page(page)
    if asked.limits:
        _limits_again(page)
        return
    names = [OURS, *(name for name in asked.only or LIBRARIES if name != OURS)]
    with tempfile.TemporaryDirectory(prefix="peers-") as scratch:
        place = installed(names, home, Path(scratch))
        ran = _epochs_and_limits(asked, place, page) | _curves(asked, place, page)
    keep(page, "libraries", {"versions": ran, "failed": place.failed})
    write_page(page)
    say(f"{page} is written")


def _epochs_and_limits(asked: argparse.Namespace, place: Place, page: Path) -> Versions:
    machine = describe()
    made = generated(asked.rows, VALUES)
    folders = {
        share: _written(division, place, f"epochs-{share}")
        for share, division in ((1, made), (FEW, _first(made, FEW)))
    }
    common, rows = {"machine": machine, "data": read_division(folders[1])}, []
    for row in run_epochs(EPOCHS, folders, place, asked.repeats):
        rows.append(row)
        # as they come, so that what ends a run takes none of them
        keep(page, "epochs", {**common, "repeats": asked.repeats, "rows": rows})
    keep(page, "limits", {**common, **_limits(made, rows)})
    return _versions([run | row for row in rows for run in row["runs"]])


def _limits_again(page: Path) -> None:
    """Of the epochs that are kept: what this machine can do is measured alone."""
    epochs = kept(page, "epochs")
    if epochs is None:
        raise SystemExit(f"{page}: no epochs are kept beside it; run without --limits")
    rows = sum(epochs["data"][part] for part in ("train_rows", "test_rows"))
    common = {"machine": describe(), "data": epochs["data"]}
    keep(page, "limits", {**common, **_limits(generated(rows, VALUES), epochs["rows"])})
    write_page(page)


def _curves(asked: argparse.Namespace, place: Place, page: Path) -> Versions:
    machine = describe()
    folder = _written(_real_data(asked), place, "curves")
    common, lines = {"machine": machine, "data": read_division(folder)}, []
    for line in run_curves(CURVES, folder, place):
        lines.append(line)
        keep(page, "curves", {**common, "lines": lines})
    return _versions(lines)


def _versions(done: Sequence[Mapping[str, Any]]) -> Versions:
    """Of what ran, by library."""
    return {one["library"]: one["versions"] for one in done if "versions" in one}


def _real_data(asked: argparse.Namespace) -> Division:
    """MovieLens-1M where the environment's BENCH_DATA has it, else generated rows."""
    data = Path(os.environ.get("BENCH_DATA", "nowhere"))
    if (data / "ml-1m").is_dir():
        return movielens(data, cache_dir(None), asked.curve_rows)
    say("no ml-1m below BENCH_DATA: AUC by seconds is of generated rows")
    return generated(asked.curve_rows or asked.rows, VALUES)


def _written(division: Division, place: Place, name: str) -> Path:
    """A folder of the rows as all who run read them."""
    folder = place.scratch / name
    write_arrays(division, folder)
    wanted = [name for library in place.pythons for name in LIBRARIES[library].formats]
    write_formats(division, folder, wanted)
    return folder


def _first(division: Division, share: int) -> Division:
    """The first of so many equal parts."""
    train, test = (
        Part(part.codes[: len(part) // share], part.labels[: len(part) // share])
        for part in (division.train, division.test)
    )
    return Division(division.name, division.fields, division.sizes, train, test)


def _limits(division: Division, results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A row an epoch of this project's; seconds and bytes are those of one training row."""
    fields = len(division.fields)
    found, rows = speeds({1, *(factors(one.model, fields) for one in EPOCHS)} - {0}), []
    for epoch in EPOCHS:
        looked_up = touched(division.train.codes, division.sizes, epoch.batch)
        row = cost(epoch.model, fields, epoch.batch, looked_up)
        told = {"model": epoch.model.name, "batch": epoch.batch, **row._asdict()}
        least = least_seconds(row, found)
        rows.append({**told, "least_s": least, "measured_s": _measured(told, results)})
    return {"speeds": found, "rows": rows}


def _measured(row: Mapping[str, Any], results: Sequence[Mapping[str, Any]]) -> float | None:
    """CPU seconds of a training row, here."""
    for result in results:
        place = (result["library"], result["model"], result["batch"])
        if place == (OURS, row["model"], row["batch"]):
            if any("failed" in run for run in result["runs"]):
                return None
            seconds = median(run["points"][-1]["cpu_s"] for run in result["runs"])
            return float(seconds / result["rows"])
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--out", type=Path, default=PAGE.parent, help="folder of the page")
    others = [name for name in LIBRARIES if name != OURS]
    parser.add_argument(
        "--only", nargs="+", choices=others, help="these libraries beside this project"
    )
    parser.add_argument(
        "--limits", action="store_true", help="measure the machine alone, for epochs kept before"
    )
    parser.add_argument("--rows", type=_many, default=500_000, help="generated rows")
    parser.add_argument("--curve-rows", type=_many, help="of MovieLens; all if left out")
    parser.add_argument("--repeats", type=_some, default=3, help="rounds of an epoch")
    parser.add_argument("--home", type=Path, help="folder of the libraries' environments")
    return parser


def _many(text: str) -> int:
    if (rows := int(text)) < 20_000:
        raise argparse.ArgumentTypeError(f"{rows} rows are too few to time; at least 20000")
    return rows


def _some(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{number} rounds; at least 1")
    return number


if __name__ == "__main__":
    main()
