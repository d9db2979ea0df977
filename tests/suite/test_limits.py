"""`limits` and `timing` of a suite: what they say of each step, and what is wrong with them, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import SuiteError
from bench.processes import Limits
from bench.registry import Registry, load_registry
from bench.suite import load, resolved

SUITE = """\
version: 1
name: limited
datasets:
  t: {use: table, path: t.csv, user: u, item: i, fields: [u, i], label: y}
protocols:
  cold: {use: user-holdout}
base_models:
  lr: {use: lr}
  fm: {use: fm, limits: {time: 2h}}
methods:
  gating: {selector: {use: mlp}, limits: {memory: null}, timing: exclusive}
seeds: [0]
limits: {time: 20m, memory: 4GiB}
"""


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry(autoload=False)


def read(folder: Path, registry: Registry, text: str = SUITE):
    (folder / "suite.yaml").write_text(text, "utf-8")
    return load(folder / "suite.yaml", registry)


def test_a_model_and_a_method_override_them_key_by_key(tmp_path, registry):
    suite = read(tmp_path, registry)
    assert suite.rules_of("lr").in_force == Limits(1200, 2**32)
    assert suite.rules_of("fm").in_force == Limits(7200, 2**32)
    assert suite.rules_of("gating").in_force == Limits(1200, None)
    assert [suite.rules_of(name).exclusive for name in ("lr", "fm", "gating")] == [0, 0, 1]


def test_the_copy_of_a_suite_has_them(tmp_path, registry):
    suite = read(tmp_path, registry)
    again = read(tmp_path, registry, resolved(suite, suite.seeds))
    for name in ("lr", "fm", "gating"):
        assert again.rules_of(name) == suite.rules_of(name)


def test_an_option_overrides_all_of_them(tmp_path, registry):
    suite = read(tmp_path, registry).limited("5m", None)
    assert suite.rules_of("fm").in_force == Limits(300, 2**32)
    assert suite.rules_of("gating").in_force == Limits(300, None)
    assert suite.rules_of("gating").exclusive


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("time: 20m", "time: 20", "13:16: limits.time: 20 has no unit; write 20s, 20m or 20h"),
        ("time: 20m", "time: -20m", "13:16: limits.time: '-20m' is no time; write 90s, 20m or 1h30m"),
        ("time: 20m", "time: 0s", "13:16: limits.time: '0s' is too short for any step; give at least 0.1s"),
        ("time: 20m", "time: 900000h", "13:16: limits.time: '900000h' is more than a year; leave the limit out"),
        ("memory: 4GiB", "memory: 4", "13:29: limits.memory: 4 has no unit; write 4MiB, 4GiB or 4GB"),
        ("memory: 4GiB", "memory: 1kB", "13:29: limits.memory: '1kB' is too little for any step; give at least 64 MiB"),
        ("memory: 4GiB", "memroy: 4GiB", "13:21: unknown key 'memroy' in limits; did you mean 'memory'?"),
        ("{time: 2h}", "{time: [2h]}", "9:32: base_models.fm.limits.time: ['2h'] is no time; write 90s, 20m or 1h30m"),
        ("{time: 2h}", "2h", "9:25: base_models.fm.limits must be a mapping; got '2h'"),
        ("exclusive", "alone", "11:66: methods.gating.timing must be 'shared' or 'exclusive'; got 'alone'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(tmp_path, registry, old, new, said):
    assert old in SUITE
    with pytest.raises(SuiteError) as caught:
        read(tmp_path, registry, SUITE.replace(old, new))
    assert str(caught.value) == f"{tmp_path / 'suite.yaml'}:{said}"


def test_what_is_included_is_merged_key_by_key(tmp_path, registry):
    (tmp_path / "common.yaml").write_text("limits: {time: 20m}\n", "utf-8")
    text = SUITE.replace(
        "limits: {time: 20m, memory: 4GiB}", "limits: {memory: 4GiB}\ninclude: common.yaml"
    )
    assert read(tmp_path, registry, text).rules.in_force == Limits(1200, 2**32)
