"""What a step has of its own grows with tables and a block, and with few bytes a row."""

import json
import subprocess
import sys

import pytest

from benchmarks import scale

FEW, MANY = 100_000, 500_000
BYTES_A_ROW = 64  # docs/scale.md says which; all rows in memory took 190 of an lr fit, 350 of the full MetaSelector
PART = """
import sys
from bench.data import paged
paged.LARGE, paged.BLOCK = 2**18, 2**14
from benchmarks import scale
scale.main(sys.argv[1:])
"""


def own_bytes(folder, part):
    command = [sys.executable, "-c", PART, "--folder", str(folder), "--part", part]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, own = scale.watched(process)
    assert process.returncode == 0
    return own


def peaks(folder, rows):
    """By step, most bytes of its own."""
    folder.mkdir()
    scale.write_table(folder, rows)
    for part in ("prepare", "divide and plan"):
        own_bytes(folder, part)
    steps = json.loads((folder / "steps.json").read_text("utf-8"))
    needed = [one for one in steps if one["name"] in ("lr, star", "fm, star", "metaselector")]
    return {one["name"]: own_bytes(folder, one["id"]) for one in needed}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="/proc says what no file holds")
def test_a_step_s_own_memory_grows_by_few_bytes_a_row(tmp_path):
    few, many = (peaks(tmp_path / str(rows), rows) for rows in (FEW, MANY))
    grown = {name: (many[name] - few[name]) / (MANY - FEW) for name in few}
    assert all(bytes_a_row < BYTES_A_ROW for bytes_a_row in grown.values()), grown
