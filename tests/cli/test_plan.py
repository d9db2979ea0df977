"""`bench plan`: what a run would do, before and after it has done some of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bench import run_suite
from bench.cli import main
from bench.errors import SuiteError
from bench.run import timed_records
from bench.run.timed_records import rates_of_other_data
from tests.run.conftest import write_ratings, write_small_suite

Plan = Callable[..., Result]
METHODS = "  average: {selector: {use: average}}\n  gating: {selector: {use: mlp, hidden: [2]}}"


def text_of(folder: Path) -> str:
    return (folder / "suite.yaml").read_text("utf-8")


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a suite of four methods that has run with seed 0, once for this module: tests write beside it only."""
    folder = tmp_path_factory.mktemp("done")
    write_small_suite(folder, methods=METHODS, protocol="base_predictions: in-sample")
    result = command(folder, "run", "--executor", "inline")
    assert result.exit_code == 0, result.output
    return folder


def command(folder: Path, name: str, *arguments: str, suite: Path | None = None) -> Result:
    folders = ["--out", str(folder / "out"), "--cache-dir", str(folder / "cache")]
    return CliRunner().invoke(
        main,
        [name, str(suite or folder / "suite.yaml"), *folders, "--no-plugin-autoload", *arguments],
    )


def planned(folder: Path, *arguments: str, suite: Path | None = None) -> dict[str, Any]:
    result = command(folder, "plan", "--json", *arguments, suite=suite)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def seconds(folder: Path, step: dict[str, Any]) -> float:
    """CPU time that a step took, by what it left in the cache."""
    file = folder / "cache" / "steps" / f"{step['kind']}-{step['id']}" / "result.json"
    cost = json.loads(file.read_text("utf-8"))["cost"]
    return float(cost["train_cpu_s"] + cost["predict_cpu_s"])


def last_line(result: Result) -> str:
    return result.stdout.splitlines()[-1]


def test_before_anything_ran(tmp_path: Path) -> None:
    write_small_suite(tmp_path, methods=METHODS, protocol="base_predictions: in-sample")
    result = command(tmp_path, "plan")
    assert result.exit_code == 0
    assert last_line(result) == (
        "6 trials: 0 recorded, 6 to run; 4 steps: 0 cached, 4 to run, how long is unknown: no step like them was timed yet"
    )
    assert "prepared from ratings.csv" in result.stderr
    assert not (tmp_path / "out").exists()


def test_after_all_ran_nothing_is_left(done: Path) -> None:
    before = sorted((done / "out").rglob("*"))
    result = command(done, "plan")
    assert (
        last_line(result)
        == "6 trials: 6 recorded, 0 to run; 4 steps: 4 cached, 0 to run; nothing is left to run"
    )
    assert [line.split("  ")[0] for line in result.stdout.splitlines()[1:7]] == [
        "base model"
    ] * 2 + ["method"] * 2 + ["bound"] * 2
    assert sorted((done / "out").rglob("*")) == before


def test_its_trials_are_those_that_the_run_recorded(done: Path) -> None:
    plan = planned(done)
    assert {trial["id"] for trial in plan["trials"]} == {
        file.stem for file in (done / "out" / "records").glob("*.json")
    }
    assert [trial["method"] for trial in plan["trials"]] == [
        "lr",
        "fm",
        "average",
        "gating",
        "perfect-user",
        "perfect-sample",
    ]
    assert {trial["state"] for trial in plan["trials"]} == {"recorded"}
    assert {
        (done / "cache" / "steps" / f"{step['kind']}-{step['id']}" / "result.json").exists()
        for step in plan["steps"]
    } == {True}
    assert all(step["cached"] and not step["to_run"] for step in plan["steps"])


def test_check_counts_the_trials_that_a_run_has(done: Path) -> None:
    checked = CliRunner().invoke(
        main, ["check", str(done / "suite.yaml"), "--json", "--no-plugin-autoload"]
    )
    assert json.loads(checked.stdout)["trials"] == len(planned(done)["trials"])
    grid = "grid={base_models.fm.embedding_dim: [1, 2, 3]}"
    checked = CliRunner().invoke(
        main, ["check", str(done / "suite.yaml"), "--json", "--no-plugin-autoload", "--set", grid]
    )
    assert json.loads(checked.stdout)["trials"] == len(planned(done, "--set", grid)["trials"]) == 8


