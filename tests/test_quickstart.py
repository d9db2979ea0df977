"""The shipped suites, every method of them, from a command to a table: on a small table in place of their datasets."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from bench.cli import main
from tests.run.conftest import write_ratings

SUITES = Path(__file__).resolve().parent.parent / "suites"
TABLE = "{use: table, path: ratings.csv, user: user_id, item: item_id, fields: [user_id, item_id], label: liked, order: time}"


def on_a_small_table(name: str, folder: Path) -> Path:
    """A shipped suite whose dataset is a table of 100 users; all else is as shipped, but for fewer epochs and one seed."""
    write_ratings(folder / "ratings.csv", users=100)
    text, datasets = re.subn(
        r"(?m)^(  [\w-]+): \{use: movielens-.*\}$",
        rf"\1: {TABLE}",
        (SUITES / name).read_text("utf-8"),
    )
    assert datasets == 1
    text = re.sub(r"epochs: \d+", "epochs: 2", text)
    text = re.sub(r"(?m)^seeds: .*$", "seeds: [0]", text)
    trained = r"(?m)^(?!.*use: fine-tune)(.*item_id\])\}$"  # fine-tune is not meta-trained and has no epochs
    text = re.sub(trained, r"\1, train: {epochs: 1}}", text)
    (folder / name).write_text(text, "utf-8")
    return folder / name


def bench(*arguments: str | Path):
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory):
    folder = tmp_path_factory.mktemp("quickstart")
    file = on_a_small_table("quickstart.yaml", folder)
    bench(
        "run",
        file,
        "--executor",
        "inline",
        "--out",
        folder / "run",
        "--cache-dir",
        folder / "cache",
    )
    return yaml.safe_load(file.read_text("utf-8")), folder / "run"


def values(folder: Path) -> dict[str, dict[str, float | None]]:
    """Row to metric to the value of the one seed."""
    (section,) = json.loads(bench("report", folder, "--json").stdout)["sections"]
    return {
        row["name"]: {
            metric: figure["estimate"]["values"][0] for metric, figure in row["figures"].items()
        }
        for row in section["rows"]
    }


def test_every_method_has_a_row_with_every_metric(quickstart):
    suite, folder = quickstart
    found = values(folder)
    assert set(found) == {
        *suite["methods"],
        *suite["base_models"],
        "best-single",
        "perfect-user",
        "perfect-sample",
    }
    for row in found.values():
        assert set(row) == set(suite["metrics"])
        assert 0 <= row["auc"] <= 1
        assert 0 <= row["gauc"] <= 1
        assert row["logloss"] > 0


def test_relaimpr_is_of_the_best_single_model_or_undefined(quickstart):
    found = values(quickstart[1])
    base = found["best-single"]["auc"] - 0.5
    for row in found.values():
        if base <= 0:
            assert row["relaimpr"] is None
        else:
            assert row["relaimpr"] == pytest.approx(100 * ((row["auc"] - 0.5) / base - 1), abs=1e-9)


def test_bounds_bound_the_pool(quickstart):
    suite, folder = quickstart
    loss = {name: row["logloss"] for name, row in values(folder).items()}
    best = min(loss[name] for name in suite["base_models"])
    assert loss["perfect-sample"] < loss["perfect-user"] < best
    assert loss["best-single"] in {loss[name] for name in suite["base_models"]}


def test_the_table_as_markdown_names_every_method_once_a_table(quickstart):
    suite, folder = quickstart
    text = bench("report", folder, "--markdown", "-").stdout
    for name in suite["methods"]:
        assert re.search(rf"(?m)^\| *{re.escape(name)} *\|", text), name


def test_the_run_agrees_with_itself(quickstart):
    _, folder = quickstart
    assert bench("compare", folder, folder).exit_code == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["movielens-100k.yaml", "movielens-1m-cold.yaml", "movielens-1m-warm.yaml", "golden.yaml"],
)
def test_every_shipped_suite_runs(name, tmp_path):
    file = SUITES / name if name == "golden.yaml" else on_a_small_table(name, tmp_path)
    folders = ["--out", tmp_path / "run", "--cache-dir", tmp_path / "cache"]
    bench("run", file, "--executor", "inline", *folders)
