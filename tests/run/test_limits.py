"""Limits of time and memory of a suite: whom they end, how that is told, and that they move no figure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.errors import BenchError
from bench.job.outcome import of_record
from bench.report import build, to_json, to_markdown
from bench.run import run
from tests.run.conftest import by_method, load_suite, status, write_small_suite

FAULTY = Path(__file__).parent.parent / "fixtures" / "faulty_plugin.py"
LIMITED = """\
  hang: {use: faulty, fault: hang, limits: {time: 0.5s}}
  gluttony: {use: faulty, fault: gluttony, limits: {memory: 700MB}}
  kill-self-once: {use: faulty, fault: kill-self-once, limits: {time: null}}
  leave-child: {use: faulty, fault: leave-child, timing: exclusive}
  noise: {use: faulty, fault: noise}
  segfault: {use: faulty, fault: segfault}
  lr: {use: lr}"""
FIT = ", all training rows, seed 0"


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    """One run of all of them, two at a time."""
    folder = tmp_path_factory.mktemp("limited")
    file = write_small_suite(folder, models=LIMITED, protocol="base_predictions: in-sample")
    file.write_text(file.read_text("utf-8") + "limits: {time: 5m, memory: 4GiB}\n", "utf-8")
    return run(
        load_suite(file, (FAULTY,)), out=folder / "run", cache_dir=folder / "cache", plugins=(FAULTY,), autoload=False,
        executor="local", workers=2,
    )  # fmt: skip


def outcome(finished, method):
    return of_record(by_method(finished)[method])


def warnings(finished, method):
    return by_method(finished)[method]["details"].get("warnings", ())


@pytest.mark.fault(7)
def test_what_hangs_is_a_timeout_with_the_place_where_it_hung(limited):
    ended = outcome(limited, "hang")
    assert ended.label == "timeout"
    assert ended.reason == (
        "still running after the time limit of 0.5 s; raise `limits: time` or --time-limit, or make it faster"
    )
    assert ended.log.startswith("before it hangs\n")
    assert "in _go_wrong" in ended.log
    assert ended.peak_rss_bytes > 2**20


@pytest.mark.fault(8)
def test_what_takes_too_much_is_told_with_the_cap_and_the_peak(limited):
    ended = outcome(limited, "gluttony")
    assert ended.label == "memory"
    assert ended.reason.startswith("over the memory limit of 668 MiB: its processes had ")
    assert ended.peak_rss_bytes > 700_000_000


@pytest.mark.fault(6)
def test_a_crash_leaves_its_fault_dump(limited):
    ended = outcome(limited, "segfault")
    assert ended.label == "crashed:SIGSEGV"
    assert ended.log.startswith("Fatal Python error: Segmentation fault\n")


@pytest.mark.fault(7, 8)
def test_others_are_unharmed_and_say_what_happened_to_them(limited):
    assert status(limited) | {"lr": "ok", "noise": "ok"} == status(limited)
    assert warnings(limited, "lr") == ()
    assert list(warnings(limited, "kill-self-once")) == [
        "begun again once: its process was killed from outside"
    ]
    assert list(warnings(limited, "leave-child")) == [
        "it left a process running, which ended with it"
    ]


def test_what_needs_one_that_was_ended_is_unavailable(limited):
    ended = outcome(limited, "average")
    assert ended.label == "unavailable"
    assert ended.waited_for.ended.label in ("timeout", "memory", "crashed:SIGSEGV")


@pytest.mark.fault(11)
def test_prints_are_in_a_log_beside_the_step_and_nowhere_else(limited):
    steps = limited.folder.parent / "cache" / "steps"
    logs = {file.name: file.read_bytes() for file in steps.glob("fit-*.log")}
    assert sorted(content[:12] for content in logs.values()) == [
        b"\x1b[31mbefore ",
        b"Fatal Python",
        b'{"status": "',
    ]
    for name in logs:
        if logs[name].startswith(b"{"):
            assert (steps / name.removesuffix(".log")).is_dir()


def test_the_report_shows_the_end_of_the_log(limited):
    report = build(limited)
    (failure,) = (one for one in report.failures if one.method == "segfault")
    assert "Segmentation fault" in failure.log
    assert "Fatal Python error: Segmentation fault" in to_markdown(report)
    told = json.loads(json.dumps(to_json(report)))["failures"]
    assert "Segmentation fault" in next(one for one in told if one["method"] == "segfault")["log"]


# -- what they are no part of


def with_rules(file: Path, text: str) -> Path:
    file.write_text(file.read_text("utf-8") + text, "utf-8")
    return file


def test_limits_and_timing_make_no_other_trial(go, write_suite):
    first, watcher = go(write_suite())
    assert watcher.steps
    changed = with_rules(write_suite(), "limits: {time: 1h, memory: 8GiB}\ntiming: exclusive\n")
    again, watcher = go(changed, time_limit="2h")
    assert (watcher.steps, watcher.reused) == (0, len(first.records))
    assert {one["id"] for one in first.records} == {one["id"] for one in again.records}


def test_two_of_the_same_settings_share_a_step_under_the_wider_limits(go, write_suite):
    models = "  patient: {use: lr, limits: {time: 1h}}\n  hasty: {use: lr, limits: {time: 0.1s}}"
    finished, watcher = go(
        write_suite(models=models, protocol="base_predictions: in-sample"), executor="local"
    )
    assert status(finished)["hasty"] == "ok"
    assert watcher.titles.count("small/cold patient" + FIT) == 1


def test_the_command_line_has_the_last_word_and_the_copy_of_the_suite_says_so(go, write_suite):
    models = "  lr: {use: lr, limits: {time: 0.1s, memory: 900MiB}}"
    finished, _ = go(write_suite(models=models), time_limit="20m")
    copy = load_suite(finished.folder / "suite.yaml")
    assert copy.rules_of("lr").in_force == (1200, 900 * 2**20)
    assert copy.rules_of("average").in_force == (1200, None)


def test_an_executor_that_keeps_no_limits_is_told_of_once(go, write_suite):
    said = []

    class Listening:
        def __getattr__(self, name):
            return said.append if name == "say" else lambda *_, **__: None

    go(write_suite(), watcher=Listening(), time_limit="1h")
    warned = [line for line in said if "limits of time and memory" in line]
    assert warned == [
        "warning: executor 'inline' holds no step to its limits of time and memory; --executor local does"
    ]


# -- what is no limit


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"time_limit": "20"}, "--time-limit: '20' has no unit; write 20s, 20m or 20h"),
        ({"memory_limit": "4G"}, "--memory-limit: '4G' is no amount of memory; write 500MB, 4GiB or 1.5GiB"),
    ],
)  # fmt: skip
def test_a_limit_that_is_none_is_refused_before_anything_runs(go, write_suite, given, said):
    with pytest.raises(BenchError, match=said):
        go(write_suite(), **given)


def test_the_command_line_refuses_it_too(write_suite):
    done = CliRunner().invoke(main, ["run", str(write_suite()), "--time-limit", "-5m"])
    assert done.exit_code == 2
    assert "'-5m' is no time; write 90s, 20m or 1h30m" in done.output