def test_another_seed_is_left_and_takes_about_as_long(done: Path) -> None:
    plan = planned(done, "--seeds", "0,1", "--workers", "2")
    totals = plan["totals"]
    assert (
        totals["recorded"],
        totals["trials_to_run"],
        totals["cached"],
        totals["steps_to_run"],
    ) == (6, 6, 4, 4)
    assert totals["never_timed"] == 0
    left = [step for step in plan["steps"] if step["to_run"]]
    times = [step["cpu_s"] for step in left]
    assert totals["wall_s"] == pytest.approx(max(sum(times) / 2, *times))
    by_title = {step["title"]: step for step in left}
    for title, step in by_title.items():
        first = next(
            one for one in plan["steps"] if one["title"] == title.replace("seed 1", "seed 0")
        )
        told = json.loads(
            (done / "cache" / "steps" / f"{step['kind']}-{first['id']}" / "result.json").read_text(
                "utf-8"
            )
        )["cost"]
        assert step["cpu_s"] == pytest.approx(told["train_cpu_s"] + told["predict_cpu_s"]), title


def test_a_fit_is_estimated_by_its_rows(done: Path) -> None:
    """Out-of-sample predictions need folds of training users: half of them each, the star fit has all."""
    plan = planned(
        done, "--set", "protocols.cold.base_predictions=out-of-sample", "--only", "average"
    )
    estimates = {
        step["title"]: step["cpu_s"]
        for step in plan["steps"]
        if step["of"] == "lr" and step["to_run"]
    }
    star = next(
        step
        for step in planned(done)["steps"]
        if step["title"] == "small/cold lr, all training rows, seed 0"
    )
    assert set(estimates) == {
        "small/cold lr, fold 1 of 2, seed 0",
        "small/cold lr, fold 2 of 2, seed 0",
    }
    assert sum(estimates.values()) == pytest.approx(seconds(done, star)), (
        "each row of training users is left out by one of two folds"
    )


def test_a_holdout_is_another_fit_and_estimated_too(done: Path) -> None:
    plan = planned(done, "--set", "protocols.cold.base_predictions=holdout", "--only", "average")
    (held,) = (step for step in plan["steps"] if step["of"] == "lr")
    star = next(
        step
        for step in planned(done)["steps"]
        if step["title"] == "small/cold lr, all training rows, seed 0"
    )
    assert held["id"] != star["id"]
    assert held["to_run"]
    assert held["cpu_s"] > 0


META = "  meta: {selector: {use: mlp}, meta_learner: {use: meta-sgd, adapt: [selector], inner_steps: 1, train: {epochs: 1}}}"


@pytest.mark.parametrize(
    ("was", "now", "never_timed"),
    [
        ("{epochs: 1}", "{epochs: 1, users: 8}", 0),
        ("[selector]", "[selector, base_models]", 1),
        ("steps: 1", "steps: 2", 1),
    ],
)
def test_a_meta_learner_is_timed_by_one_that_adapts_as_much(
    done: Path, tmp_path: Path, was: str, now: str, never_timed: int
) -> None:
    """Simplified meta-SGD of one step was run; with base models adapted too, or with two steps, it is another matter."""
    for name, meta in (("one", META), ("two", META.replace(was, now))):
        (tmp_path / name).mkdir()
        write_small_suite(
            tmp_path / name, methods=f"{METHODS}\n{meta}", protocol="base_predictions: in-sample"
        )
    out = ("--out", str(tmp_path / "out"))
    ran = command(done, "run", "--executor", "inline", *out, suite=tmp_path / "one" / "suite.yaml")
    assert ran.exit_code == 0, ran.output
    totals = planned(done, *out, suite=tmp_path / "two" / "suite.yaml")["totals"]
    assert (totals["steps_to_run"], totals["never_timed"]) == (1, never_timed)


def test_another_pool_makes_the_time_of_a_method_that_adapts_it_rough(
    done: Path, tmp_path: Path
) -> None:
    meta = META.replace("[selector]", "[selector, base_models]")
    write_small_suite(
        tmp_path, methods=f"{METHODS}\n{meta}", protocol="base_predictions: in-sample"
    )
    suite, out = tmp_path / "suite.yaml", ("--out", str(tmp_path / "out"))
    ran = command(done, "run", "--executor", "inline", *out, suite=suite)
    assert ran.exit_code == 0, ran.output

    def rough(*changed: str) -> bool:
        steps = planned(done, *out, "--seeds", "1", *changed, suite=suite)["steps"]
        (meta_step,) = [step["rough"] for step in steps if step["of"] == "meta"]
        return bool(meta_step)

    assert not rough()
    assert rough("--set", "base_models.fm.embedding_dim=3")


