"""`bench status`: a run at work, one that was killed, one that ended; and what the run does so that this can be told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from bench.cli import main
from bench.errors import NoRunError
from bench.processes.memory import tree_bytes
from bench.records.run_status import run_status
from bench.records.status_file import StatusFile, read_status
from bench.run import Tally, Watcher, heartbeat
from bench.run.beside import RecordedBeside
from bench.storage.in_use import using
from tests.run.conftest import Counting, status, write_ratings
from tests.storage.faulty import content

PLUGIN = '''
import os, time
import numpy as np
from pathlib import Path
from pydantic import Field
from bench import hookimpl
from bench.interfaces import Model, PluginParams

class Slow(Model):
    """Waits until it is let go on; fails where it is told to."""
    name = "slow"
    class Params(PluginParams):
        waits: bool = Field(False, description="whether it does")
        fails: bool = Field(False, description="whether it raises")
    def fit(self, train, valid, context):
        while self.params.waits and not Path(os.environ["GO_ON"]).exists():
            time.sleep(0.02)
        if self.params.fails:
            raise ValueError("on\\x1b[2J purpose")
    def predict(self, rows):
        return np.full(len(rows), 0.1)

@hookimpl
def bench_models():
    return {"slow": f"{__name__}:Slow"}
'''
SUITE = """
version: 1
name: watched
plugins: [slow.py]
datasets:
  small: {use: table, path: ratings.csv, user: user_id, item: item_id, fields: [user_id, item_id], label: liked, order: time}
protocols:
  cold: {use: user-holdout, users: {train: 0.5, valid: 0.25, test: 0.25}, base_predictions: in-sample}
base_models:
  bad: {use: slow, fails: true}
  good: {use: slow}
  slow: {use: slow, waits: true}
