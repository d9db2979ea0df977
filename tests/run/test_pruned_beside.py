"""A cache is tidied up while a suite runs, again and again: nothing that the run needs vanishes, its figures are the same."""

from __future__ import annotations

import os

import pytest

from bench.cached import Criteria, contents, needed, prune
from bench.records import load
from bench.records.verify import verify
from tests.run.conftest import Counting, status

ALL_THAT_MAY_GO = Criteria(None, 0, frozenset())
IN_SAMPLE = "base_predictions: in-sample"


class Pruning(Counting):
    """Has all of a cache removed that may go, whenever a run tells of anything."""

    def __init__(self, cache) -> None:
        super().__init__()
        self.cache, self.removed = cache, 0

    def say(self, text):
        self.removed += len(prune(self.cache, ALL_THAT_MAY_GO).removed)

    def started(self, step, title):
        self.say("")

    def ended(self, step, title, failure):
        super().ended(step, title, failure)
        self.say("")

    def recorded(self, title, outcome):
        self.say("")


def age_all(cache):
    for entry in contents(cache).entries:
        os.utime(entry.path, (1000, 1000))


def figures(run):
    return {record["id"]: (record["metrics"], record["blobs"]) for record in run.records}


@pytest.mark.parametrize("executor", ["inline", "local"])
def test_nothing_that_a_run_needs_vanishes(go, write_suite, tmp_path, executor):
    file = write_suite()
    untouched, _ = go(file, "untouched")
    cache = tmp_path / "cache"
    go(file, "first", cache="cache", only=("lr",))
    age_all(cache)
    watcher = Pruning(cache)
    run, _ = go(file, cache="cache", watcher=watcher, executor=executor)
    assert set(status(run).values()) == {"ok"}
    assert figures(run) == figures(untouched)
    assert len(watcher.titles) == len(set(watcher.titles)), "nothing was made twice"
    assert verify(run.folder).findings == ()
    assert {one.path.name for one in contents(cache).entries} >= steps_of(run, cache)


def steps_of(run, cache):
    return {name for name in needed(cache, [run.folder]).names if (cache / "steps" / name).exists()}


def test_what_no_run_uses_goes_beside_one(go, write_suite, tmp_path):
    file = write_suite(protocol=IN_SAMPLE)
    cache = tmp_path / "cache"
    go(file, "first", cache="cache", seeds=(7,))
    age_all(cache)
    before = {one.path.name for one in contents(cache).entries if one.room == "steps"}
    watcher = Pruning(cache)
    run, _ = go(file, cache="cache", watcher=watcher)
    assert set(status(run).values()) == {"ok"}
    after = {one.path.name for one in contents(cache).entries}
    assert {name for name in before & after if not name.startswith("split-")} == set()
    assert watcher.removed


def test_a_record_names_all_steps_that_it_reads(go, write_suite, tmp_path):
    """So that what is kept for a run is all that its trials depend on: nothing is to be made again, with no record left."""
    file = write_suite()
    go(file, cache="cache")
    go(file, "other", cache="cache", seeds=(7,))
    cache = tmp_path / "cache"
    wanted = needed(cache, [tmp_path / "one"])
    assert wanted.own_alone == 0
    every = len(contents(cache).entries)
    found = prune(cache, Criteria(None, None, wanted.names))
    assert 0 < len(found.removed) < every
    again, watcher = go(file, "again", cache="cache")
    assert watcher.steps == 0
    assert figures(again) == figures(load(tmp_path / "one"))


class Stopping(Counting):
    """Is interrupted once a base model is fitted, before any trial has a record."""

    def ended(self, step, title, failure):
        super().ended(step, title, failure)
        raise KeyboardInterrupt


def test_an_interrupted_run_keeps_what_it_has_yet_to_use(go, write_suite, tmp_path):
    """Its trials without a record need steps that no record names."""
    file = write_suite()
    cache = tmp_path / "cache"
    with pytest.raises(KeyboardInterrupt):
        go(file, cache="cache", watcher=Stopping())
    assert load(tmp_path / "one").records == ()
    done = {one.path.name for one in contents(cache).entries if one.room == "steps"}
    go(file, "other", cache="cache", seeds=(7,))
    wanted = needed(cache, [tmp_path / "one"])
    assert wanted.own_alone == 0
    found = prune(cache, Criteria(None, None, wanted.names))
    assert found.removed
    assert {one.path.name for one in contents(cache).entries} >= done
