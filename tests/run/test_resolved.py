"""What lies beside a run's records says how to run it again, and nothing of the machine."""

from __future__ import annotations

import hashlib
import json

from click.testing import CliRunner

from bench.cli import main


def test_the_resolved_copy_runs_as_the_same_trials(write_suite, go, tmp_path):
    file = write_suite()
    file.write_text(
        file.read_text()
        + "grid: {base_models.fm.embedding_dim: [2, 3], methods.average.calibrate: [null, user]}\n"
    )
    run, _ = go(file, seeds=(4,))
    copy = run.folder / "suite.yaml"
    checked = CliRunner().invoke(main, ["check", str(copy), "--no-plugin-autoload"])
    assert checked.exit_code == 0, checked.output
    (tmp_path / "copy.yaml").write_bytes(copy.read_bytes())
    again, watcher = go(tmp_path / "copy.yaml")
    assert {record["id"] for record in again.records} == {record["id"] for record in run.records}
    assert watcher.reused == len(run.records)


def test_data_json_says_what_the_data_were_made_of(write_suite, go, tmp_path):
    run, _ = go(write_suite(), only=("lr",))
    text = (run.folder / "data.json").read_text()
    found = json.loads(text)["datasets"]["small"]
    sha256 = hashlib.sha256((tmp_path / "ratings.csv").read_bytes()).hexdigest()
    assert found["use"] == "table"
    assert found["params"]["path"] == "ratings.csv"
    assert found["source"]["sha256"] == {"ratings.csv": sha256}
    assert found["counts"]["rows"] == len((tmp_path / "ratings.csv").read_text().splitlines()) - 1
    assert found["digest"] == run.manifest["datasets"]["small"]["digest"]
    assert len(found["plugin"]["digest"]) == 64
    for name in ("data.json", "suite.yaml"):
        assert str(tmp_path) not in (run.folder / name).read_text()