seeds: [0]
metrics: [logloss]
"""
LAST = "small/cold slow, all training rows, seed 0"


@pytest.fixture
def begin(tmp_path):
    """Starts `bench run` of the suite, whose last step waits for a file `go-on`."""
    write_ratings(tmp_path / "ratings.csv")
    (tmp_path / "slow.py").write_text(PLUGIN, "utf-8")
    (tmp_path / "watched.yaml").write_text(SUITE, "utf-8")
    begun: list[subprocess.Popen[str]] = []

    def begin() -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "bench.cli", "run", "watched.yaml", "--out", "out"]
        begun.append(
            subprocess.Popen(
                [*command, "--cache-dir", "cache"],
                cwd=tmp_path,
                env=os.environ | {"GO_ON": str(tmp_path / "go-on")},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return begun[-1]

    yield begin
    for one in begun:
        with one:
            one.kill()


def bench_status(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["status", str(folder), *options])


def wait_for(found) -> None:
    until = time.monotonic() + 60
    while not found():
        assert time.monotonic() < until
        time.sleep(0.05)


def said_of(folder: Path) -> list[tuple[bool, list[str]]]:
    """Of each run: whether it lives, and what it does."""
    return [(one.alive, [step.title for step in one.now.running]) for one in read_status(folder)]


def has_measured(folder: Path) -> bool:
    """Whether a run does the last step, and its memory was looked at."""
    return any(
        step.title == LAST and step.memory_bytes
        for one in read_status(folder)
        for step in one.now.running
    )


def test_a_run_is_followed_from_another_process_killed_and_gone_on_with(begin, tmp_path):
    out = tmp_path / "out"
    run = begin()
    wait_for(lambda: has_measured(out))
    before = content(out / "records")
    found = bench_status(out)
    assert found.exit_code == 3
    first, steps, failed, _, step = found.stdout.splitlines()
    assert first.startswith(f"{out}: running for ")
    assert first.endswith(f"(process {run.pid})")
    assert steps.startswith("2 of 3 steps done")
    assert steps.endswith("4 of 5 trials recorded")
    assert failed.startswith("1 step failed; last: small/cold bad, all training rows, seed 0: Val")
    assert r"on\x1b[2J purpose" in failed
    assert step.startswith(f"  {LAST}")
    assert "MiB" in step
    told = json.loads(bench_status(out, "--json").stdout)
    assert (told["state"], told["exit_code"]) == ("running", 3)
    assert told["processes"][0]["running"][0]["memory_bytes"] > 2**20
    assert told["processes"][0]["running"][0]["epoch"] is None

    run.send_signal(signal.SIGKILL)
    run.wait()
    found = bench_status(out)
    assert found.exit_code == 4
    first, last, failed, _, step, *lacking = found.stdout.splitlines()
    assert first == (
        f"{out}: ended without saying so: 1 of 5 trials have a result; `bench run` goes on from there"
    )
    assert last.startswith(f"process {run.pid} was last heard of ")
    assert last.endswith(" ago, with 2 of 3 steps done")
    assert failed.startswith("1 step failed")
    assert step.startswith(f"  {LAST}")
    assert lacking[0] == r"small/cold bad, seed 0: error: ValueError: on\x1b[2J purpose"
    assert len(lacking) == 3, "and the bounds that need it"
    assert json.loads(bench_status(out, "--json").stdout)["state"] == "killed"
    verified = CliRunner().invoke(main, ["verify", str(out)])
    assert verified.exit_code == 4, "nothing is damaged"
    assert "status" not in verified.stdout

    (tmp_path / "go-on").touch()
    run = begin()
    _, errors = run.communicate()
    assert run.returncode == 4, errors
    assert "bench status" not in errors
    assert not list(out.glob("status*"))
    assert before.items() <= content(out / "records").items()
    found = bench_status(out)
    assert found.exit_code == 4
    assert found.stdout.splitlines()[0] == (
        f"{out}: incomplete: 2 of 5 trials have a result; `bench run` goes on from there"
    )


@pytest.mark.slow
def test_two_runs_over_one_folder_are_both_told_of(begin, tmp_path):
    out = tmp_path / "out"
    one = begin()
    wait_for(lambda: said_of(out) == [(True, [LAST])])
    two = begin()
    wait_for(lambda: len(read_status(out)) == 2)
    found = bench_status(out)
    assert found.exit_code == 3
    assert found.stdout.startswith(f"{out}: 2 runs are at work, and share it\n")
    assert f"(process {one.pid})" in found.stdout
    assert f"(process {two.pid})" in found.stdout

    one.send_signal(signal.SIGKILL)
    one.wait()
    wait_for(lambda: (True, [LAST]) in said_of(out)[1:])  # the other has taken the step over
    found = bench_status(out)
    assert found.exit_code == 3
    assert f"{out}: process {one.pid} ended without saying so" in found.stdout
    watch = subprocess.Popen(
        [sys.executable, "-m", "bench.cli", "status", str(out), "--watch"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    (tmp_path / "go-on").touch()
    answer, errors = watch.communicate(timeout=60)
    assert answer.startswith(f"{out}: incomplete: 2 of 5 trials have a result"), errors
    assert (watch.returncode, errors) == (4, "")
    two.communicate()
    assert not list(out.glob("status*"))


class Looking(Counting):
    """Looks at the run's status, as a step starts and in the end."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder, self.states, self.said = folder, [], []

    def started(self, step, title):
        wait_for(lambda: said_of(self.folder)[-1:] == [(True, [title])])
        self.states.append(run_status(self.folder).state)

    def say(self, text):
        self.said.append(text)


@pytest.fixture
def at_once(monkeypatch):
    """Status is written all the time, so that no run of a test is too short for it."""
    monkeypatch.setattr(heartbeat, "_FIRST_S", 0.01)
    monkeypatch.setattr(heartbeat, "_EVERY_S", 0.01)


