"""The same rows as each library reads them, in one folder: arrays, texts, and a table for this project's own reader."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from string import ascii_lowercase

import numpy as np
import pandas as pd

from bench.data.prepared.prepare import prepare
from bench_data.table import Table
from benchmarks.peers.division import Division, Part

__all__ = ["FORMATS", "PREPARED", "write_arrays", "write_formats"]

PREPARED = "prepared.json"  # where this project's own arrays are
ORDER = "place"  # column: training rows first, then test rows


def write_arrays(division: Division, folder: Path) -> None:
    """train.npz and test.npz (codes, labels), and division.json; whoever scores reads labels from here."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in _parts(division):
        np.savez(folder / f"{name}.npz", codes=part.codes, labels=part.labels)
    about = {
        "name": division.name,
        "fields": list(division.fields),
        "sizes": list(division.sizes),
        "train_rows": len(division.train),
        "test_rows": len(division.test),
    }
    (folder / "division.json").write_text(json.dumps(about), "utf-8")


def write_formats(division: Division, folder: Path, names: Iterable[str]) -> None:
    """Each of FORMATS that is named, beside the arrays."""
    for name in sorted(set(names)):
        FORMATS[name](division, folder)


def _libsvm(division: Division, folder: Path) -> None:
    starts = _starts(division)
    for name, part in _parts(division):
        _write(
            folder / f"{name}.libsvm",
            part,
            "%d " + " ".join(["%d:1"] * len(starts)),
            part.codes + starts,
        )


def _libffm(division: Division, folder: Path) -> None:
    starts = _starts(division)
    line = "%d " + " ".join(f"{field}:%d:1" for field in range(len(starts)))
    for name, part in _parts(division):
        _write(folder / f"{name}.libffm", part, line, part.codes + starts)


def _vowpal_wabbit(division: Division, folder: Path) -> None:
    """A namespace a field, named by a letter; labels -1 and 1."""
    letters = ascii_lowercase[: len(division.fields)]
    line = "%d " + " ".join(f"|{letter} %d" for letter in letters)
    for name, part in _parts(division):
        _write(folder / f"{name}.vw", Part(part.codes, _signs(part)), line, part.codes)


def _recbole(division: Division, folder: Path) -> None:
    """An atomic file a part, of the dataset `peers`."""
    home = folder / "peers"
    home.mkdir(exist_ok=True)
    for name, part in _parts(division):
        frame = pd.DataFrame(part.codes, columns=[f"{field}:token" for field in division.fields])
        frame["label:float"] = part.labels
        frame.to_csv(home / f"peers.{name}.inter", sep="\t", index=False)


def _prepared(division: Division, folder: Path) -> None:
    """As `bench run` prepares a table; off the clock."""
    codes = np.concatenate([part.codes for _, part in _parts(division)])
    frame = pd.DataFrame(codes, columns=list(division.fields))
    frame["label"] = np.concatenate([part.labels for _, part in _parts(division)])
    frame[ORDER] = np.arange(len(frame))
    frame.to_parquet(folder / "rows.parquet", index=False)
    params = Table.Params(
        path="rows.parquet",
        user=division.fields[0],
        item=division.fields[1],
        fields=division.fields,
        label="label",
        order=ORDER,
    )
    found = prepare(Table(params), data_dir=None, cache=folder / "cache", base=folder)
    (folder / PREPARED).write_text(json.dumps(str(found.folder)), "utf-8")


FORMATS: dict[str, Callable[[Division, Path], None]] = {
    "libsvm": _libsvm,
    "libffm": _libffm,
    "vowpal-wabbit": _vowpal_wabbit,
    "recbole": _recbole,
    "prepared": _prepared,
}


def _parts(division: Division) -> tuple[tuple[str, Part], ...]:
    return (("train", division.train), ("test", division.test))


def _starts(division: Division) -> np.ndarray:
    """(F,) the first entry of each field among those of all, from 1: libsvm's formats count from there."""
    return 1 + np.concatenate([[0], np.cumsum(division.sizes)[:-1]]).astype(np.int64)


def _signs(part: Part) -> np.ndarray:
    return 2 * part.labels.astype(np.int64) - 1


def _write(file: Path, part: Part, line: str, codes: np.ndarray) -> None:
    """A line a row: its label, then its codes."""
    rows = np.column_stack([part.labels, codes]).tolist()
    file.write_text("".join(f"{line % tuple(row)}\n" for row in rows), "utf-8")