def test_what_was_never_timed_is_said(done: Path) -> None:
    result = command(
        done,
        "plan",
        "--set",
        "methods.new={selector: {use: stacking}}",
        "--set",
        "methods.gating.selector.hidden=[3]",
    )
    assert last_line(result).endswith(
        "2 to run, ~1 s with 1 worker, judging by other data or settings, and 1 never timed"
    )
    row = next(line for line in result.stdout.splitlines() if " new " in line)
    assert row.endswith("unknown")


def test_other_settings_tell_roughly_and_more_epochs_take_longer(done: Path) -> None:
    other = planned(done, "--set", "base_models.fm.embedding_dim=3", "--set", "train.epochs=100")
    (fit,) = [step for step in other["steps"] if step["of"] == "fm"]
    assert fit["rough"]
    assert fit["to_run"]
    ran = next(step for step in planned(done)["steps"] if step["of"] == "fm")
    assert fit["cpu_s"] == pytest.approx(100 * seconds(done, ran))


def test_records_tell_how_long_steps_take_where_the_cache_is_gone(
    done: Path, tmp_path: Path
) -> None:
    arguments = [
        "--json",
        "--no-plugin-autoload",
        "--out",
        str(done / "out"),
        "--cache-dir",
        str(tmp_path),
        "--seeds",
        "5",
    ]
    result = CliRunner().invoke(main, ["plan", str(done / "suite.yaml"), *arguments])
    totals = json.loads(result.stdout)["totals"]
    assert (totals["steps_to_run"], totals["never_timed"]) == (4, 0)
    assert totals["wall_s"] > 0


def test_other_data_tell_roughly_how_long_steps_take(done: Path, tmp_path: Path) -> None:
    """Nothing of these data was ever timed; beside this run lies one of others."""
    (tmp_path / "theirs").symlink_to(done / "out")
    write_ratings(tmp_path / "ratings.csv", users=40, seed=1)
    write_small_suite(tmp_path, methods=METHODS, protocol="base_predictions: in-sample")
    totals = planned(tmp_path)["totals"]
    assert (totals["steps_to_run"], totals["never_timed"], totals["rough"]) == (4, 0, True)
    rates = rates_of_other_data(tmp_path)
    star = next(step for step in planned(tmp_path)["steps"] if step["of"] == "lr")
    assert star["rough"]
    rows = star["cpu_s"] / rates["fit", "lr"][0].seconds
    assert rows == pytest.approx(round(rows))
    assert 120 <= rows <= 280  # 20 training users of 6 to 14 rows
    result = command(tmp_path, "plan")
    assert last_line(result).endswith("~1 s with 1 worker, judging by other data or settings")
    assert all("  ~1 s" in line for line in result.stdout.splitlines() if "  method" in line[:9])


def test_the_rate_is_that_of_the_rows_of_one_pass(done: Path) -> None:
    record = next(
        record
        for file in (done / "out" / "records").glob("*.json")
        if (record := json.loads(file.read_text("utf-8")))["trial"]["method"] == "fm"
    )
    cost = record["cost"]["own"]
    rows = cost["train_rows"] / record["details"]["epochs"]
    (rate,) = rates_of_other_data(done)["fit", "fm"]
    assert rate.seconds == pytest.approx((cost["train_cpu_s"] + cost["predict_cpu_s"]) / rows)


def test_another_processor_tells_nothing(done: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timed_records, "environment", lambda _: {"processor": "another"})
    assert rates_of_other_data(done) == {}


def test_a_cache_that_is_gone_does_not_matter_to_what_is_recorded(
    done: Path, tmp_path: Path
) -> None:
    arguments = ["--no-plugin-autoload", "--out", str(done / "out"), "--cache-dir", str(tmp_path)]
    result = CliRunner().invoke(main, ["plan", str(done / "suite.yaml"), *arguments])
    assert last_line(result) == (
        "6 trials: 6 recorded, 0 to run; 4 steps: 0 cached, 0 to run, 4 not needed any more; nothing is left to run"
    )


def test_a_plugin_that_is_not_there_leaves_its_trials_unavailable(done: Path) -> None:
    (done / "broken.py").write_text("import no_such_module\nNAME = 'gone'\n", "utf-8")
    plan = planned(
        done, "--set", "methods.lost={selector: {use: gone}}", "--plugins", str(done / "broken.py")
    )
    assert {trial["state"] for trial in plan["trials"] if trial["method"] == "lost"} == {
        "unavailable"
    }
    assert (
        plan["totals"]["unavailable"],
        plan["totals"]["trials_to_run"],
        plan["totals"]["steps_to_run"],
    ) == (1, 0, 0)