def test_a_run_tells_as_it_runs_and_leaves_nothing(go, write_suite, tmp_path, at_once):
    watcher = Looking(tmp_path / "one")
    finished, _ = go(write_suite(protocol="base_predictions: in-sample"), watcher=watcher)
    assert watcher.states == ["running"] * watcher.steps
    assert watcher.states
    assert not list((tmp_path / "one").glob("*status*"))
    found = bench_status(tmp_path / "one")
    assert found.exit_code == 0
    trials = len(finished.manifest["trials"])
    assert (
        found.stdout == f"{tmp_path / 'one'}: complete: {trials} of {trials} trials have a result\n"
    )
    assert json.loads(bench_status(tmp_path / "one", "--json").stdout)["exit_code"] == 0
    assert bench_status(tmp_path / "one", "--watch").stdout == found.stdout


def test_a_status_that_can_t_be_written_is_a_note_and_the_run_is_none_the_worse(
    go, write_suite, tmp_path, at_once
):
    suite = write_suite(protocol="base_predictions: in-sample")
    (tmp_path / "one" / "status.json").mkdir(parents=True)
    watcher = Watched()
    finished, _ = go(suite, watcher=watcher)
    assert set(status(finished).values()) == {"ok"}
    assert [line for line in watcher.said if "status" in line] == [
        f"`bench status` could not follow this run: {tmp_path}/one/status.json: can't be written: Is a directory"
    ]
    assert CliRunner().invoke(main, ["verify", str(tmp_path / "one")]).exit_code == 0


class Watched(Watcher):
    def __init__(self) -> None:
        self.said: list[str] = []
        self.memories: set[str] = set()

    def say(self, text):
        self.said.append(text)

    def memory(self, step, resident_bytes):
        assert resident_bytes > 2**20
        self.memories.add(step)


def test_what_a_step_of_its_own_process_has_in_memory_is_told(go, write_suite, at_once):
    watcher = Watched()
    go(write_suite(protocol="base_predictions: in-sample"), watcher=watcher, executor="local")
    assert watcher.memories


def test_a_strangers_executor_that_tells_nonsense_costs_the_status_alone(tmp_path, at_once):
    class Nonsense:
        processes = 7

    said = Watched()
    with heartbeat.beating(Tally(said), Nonsense(), tmp_path, set):
        time.sleep(0.1)
    (line,) = said.said
    assert line.startswith("`bench status` could not follow this run: TypeError: ")


def test_a_run_counts_what_one_beside_it_records(tmp_path, at_once):
    """`old` failed before it began, `new` is recorded meanwhile, of `other` it knows nothing."""
    for room in ("records", "failures"):
        (tmp_path / room).mkdir()
    (tmp_path / "failures" / "old.json").touch()
    left = {"old": "small/cold lr, seed 0", "new": "small/cold fm, seed 0", "late": "small/cold"}
    beside = RecordedBeside(SimpleNamespace(folder=tmp_path, left=left))
    tally = Tally()
    tally.planned(3, 3, 1)
    with heartbeat.beating(tally, SimpleNamespace(processes={}), tmp_path, beside.titles):
        wait_for(lambda: read_status(tmp_path))
        assert [one.now.recorded for one in read_status(tmp_path)] == [1]
        (tmp_path / "records" / "new.json").touch()
        (tmp_path / "records" / "other.json").touch()
        wait_for(lambda: [one.now.recorded for one in read_status(tmp_path)] == [2])
        (tmp_path / "records" / "old.json").touch()
        (tmp_path / "failures" / "late.json").touch()
        wait_for(lambda: [one.now.recorded for one in read_status(tmp_path)] == [4])


