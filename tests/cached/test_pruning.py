"""What of a cache goes, and what stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.cached import Criteria, contents, needed, prune
from bench.records import write_record
from bench.storage.at_work import at_work, began_first
from bench.storage.in_use import touch, using
from tests.cached.test_contents import HEX, bench_cache, put
from tests.records.made import edit, identity, make_run, record

DAY = 86400.0
NOTHING: frozenset[str] = frozenset()


def step(number: int) -> str:
    return f"{number:032x}"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Steps 1 to 5 of a thousand bytes and a bit, last used 10, 20, ... 50 days ago."""
    for number in range(1, 6):
        path = put(tmp_path / "cache", f"steps/fit-{step(number)}")
        used = time.time() - number * 10 * DAY
        os.utime(path, (used, used))
    return tmp_path / "cache"


def steps(cache: Path) -> list[int]:
    return [int(one.path.name[4:], 16) for one in contents(cache).entries if one.room == "steps"]


def test_what_is_older_goes(cache: Path) -> None:
    told = bench_cache("prune", "--older-than", "25d", "--cache-dir", cache)
    assert told.exit_code == 0
    assert steps(cache) == [1, 2]
    freed = "3 entries removed, 3."
    assert f"{cache}: {freed}" in told.stdout


def test_the_least_recently_used_goes_first_until_it_fits(cache: Path) -> None:
    touch(cache / "steps" / f"fit-{step(5)}")
    each = contents(cache).entries[0].bytes
    found = prune(cache, Criteria(None, 3 * each, NOTHING))
    assert steps(cache) == [1, 2, 5]
    assert [int(one.path.name[4:], 16) for one in found.removed] == [4, 3]
    assert found.left == 3 * each


def test_a_dry_run_says_it_and_removes_nothing(cache: Path) -> None:
    told = bench_cache("prune", "--max-size", "0", "--dry-run", "--cache-dir", cache)
    assert "5 entries would be removed" in told.stdout
    assert f"steps/fit-{step(5)}: " in told.stdout
    assert steps(cache) == [1, 2, 3, 4, 5]
    as_json = bench_cache("prune", "--max-size", "0", "--dry-run", "--cache-dir", cache, "--json")
    assert len(json.loads(as_json.stdout)["removed"]) == 5


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "--older-than AGE (30d), --max-size SIZE (10GiB), or --keep RUN"),
        (("--dry-run",), "say what may go"),
        (("--older-than", "a month"), "'a month' is not a span of time like 30d (units: s, m, h, d, w)"),
        (("--older-than", "-1d"), "not a span of time"),
        (("--max-size", "10 apples"), "not a size like 10GiB"),
        (("--max-size", "nan"), "not a size"),
    ],
)  # fmt: skip
def test_without_a_criterion_nothing_goes(
    cache: Path, arguments: tuple[str, ...], told: str
) -> None:
    found = bench_cache("prune", "--cache-dir", cache, *arguments)
    assert found.exit_code == 2
    assert told in found.stderr
    assert steps(cache) == [1, 2, 3, 4, 5]


