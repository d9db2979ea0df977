"""The whole gate, with real processes of a made-up harness, so that its seconds are made up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.errors import CompareError
from bench.gate.speed import SpeedOptions, gate_speed

# A harness of one function: `run_suite` says what a test wants it to have measured.
HARNESS = """
import json, os, random, sys, time
from pathlib import Path
from types import SimpleNamespace

__version__ = "0.1.0"
SECONDS = {seconds}
LUCK = random.Random(os.getpid()).gauss(0, 0.003)
PEAK, DATA, PARAMETERS = 1e8, "d", 100
calls = 0


def run_suite(suite, *, executor, only, out, cache_dir, **options):
    global calls
    calls += 1
    print("a plugin prints", flush=True)
    assert sys.stdin.read() == ""
    os.write(1, b"a library, too\\n")
    assert Path(suite).is_file() and options["rerun"] == "all" and options["allow_incomplete"]
    {behaviour}
    records, lines = [], []
    for method, train in SECONDS.items():
        if only and method not in only:
            continue
        trial = dict(dataset="clicks", protocol="cold", method=method, seed=0)
        lines.append(dict(trial, status="ok", kind="base_model"))
        records.append(record(trial, train * (1 + LUCK + random.gauss(0, 0.001)), str(calls) if method == "drawn" else method))
    return SimpleNamespace(records=records, manifest=dict(trials=lines, gate={gate}))


def record(trial, train, digest):
    return dict(
        trial=trial,
        kind="base_model",
        outcome=dict(status="ok", reason=""),
        cost=dict(own=dict(train_cpu_s=train, predict_cpu_s=0.0001, peak_rss_bytes=PEAK)),
        blobs=dict(logits=digest),
        details=dict(parameters=PARAMETERS),
        identity=dict(data=DATA, split="s", settings={{}}, steps=[]),
        versions=dict(numpy="2.0"),
    )
"""
ROOT = Path(__file__).parents[3]
STEADY = {"fm": 0.1, "lr": 0.2}


def tree(folder, seconds=STEADY, behaviour="pass", gate=None):
    (folder / "bench").mkdir(parents=True)
    (folder / "plugins").mkdir()
    (folder / "bench" / "hookspecs.py").touch()
    code = HARNESS.format(seconds=seconds, behaviour=behaviour, gate=gate or {})
    (folder / "bench" / "__init__.py").write_text(code)
    (folder / "ci.yaml").write_text("name: ci\n")
    return folder


def gate(tmp_path, monkeypatch, say=lambda _: None, base=None, candidate=None, **options):
    """Of two trees, of which the current folder is the candidate's."""
    tree(tmp_path / "base", **(base or {}))
    monkeypatch.chdir(tree(tmp_path / "candidate", **(candidate or {})))
    asked = SpeedOptions(suite=Path("ci.yaml"), **options)
    return gate_speed("../base", ".", asked, say)


def verdicts(result):
    return {(cell.method, cell.measure): cell.verdict for cell in result.cells}


def test_identical_code_is_green(tmp_path, monkeypatch):
    result = gate(tmp_path, monkeypatch)
    assert (result.verdict, result.exit_code) == ("ok", 0)
    assert set(verdicts(result)) == {
        ("fm", "train_cpu_s"),
        ("lr", "train_cpu_s"),
        ("fm", "peak_rss_bytes"),
        ("lr", "peak_rss_bytes"),
        ("fm", "parameters"),
        ("lr", "parameters"),
    }
    assert any("control" in note for note in result.notes)
    assert any("order of blocks from seed 0" in note for note in result.notes)
    assert result.differs == ()


