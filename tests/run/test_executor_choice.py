"""`--executor NAME --executor-set KEY=VALUE`: an executor of somebody else's, with parameters."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.errors import PluginError, SuiteError
from bench.job.outcome import of_record
from bench.records import load
from bench.registry import load_registry
from bench.run.executor_choice import choose_executor
from bench.suite import ExecutorSpec
from tests.run.conftest import write_small_suite

PATIENT = Path(__file__).parent.parent / "fixtures" / "patient_executor.py"


def made(*settings: str, workers: int = 1):
    return choose_executor(load_registry([PATIENT], autoload=False), "patient", settings, workers)


def test_parameters_are_read_as_yaml_and_have_defaults() -> None:
    assert made().params.model_dump() == {
        "log": None,
        "queue": {"name": "short", "slots": 1},
        "calls": None,
        "fault": "",
    }
    executor = made("log=steps.txt", "queue.name=long", "queue.slots=3", workers=2)
    assert executor.params.model_dump() == {
        "log": "steps.txt",
        "queue": {"name": "long", "slots": 3},
        "calls": None,
        "fault": "",
    }
    assert executor.workers == 2


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        (
            "lag=1",
            r"^--executor-set lag: unknown parameter of executor 'patient'; did you mean 'log'\?$",
        ),
        (
            "queue.slots=none",
            r"^--executor-set queue\.slots: executor 'patient': must be a whole number; `bench describe patient`",
        ),
        ("queue.slots", r"^--executor-set queue\.slots: write --executor-set KEY=VALUE$"),
        ("=1", r"write --executor-set KEY=VALUE$"),
    ],
)
def test_a_slip_is_answered_with_its_place_and_a_fix(setting: str, reason: str) -> None:
    with pytest.raises(PluginError, match=reason):
        made(setting)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (
            ("jobqueue.core=2",),
            r"^--executor-set jobqueue\.core: unknown parameter of executor 'dask'; did you mean 'jobqueue\.cores'\?$",
        ),
        (
            ("jobqueue.system=slurm", "jobqueue.cores=2"),
            r"^--executor-set jobqueue\.memory: executor 'dask' needs it; `bench describe dask` has its parameters$",
        ),
    ],
)
def test_what_is_nested_is_told_in_full(settings: tuple[str, ...], reason: str) -> None:
    with pytest.raises(PluginError, match=reason):
        choose_executor(load_registry(autoload=False), "dask", settings)


def test_what_is_no_yaml_is_refused() -> None:
    with pytest.raises(SuiteError, match="--executor-set log="):
        made("log=[1")


def test_an_executor_without_parameters_says_so() -> None:
    with pytest.raises(PluginError, match="unknown parameter of executor 'inline'; it has none"):
        choose_executor(load_registry(autoload=False), "inline", ("x=1",), 1)


def test_a_suite_runs_on_it(tmp_path: Path) -> None:
    suite = write_small_suite(tmp_path)
    options = [
        "--plugins",
        PATIENT,
        "--executor",
        "patient",
        "--executor-set",
        f"log={tmp_path / 'steps.txt'}",
    ]
    folders = ["--out", tmp_path / "run", "--cache-dir", tmp_path / "cache"]
    result = CliRunner().invoke(main, ["run", str(suite), *map(str, [*options, *folders])])
    assert result.exit_code == 0, result.output
    told = (tmp_path / "steps.txt").read_text("utf-8").splitlines()
    assert len(told) == len(set(told)) == 8, "six fits and two methods, each once"
    described = CliRunner().invoke(main, ["describe", "patient", "--plugins", str(PATIENT)])
    assert "queue.slots" in described.output


def go(folder: Path, *settings: str):
    options = [part for setting in settings for part in ("--executor-set", setting)]
    folders = ["--out", folder / "run", "--cache-dir", folder / "cache"]
    arguments = ["run", write_small_suite(folder), "--plugins", PATIENT, "--executor", "patient"]
    return CliRunner().invoke(main, list(map(str, [*arguments, *options, *folders])))


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("strange", "executor 'patient' tells of a step that it was not given"),
        ("late", "executor 'patient' tells of a step that has ended"),
        ("early", "executor 'patient' tells of a step progress, and not before that it started"),
        ("twice", "executor 'patient' tells of a step that it started, twice"),
        ("lies", "executor 'patient': a step ended with what is no outcome"),
    ],
)
def test_an_executor_that_breaks_the_contract_is_named(tmp_path, fault, reason) -> None:
    result = go(tmp_path, f"fault={fault}")
    assert result.exit_code == 2, result.output
    assert reason in " ".join(result.output.split())


def test_steps_of_an_executor_that_stops_end_without_a_result(tmp_path) -> None:
    result = go(tmp_path, "fault=stops")
    assert result.exit_code == 4, result.output
    outcomes = [of_record(record) for record in load(tmp_path / "run").records]
    reasons = {outcome.reason for outcome in outcomes if outcome.status == "no_result"}
    assert reasons == {"executor 'patient' stopped and no result"}
    assert not any(outcome.ok for outcome in outcomes)


def test_a_parameter_and_one_below_it_can_not_both_be_set() -> None:
    with pytest.raises(PluginError, match=r"queue\.slots: queue is set to a value already"):
        made("queue=1", "queue.slots=2")


OF_SUITE = ExecutorSpec("patient", {"log": "a.txt", "queue": {"name": "long", "slots": 2}})


def chosen(name: str | None, *settings: str, of_suite: ExecutorSpec | None = OF_SUITE):
    registry = load_registry([PATIENT], autoload=False)
    return choose_executor(registry, name, settings, 1, of_suite)


def test_where_nobody_says_it_is_the_suites_or_this_machine() -> None:
    assert chosen(None).name == "patient"
    assert chosen(None).params.log == "a.txt"
    assert chosen(None, of_suite=None).name == "local"


def test_the_command_line_wins_over_the_suite_key_by_key() -> None:
    assert chosen(None, "queue.slots=5").params.model_dump() == {
        "log": "a.txt",
        "queue": {"name": "long", "slots": 5},
        "fault": "",
        "calls": None,
    }
    assert chosen("patient", "log=null").params.log is None
    assert chosen("patient").params.queue.name == "long"


def test_parameters_of_the_suites_executor_are_no_others() -> None:
    assert chosen("inline").name == "inline"
    with pytest.raises(PluginError, match="unknown parameter of executor 'inline'"):
        chosen("inline", "queue.slots=5")


def test_an_executor_tells_people_by_what_the_run_gave_it() -> None:
    said: list[str] = []
    registry = load_registry(autoload=False)
    executor = choose_executor(registry, "inline", (), say=said.append).made()
    executor.say("waiting")
    assert said == ["waiting"]


def test_a_suite_that_names_its_executor_has_the_same_trials(tmp_path: Path) -> None:
    suite = write_small_suite(tmp_path)
    (tmp_path / "patient_executor.py").write_text(PATIENT.read_text("utf-8"), "utf-8")
    for name, more in (
        ("local", ""),
        (
            "named",
            f"plugins: [patient_executor.py]\nexecutor: {{use: patient, log: {tmp_path / 'steps.txt'}}}\n",
        ),
    ):
        text = suite.read_text("utf-8")
        suite.write_text(text + more, "utf-8")
        folders = ["--out", tmp_path / name, "--cache-dir", tmp_path / f"cache of {name}"]
        ran = CliRunner().invoke(main, list(map(str, ["run", suite, *folders])))
        assert ran.exit_code == 0, ran.output
    assert len((tmp_path / "steps.txt").read_text("utf-8").splitlines()) == 8
    ids = [
        {record["id"] for record in load(tmp_path / name).records} for name in ("local", "named")
    ]
    assert ids[0] == ids[1]
    resolved = tmp_path / "named" / "suite.yaml"
    assert 'executor: {"use": "patient"' in resolved.read_text("utf-8")


def test_a_step_whose_worker_is_lost_is_begun_again_and_its_record_says_so(tmp_path) -> None:
    result = go(tmp_path, "fault=once", f"calls={tmp_path / 'calls'}")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "calls").read_text("utf-8").splitlines() == ["made", "closed kill=False"]
    warned = {
        record["trial"]["method"]: record["details"].get("warnings")
        for record in load(tmp_path / "run").records
    }
    said = ["begun again once: its worker was lost"]
    assert [warned[method] for method in ("lr", "fm", "average", "user-best")] == [said] * 4


def test_a_step_that_is_lost_a_third_time_ends_the_run_and_the_next_one_goes_on(tmp_path) -> None:
    result = go(tmp_path, "fault=always", f"calls={tmp_path / 'calls'}")
    assert result.exit_code == 5, result.output
    said = " ".join(result.output.split())
    assert "its worker was lost 3 times (worker w1 was lost); look at its log." in said
    assert "run again, and the rest is done" in said
    assert (tmp_path / "calls").read_text("utf-8").splitlines() == ["made", "closed kill=True"]
    recorded = len(load(tmp_path / "run").records)
    assert recorded > 0, "what had ended"
    again = go(tmp_path, f"log={tmp_path / 'steps'}")
    assert again.exit_code == 0, again.output
    assert len((tmp_path / "steps").read_text("utf-8").splitlines()) == 2, "the methods alone"


def test_an_executor_is_made_only_where_steps_are_missing(tmp_path) -> None:
    assert go(tmp_path).exit_code == 0
    calls = tmp_path / "calls"
    assert go(tmp_path, f"calls={calls}").exit_code == 0, "all is recorded"
    shutil.rmtree(tmp_path / "run")
    assert go(tmp_path, f"calls={calls}").exit_code == 0, "all is in the cache"
    assert not calls.exists()
