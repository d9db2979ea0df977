"""What preparing a table costs as its rows grow: processor time and the most memory, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from benchmarks.peers.machine import describe

__all__ = ["measure"]

ROWS = (2_000_000, 10_000_000, 50_000_000)
PART = 1_000_000  # rows that are made at a time
# Two ids, a user's feature, an item's feature with few values, a numeric column a tenth empty, a label and seconds.
FIELDS = ("user_id", "item_id", "region", "age")
PREPARE = """
import json, sys, time
from pathlib import Path
from bench.data.prepared.prepare import prepare
from bench_data.table import Table

file, fields = Path(sys.argv[1]), tuple(sys.argv[2].split(","))
params = {"path": file.name, "fields": fields, "numeric": ("price",), "label": "rating >= 4", "order": "time"}
start = time.process_time()
prepare(Table(Table.Params(**params)), data_dir=None, cache=file.parent / "cache", base=file.parent)
cpu_s = time.process_time() - start
status = Path("/proc/self/status").read_text()
peak_mb = int(status.partition("VmHWM:")[2].split()[0]) / 1024
print(json.dumps({"cpu_s": cpu_s, "peak_mb": peak_mb}))
"""


def measure(rounds: int, quick: bool) -> dict[str, Any]:  # noqa: ARG001 - once each: they are long
    sizes = (100_000,) if quick else ROWS
    return {
        "text": [
            f"Tables of {', '.join(FIELDS)}, price (a tenth empty), rating and time, users in any order; once each, imports "
            "apart. Peak memory is of the whole process, 200 MB of imports among it."
        ],
        "head": ["file", "rows", "CPU s", "thousand rows a CPU second", "peak memory, MB"],
        "rows": [row for rows in sizes for row in _of_size(rows)],
        "machine": describe(),
    }


def _of_size(rows: int) -> list[list[str]]:
    return [_of_file(kind, rows) for kind in ("csv", "parquet")]


def _of_file(kind: str, rows: int) -> list[str]:
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"rows.{kind}"
        _write(file, rows)
        command = [sys.executable, "-c", PREPARE, str(file), ",".join(FIELDS)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    speed = rows / found["cpu_s"] / 1e3
    return [kind, f"{rows:,}", f"{found['cpu_s']:.1f}", f"{speed:,.0f}", f"{found['peak_mb']:,.0f}"]


def _write(file: Path, rows: int) -> None:
    """A part at a time: the table itself need not fit into memory."""
    generator = np.random.default_rng(0)
    parts = [min(PART, rows - start) for start in range(0, rows, PART)]
    first = _part(generator, parts[0], rows)
    writer = (
        csv.CSVWriter(file, first.schema)
        if file.suffix == ".csv"
        else pq.ParquetWriter(file, first.schema)
    )
    with writer:
        writer.write_table(first)
        for part in parts[1:]:
            writer.write_table(_part(generator, part, rows))


def _part(generator: np.random.Generator, rows: int, all_rows: int) -> pa.Table:
    user = generator.integers(0, all_rows // 100, rows)
    item = (generator.random(rows) ** 2 * 20_000).astype(np.int64)
    price = np.round(generator.random(rows) * 100, 2)
    columns = {
        "user_id": user,
        "item_id": item,
        "region": user % 97,
        "age": item % 7,
        "price": pa.array(price, mask=generator.random(rows) < 0.1),
        "rating": generator.integers(1, 6, rows),
        "time": generator.integers(1_600_000_000, 1_700_000_000, rows),
    }
    return pa.table(columns)