def test_what_is_slower_is_red_after_it_was_measured_twice(tmp_path, monkeypatch):
    told = []
    result = gate(tmp_path, monkeypatch, told.append, candidate={"seconds": STEADY | {"fm": 0.13}})
    assert verdicts(result)["fm", "train_cpu_s"] == "regressed"
    assert verdicts(result)["lr", "train_cpu_s"] == "ok"
    (cell,) = [cell for cell in result.cells if cell.verdict == "regressed"]
    assert cell.change == pytest.approx(0.3, abs=0.02)
    assert "10 launches" in cell.reason
    assert "from fresh processes" in cell.reason
    order = [line.partition(":")[0] for line in told]
    assert order.index("control") < order.index("base and candidate") < order.index("repeat")


def test_the_base_states_the_margins_and_the_candidate_cannot(tmp_path, monkeypatch):
    slow = {"seconds": STEADY | {"fm": 0.13}, "gate": {"throughput": 9.0}}
    assert gate(tmp_path, monkeypatch, candidate=slow).verdict == "regressed"
    loose = {"gate": {"throughput": 0.5}}
    assert gate(tmp_path / "2", monkeypatch, base=loose, candidate=slow).verdict == "ok"
    asked = gate(tmp_path / "3", monkeypatch, base=loose, candidate=slow, margin=0.1)
    assert asked.verdict == "regressed"


def test_memory_that_two_processes_of_one_code_differ_by_is_neither_red_nor_better(
    tmp_path, monkeypatch
):
    strict, a_bit_larger = {"gate": {"memory": 0.0}}, {"behaviour": "global PEAK; PEAK = 1.004e8"}
    assert gate(tmp_path, monkeypatch, base=strict, candidate=a_bit_larger).verdict == "ok"
    a_bit_smaller = {"behaviour": "global PEAK; PEAK = 0.996e8"}
    assert gate(tmp_path / "s", monkeypatch, candidate=a_bit_smaller).verdict == "ok"
    smaller = {"behaviour": "global PEAK; PEAK = 0.98e8"}
    assert gate(tmp_path / "b", monkeypatch, candidate=smaller).verdict == "better"
    larger = {"behaviour": "global PEAK; PEAK = 1.02e8"}
    assert gate(tmp_path / "2", monkeypatch, base=strict, candidate=larger).verdict == "regressed"


def test_one_parameter_more_than_the_margin_is_red(tmp_path, monkeypatch):
    more = {"behaviour": "global PARAMETERS; PARAMETERS = 106"}
    result = gate(tmp_path, monkeypatch, candidate=more)
    assert verdicts(result)["fm", "parameters"] == "regressed"
    assert verdicts(result)["fm", "train_cpu_s"] == "ok"


def test_few_launches_judge_no_speed(tmp_path, monkeypatch):
    slow = {"seconds": STEADY | {"fm": 1.0}}
    result = gate(tmp_path, monkeypatch, candidate=slow, launches=2, blocks=1, control=1)
    assert verdicts(result)["fm", "train_cpu_s"] == "inconclusive"
    assert result.exit_code == 3


def test_a_method_that_is_gone_is_incomplete_and_the_others_are_judged(tmp_path, monkeypatch):
    result = gate(tmp_path, monkeypatch, candidate={"seconds": {"lr": 0.2, "nfm": 0.1}})
    assert result.exit_code == 4
    assert verdicts(result)["fm", ""] == "incomplete"
    assert verdicts(result)["lr", "train_cpu_s"] == "ok"
    assert any("nfm" in note for note in result.notes)


def test_other_data_are_not_comparable_and_nothing_more_is_run(tmp_path, monkeypatch):
    told = []
    other = {"behaviour": "global DATA; DATA = 'e'"}
    with pytest.raises(CompareError, match="the data of 'clicks' under 'cold' differ"):
        gate(tmp_path, monkeypatch, told.append, candidate=other)
    assert not any(line.startswith("control") for line in told)


def test_a_method_that_fails_now_and_then_is_incomplete(tmp_path, monkeypatch):
    now_and_then = "if executor == 'inline' and calls == 3: SECONDS.pop('fm', None)"
    result = gate(tmp_path, monkeypatch, candidate={"behaviour": now_and_then})
    assert result.exit_code == 4
    assert verdicts(result)["fm", ""] == "incomplete"
    assert verdicts(result)["lr", "train_cpu_s"] == "ok"