# -- what a run needs


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run whose fm reads the steps 4 and 5."""
    folder = make_run(tmp_path / "run")
    path = folder / "records" / f"{identity('fm')}.json"
    edit(path, lambda one: one.update(steps=[step(4), step(5)]), seal=True)
    return folder


def test_what_a_run_depends_on_stays(cache: Path, run: Path) -> None:
    data = put(cache, f"data/ml-{HEX[:24]}")
    (data / "meta.json").write_text(json.dumps({"digest": "d" * 64}), "utf-8")
    split = put(cache, f"steps/split-{'s' * 32}".replace("s" * 32, "a" * 32))
    path = run / "records" / f"{identity('fm')}.json"
    edit(path, lambda one: one["identity"].update(split="a" * 64), seal=True)
    other = put(cache, f"data/other-{HEX[:24]}")
    (other / "meta.json").write_text(json.dumps({"digest": "e" * 64}), "utf-8")
    told = bench_cache("prune", "--keep", run, "--cache-dir", cache)
    assert told.exit_code == 0
    assert {one.path for one in contents(cache).entries} == {
        data, split, *(cache / "steps" / f"fit-{step(number)}" for number in (4, 5)),
    }  # fmt: skip
    assert "2 trials are of an older version" in told.stdout


def test_keep_holds_beside_the_other_criteria(cache: Path, run: Path) -> None:
    bench_cache("prune", "--keep", run, "--older-than", "35d", "--cache-dir", cache)
    assert steps(cache) == [1, 2, 3, 4, 5]
    told = bench_cache("prune", "--keep", run, "--max-size", "0", "--cache-dir", cache)
    assert steps(cache) == [4, 5]
    assert "more than 0 B is left: the rest is kept or in use" in told.stdout


def test_info_says_what_no_run_needs(cache: Path, run: Path) -> None:
    told = bench_cache("info", "--keep", run, "--cache-dir", cache, "--json")
    assert json.loads(told.stdout)["not_needed"]["entries"] == 3


def test_the_failed_trials_of_a_run_need_their_steps_too(cache: Path, run: Path) -> None:
    failed = record("gone") | {"steps": [step(1)]}
    failed["outcome"]["status"] = "error"
    write_record(run, failed)
    assert f"fit-{step(1)}" in needed(cache, [run]).names


def damaged(run: Path) -> None:
    (run / "records" / f"{identity('lr')}.json").write_text("{")


@pytest.mark.parametrize(
    ("damage", "code"), [(damaged, 5), (lambda run: (run / "manifest.json").unlink(), 2)]
)
def test_a_run_that_can_not_be_read_keeps_everything(
    cache: Path, run: Path, damage: Callable[[Path], Any], code: int
) -> None:
    damage(run)
    told = bench_cache("prune", "--keep", run, "--cache-dir", cache)
    assert told.exit_code == code
    assert f"`bench verify {run}` says" in told.stderr
    assert steps(cache) == [1, 2, 3, 4, 5]


# -- beside runs at work


def test_what_was_used_since_a_run_began_stays(cache: Path) -> None:
    with at_work(cache):
        touch(cache / "steps" / f"fit-{step(3)}")
        told = bench_cache("prune", "--max-size", "0", "--cache-dir", cache)
        assert steps(cache) == [3]
        assert "1 entries stay since runs at work have used them" in told.stdout
    prune(cache, Criteria(None, 0, NOTHING))
    assert steps(cache) == []
    assert list((cache / "in-use").iterdir()) == []


def test_what_is_used_while_others_are_removed_stays(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the listing and the removal."""
    from bench.cached import pruning

    chosen = pruning._chosen

    def used_meanwhile(*arguments: Any) -> Any:
        for entry in chosen(*arguments):
            if entry.path.name.endswith("3"):
                touch(entry.path)
            yield entry

    monkeypatch.setattr(pruning, "_chosen", used_meanwhile)
    prune(cache, Criteria(None, 0, NOTHING))
    assert steps(cache) == [3]


SLEEPS = """
import sys, time
from pathlib import Path
from bench.storage.at_work import at_work
with at_work(Path(sys.argv[1])):
    print("at work", flush=True)
    time.sleep(120)
"""


def test_a_killed_run_keeps_nothing(cache: Path) -> None:
    command = [sys.executable, "-c", SLEEPS, str(cache)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "at work\n"
    touch(cache / "steps" / f"fit-{step(3)}")
    prune(cache, Criteria(None, 0, NOTHING))
    assert steps(cache) == [3]
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=60)
    process.stdout.close()
    assert len(list((cache / "in-use").iterdir())) == 1
    prune(cache, Criteria(None, 0, NOTHING))
    assert steps(cache) == []
    assert list((cache / "in-use").iterdir()) == []


def test_a_cache_that_can_not_be_written_to_is_used_without_a_mark(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with at_work(tmp_path / "file"), using(tmp_path / "file" / "room"):
        touch(tmp_path / "file" / "room" / "x")
    assert began_first(tmp_path / "file") == float("inf")


def test_what_can_not_be_removed_is_said(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("bench.cached.pruning.discard", refuse)
    told = bench_cache("prune", "--max-size", "0", "--cache-dir", cache)
    assert told.exit_code == 5
    assert (
        f"cache {cache}/steps/fit-{step(5)}: can't be removed: Permission denied; make"
        in told.stderr
    )