def test_a_killed_run_that_has_all_results_lacks_its_analysis_alone(go, write_suite, tmp_path):
    folder = tmp_path / "one"
    finished, _ = go(write_suite())
    trials = f"{len(finished.records)} of {len(finished.records)} trials have a result"
    before = content(folder)
    status_file = StatusFile(folder)
    status_file.write(Tally().now())
    status_file._close()  # as the end of its process does
    found = bench_status(folder)
    assert found.exit_code == 0
    assert found.stdout.splitlines()[0] == f"{folder}: ended without saying so: {trials}"
    (folder / "analysis.json").unlink()
    found = bench_status(folder)
    assert found.exit_code == 0
    assert found.stdout.splitlines()[0] == (
        f"{folder}: ended without saying so: {trials}; it ended before its analysis: `bench run` makes it"
    )
    told = json.loads(bench_status(folder, "--json").stdout)
    assert (told["state"], told["exit_code"], told["lacks_analysis"]) == ("killed", 0, True)
    (folder / "status.json").unlink()
    found = bench_status(folder)
    assert found.stdout == (
        f"{folder}: complete: {trials}; no analysis is of them: `bench run` makes it\n"
    )
    go(write_suite())
    assert content(folder).keys() == before.keys()
    assert bench_status(folder).stdout == f"{folder}: complete: {trials}\n"


def test_a_run_that_has_said_nothing_yet_is_at_work(go, write_suite, tmp_path):
    """It holds the room of its blobs."""
    states = []

    class AtOnce(Counting):
        def planned(self, steps, trials, reused):
            super().planned(steps, trials, reused)
            assert not read_status(tmp_path / "one")
            states.append(bench_status(tmp_path / "one"))

    go(write_suite(), watcher=AtOnce())
    (found,) = states
    assert found.exit_code == 3
    assert "running; it has not said yet how far it is: 0 of " in found.stdout


def test_looking_writes_nothing(go, write_suite, tmp_path):
    go(write_suite())
    before = content(tmp_path / "one")
    times = {path: path.stat().st_mtime_ns for path in sorted((tmp_path / "one").rglob("*"))}
    bench_status(tmp_path / "one")
    assert content(tmp_path / "one") == before
    assert {
        path: path.stat().st_mtime_ns for path in sorted((tmp_path / "one").rglob("*"))
    } == times


def test_an_interrupted_run_says_so(go, write_suite, tmp_path):
    class Interrupting(Counting):
        def ended(self, step, title, failure):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        go(write_suite(), watcher=Interrupting())
    found = bench_status(tmp_path / "one")
    assert found.exit_code == 4
    assert f"{tmp_path / 'one'}: interrupted: " in found.stdout
    assert "`bench run` goes on from there" in found.stdout
    assert not list((tmp_path / "one").glob("status*"))


def test_a_run_without_a_manifest_yet_has_just_begun(go, write_suite, tmp_path):
    go(write_suite())
    folder = tmp_path / "one"
    (folder / "manifest.json").unlink()
    assert "manifest.json: missing" in bench_status(folder).stderr
    with using(folder / "blobs"):
        found = bench_status(folder)
    assert found.exit_code == 2
    assert f"{folder} has just begun: it has no manifest yet" in found.stderr


def test_what_is_no_run_and_what_is_damaged_is_said_with_its_place(go, write_suite, tmp_path):
    found = bench_status(tmp_path / "none")
    assert found.exit_code == 2
    assert "none/manifest.json: missing" in found.stderr
    assert "One that has just begun prepares its data first" in found.stderr
    with pytest.raises(NoRunError):
        run_status(tmp_path / "none")
    go(write_suite())
    (tmp_path / "one" / "status.json").write_text("{", "ascii")
    found = bench_status(tmp_path / "one", "--json")
    assert found.exit_code == 5
    assert (
        "one/status.json: truncated or edited" in json.loads(found.stdout)["errors"][0]["message"]
    )


def test_memory_of_a_family_counts_shared_pages_once():
    fork = (
        "import os, sys, time; room = bytearray(80 * 2**20); os.fork(); os.fork();"
        "print(flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", fork], stdout=subprocess.PIPE, process_group=0
    ) as parent:
        try:
            for _ in range(4):
                parent.stdout.readline()
            assert 80 * 2**20 <= tree_bytes(parent.pid) < 160 * 2**20
        finally:
            os.killpg(parent.pid, signal.SIGKILL)
    assert tree_bytes(parent.pid) == 0