def test_where_nothing_is_shared_nothing_is_green(tmp_path, monkeypatch):
    assert gate(tmp_path, monkeypatch, candidate={"seconds": {"nfm": 0.1}}).exit_code == 4


def test_predictions_that_change_are_not_green(tmp_path, monkeypatch):
    drawn = {"seconds": STEADY | {"drawn": 0.1}}
    result = gate(tmp_path, monkeypatch, base=drawn, candidate=drawn)
    assert verdicts(result)["drawn", "train_cpu_s"] == "inconclusive"


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        ("os._exit(3)", "ended with exit code 3"),
        ("os.kill(os.getpid(), 11)", "ended with signal 11"),
        ("raise ValueError('no such key')", "can't run the suite: ValueError: no such key"),
        ("sys.exit('gone')", "gone"),
    ],
)
def test_a_side_that_cannot_run_is_named_with_the_reason(tmp_path, monkeypatch, behaviour, told):
    with pytest.raises(CompareError, match=rf"CANDIDATE \(\.\).*{told}"):
        gate(tmp_path, monkeypatch, candidate={"behaviour": behaviour})


def test_what_a_harness_says_is_an_error_of_its_own(tmp_path, monkeypatch):
    behaviour = "class BenchError(Exception): pass\n    raise BenchError('ci.yaml:3: no such key')"
    with pytest.raises(CompareError, match=r"can't run the suite: ci\.yaml:3: no such key"):
        gate(tmp_path, monkeypatch, base={"behaviour": behaviour})


def test_a_hang_ends_with_the_time_limit_and_leaves_no_process(tmp_path, monkeypatch):
    hang = "if executor == 'inline' and calls > 1: time.sleep(600)"
    begun = time.monotonic()
    result = gate(tmp_path, monkeypatch, candidate={"behaviour": hang}, time_limit=4)
    assert time.monotonic() - begun < 60
    assert result.exit_code == 4
    assert verdicts(result)["suite", "cpu_s"] == "incomplete"
    assert not [one for one in psutil.Process().children(recursive=True) if _is_worker(one)]


def test_workers_end_with_the_gate_however_that_ends(tmp_path):
    for name in ("base", "candidate"):
        tree(tmp_path / name, behaviour="time.sleep(600)")
    command = [
        sys.executable,
        "-P",  # the current folder has a harness of its own
        "-m",
        "bench.cli",
        "gate",
        "--speed",
        "../base",
        ".",
        "--suite",
        "ci.yaml",
    ]
    path = os.pathsep.join([str(ROOT), str(ROOT / "plugins")])
    asked = subprocess.Popen(
        command, cwd=tmp_path / "candidate", env=os.environ | {"PYTHONPATH": path}
    )
    workers = []
    for _ in range(600):
        workers = [one for one in psutil.Process(asked.pid).children() if _is_worker(one)]
        if len(workers) == 2:
            break
        time.sleep(0.05)
    assert len(workers) == 2
    asked.kill()
    asked.wait()
    assert psutil.wait_procs(workers, timeout=60)[1] == []


def test_no_time_at_all_is_incomplete(tmp_path, monkeypatch):
    hang = {"behaviour": "time.sleep(600)"}
    result = gate(tmp_path, monkeypatch, candidate=hang, time_limit=1)
    assert (result.cells, result.exit_code) == ((), 4)


def test_steps_that_take_no_time_are_not_green(tmp_path, monkeypatch):
    short = {"seconds": {"fm": 0.0001}}
    result = gate(tmp_path, monkeypatch, base=short, candidate=short)
    assert verdicts(result)["suite", "cpu_s"] == "inconclusive"
    assert result.exit_code == 3