def test_what_python_overrides_is_what_the_command_sets(done: Path) -> None:
    options = {
        "out": done / "out",
        "cache_dir": done / "cache",
        "executor": "inline",
        "autoload": False,
    }
    finished = run_suite(
        done / "suite.yaml", overrides=("seeds=[0]", "base_models.fm.embedding_dim=2"), **options
    )
    assert {record["id"] for record in finished.records} == {
        trial["id"] for trial in planned(done)["trials"]
    }
    with pytest.raises(
        SuiteError, match=r"--set base_models\.fm\.embeding_dim=2: unknown parameter 'embeding_dim'"
    ):
        run_suite(done / "suite.yaml", overrides=("base_models.fm.embeding_dim=2",), **options)


def test_only_and_a_method_that_the_grid_expanded(done: Path) -> None:
    grid = ("--set", "grid={methods.gating.selector.hidden: [[2], [3]]}")
    plan = planned(done, *grid, "--only", "gating")
    assert [trial["method"] for trial in plan["trials"] if trial["kind"] == "method"] == [
        "gating[hidden=[2]]",
        "gating[hidden=[3]]",
    ]
    assert [step["title"] for step in plan["steps"] if step["to_run"]] == [
        "small/cold gating[hidden=[3]], seed 0"
    ]
    result = command(done, "plan", "--only", "gatin")
    assert result.exit_code == 2
    assert "no method 'gatin' to run" in result.stderr


@pytest.mark.parametrize("names", ["lr,gating", "gating, lr"])
def test_only_takes_a_list_with_commas_as_seeds_do(done: Path, names: str) -> None:
    trials = planned(done, "--only", names)["trials"]
    assert {trial["method"] for trial in trials if trial["kind"] != "bound"} >= {"lr", "gating"}
    assert "fm" not in {trial["method"] for trial in trials}
    result = command(done, "plan", "--only", "lr,gatin")
    assert "no method 'lr,gatin' to run" in result.stderr


def test_a_damaged_record_is_told_as_the_run_would(done: Path, tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    identity = planned(done)["trials"][0]["id"]
    (tmp_path / "records" / f"{identity}.json").write_text("{", "utf-8")
    arguments = ["--no-plugin-autoload", "--out", str(tmp_path), "--cache-dir", str(done / "cache")]
    result = CliRunner().invoke(main, ["plan", str(done / "suite.yaml"), *arguments])
    assert result.exit_code == 5
    assert "remove it to run the trial again" in result.stderr


# -- what a trial's id rests on


def same_ids(done: Path, text: str) -> bool:
    suite = done / "other.yaml"
    suite.write_text(text, "utf-8")
    plan = planned(done, suite=suite)
    return {trial["id"] for trial in plan["trials"]} == {
        trial["id"] for trial in planned(done)["trials"]
    }


def test_comments_flow_style_and_quotes_make_no_other_trials(done: Path) -> None:
    text = text_of(done)
    assert same_ids(done, "# a comment\n\n" + text)
    assert same_ids(
        done, text.replace("{use: fm, embedding_dim: 2}", "{embedding_dim: 0x2,   use: 'fm'}")
    )
    assert same_ids(
        done,
        text.replace("fm: {use: fm, embedding_dim: 2}", "fm:\n    use: fm\n    embedding_dim: 2"),
    )
    assert same_ids(done, text.replace("name: small", "name: another"))
    assert not same_ids(done, text.replace("embedding_dim: 2", "embedding_dim: 3"))


def test_the_order_of_methods_makes_no_other_trials(done: Path) -> None:
    first, second = METHODS.split("\n")
    assert same_ids(done, text_of(done).replace(METHODS, f"{second}\n{first}"))


def test_the_order_of_base_models_makes_no_other_trials(done: Path) -> None:
    first, second = "  lr: {use: lr}", "  fm: {use: fm, embedding_dim: 2}"
    text = text_of(done).replace(f"{first}\n{second}", f"{second}\n{first}")
    assert text != text_of(done)
    assert same_ids(done, text)
    assert "nothing is left to run" in command(done, "plan", suite=done / "other.yaml").stdout


def test_parts_in_files_and_values_set_make_no_other_trials(done: Path) -> None:
    text = text_of(done)
    start = text.index("methods:")
    (done / "methods.yaml").write_text(text[start : text.index("seeds:")], "utf-8")
    assert same_ids(done, text[:start] + "include: methods.yaml\n" + text[text.index("seeds:") :])
    plan = planned(done, "--set", "base_models.fm.embedding_dim=2", "--set", "seeds=[0]")
    assert plan["totals"]["recorded"] == 6
