"""The benchmark of scale: its table and its verdicts."""

import pyarrow.parquet as pq
import pytest

from benchmarks import scale
from benchmarks.scale import Measured, verdicts, write_table

GB = 2**30


def test_a_table_is_written_a_part_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(scale, "PART", 300)
    write_table(tmp_path, 1000)
    file = pq.ParquetFile(tmp_path / "clicks.parquet")
    assert file.num_row_groups == 4
    table = file.read()
    assert table["time"].to_pylist() == list(range(1000))
    assert 0 < sum(table["clicked"].to_pylist()) < 1000
    assert max(table["user"].to_pylist()) < 10


@pytest.mark.parametrize(
    ("large", "begins"),
    [
        (Measured(20.0, 14.9, 9 * GB, 2 * GB), "ok: lr: 2.00 GiB of its own, a row takes 1.49"),
        (Measured(20.0, 15.1, GB, GB), "MISSED: lr: 1.00 GiB of its own, a row takes 1.51"),
        (Measured(20.0, 10.0, 3 * GB, 3 * GB), "MISSED: lr: 3.00 GiB of its own, a row takes 1.00"),
    ],
)
def test_a_part_keeps_to_the_target_in_own_memory_and_cpu_time_a_row(large, begins):
    (line,) = verdicts({100: {"lr": Measured(1.0, 1.0, GB, GB)}, 1000: {"lr": large}})
    assert line.startswith(begins)