def test_where_each_time_is_judged_is_said_and_where_none_is(tmp_path, monkeypatch):
    some = {"seconds": STEADY | {"mean": 0.004, "rate": 0.004}}
    result = gate(tmp_path, monkeypatch, base=some, candidate=some)
    assert verdicts(result)["short steps", "train_cpu_s"] == "ok"
    (together,) = [note for note in result.notes if "judged together" in note]
    assert together == (
        "under 5 ms a block, and judged together as short steps: train_cpu_s of clicks/cold mean, clicks/cold rate"
    )
    (nowhere,) = [note for note in result.notes if note.startswith("not judged")]
    assert "predict_cpu_s of clicks/cold fm, clicks/cold lr" in nowhere


def test_a_harness_that_tells_no_times_makes_no_green_gate(tmp_path, monkeypatch):
    without = {"behaviour": "global record; record = untimed"}
    for name in ("base", "candidate"):
        with (tree(tmp_path / name, **without) / "bench" / "__init__.py").open("a") as code:
            code.write(UNTIMED)
    monkeypatch.chdir(tmp_path / "candidate")
    result = gate_speed("../base", ".", SpeedOptions(suite=Path("ci.yaml")))
    (cell,) = [cell for cell in result.cells if cell.aspect == "throughput"]
    assert (cell.verdict, cell.reason) == ("incomplete", "no step has a time on both sides")
    assert result.exit_code == 4


UNTIMED = """
timed = record


def untimed(*asked):
    found = timed(*asked)
    found["cost"]["own"] = {"peak_rss_bytes": PEAK}
    return found
"""


def test_plugins_that_the_command_names_reach_both_sides(tmp_path, monkeypatch):
    each = {"behaviour": "assert [Path(one).read_text() for one in options['plugins']] == [NAME]"}
    for name in ("base", "candidate"):
        with (tree(tmp_path / name, **each) / "bench" / "__init__.py").open("a") as code:
            code.write(f"NAME = {name!r}\n")
        (tmp_path / name / "shop.py").write_text(name)
    monkeypatch.chdir(tmp_path / "candidate")
    command = ["gate", "--speed", "../base", ".", "--plugins", "shop.py"]
    ended = CliRunner().invoke(main, [*command, "--suite", "ci.yaml", "--blocks", "1"])
    assert ended.exit_code == 0, ended.output
    without = CliRunner().invoke(main, command)
    assert (without.exit_code, "give that with --suite" in without.output) == (2, True)


def _is_worker(process):
    try:
        return any(part.endswith("speed/worker.py") for part in process.cmdline())
    except psutil.Error:
        return False


def test_code_from_elsewhere_is_not_taken_for_a_sides(tmp_path, monkeypatch):
    monkeypatch.chdir(tree(tmp_path / "candidate"))
    tree(tmp_path / "base")
    (tmp_path / "base" / "bench" / "__init__.py").unlink()
    (tmp_path / "base" / "bench" / "hookspecs.py").unlink()
    (tmp_path / "base" / "bench" / "hookspecs.py").touch()
    (tmp_path / "other").mkdir()
    tree(tmp_path / "other" / "tree")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "other" / "tree"))
    with pytest.raises(CompareError, match=r"imported bench from .*other"):
        gate_speed("../base", ".", SpeedOptions(suite=Path("ci.yaml")))


def test_a_missing_suite_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CompareError, match=r"no suite file gone\.yaml"):
        gate_speed(".", ".", SpeedOptions(suite=Path("gone.yaml")))


def test_the_command_prints_json_and_tells_what_runs(tmp_path, monkeypatch):
    tree(tmp_path / "base")
    monkeypatch.chdir(tree(tmp_path / "candidate"))
    ended = CliRunner().invoke(
        main, ["gate", "--speed", "../base", ".", "--suite", "ci.yaml", "--json", "--blocks", "2"]
    )
    assert ended.exit_code == 0, ended.output
    assert json.loads(ended.stdout)["verdict"] == "ok"
    assert "base and candidate: launch 5 of 5" in ended.stderr
    assert not [name for name in os.listdir() if name not in {"bench", "plugins", "ci.yaml"}]
