"""Suites changed anywhere, or cut and spliced: they load, or are refused with a place in each line; never a traceback, and
never a file written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.cli._output import printable
from bench.errors import BenchError
from bench.registry import Registry
from bench.suite import load
from tests.mutated import mutated

SUITE = """\
version: 1
name: small
plugins: []
datasets:
  toy: {use: toy, path: x.csv}
protocols:
  cold: {use: user-holdout, setting: cold, users: {train: 0.5, valid: 0.25, test: 0.25}, folds: 3, split_seed: 1}
  late: {use: temporal}
train: {batch_size: 64, learning_rate: 1e-2, epochs: 3}
base_models:
  trees: {use: trees}
  net: {use: net, dropout: 0.1, hidden: [8, 4], train: {epochs: 2}}
methods:
  gating: {selector: {use: gate, train: {l2: 0}}}
  meta: {selector: {use: gate}, meta_learner: {use: steps, adapt: [selector]}, base_predictions: in-sample}
grid:
  base_models.net.dropout: [0.1, 0.2]
seeds: [0, 1]
metrics: [auc, logloss, relaimpr, {use: auc, as: other}]
primary: logloss
gate: {tolerance: {auc: 1e-6}}
"""
TREE: dict[str, Any] = yaml.safe_load(SUITE)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def refusal(path: Path, registry: Registry) -> str:
    """What is said of a suite in place of loading it; anything but a BenchError is raised."""
    try:
        load(path, registry)
    except BenchError as error:
        return str(error)
    return ""


def check(path: Path, registry: Registry) -> None:
    before = {name: os.lstat(path.parent / name).st_mtime_ns for name in os.listdir(path.parent)}
    lines = printable(refusal(path, registry)).split("\n")  # as the command line shows it
    assert lines == [""] or all(line.startswith(f"{path}:") for line in lines), lines
    after = {name: os.lstat(path.parent / name).st_mtime_ns for name in os.listdir(path.parent)}
    assert after == before


def test_the_suite_as_it_is_loads(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "suite.yaml").write_text(SUITE)
    assert refusal(tmp_path / "suite.yaml", registry) == ""


def look(registry: Registry, folder: Path, examples: int) -> None:
    path = folder / "suite.yaml"

    @settings(max_examples=examples)
    @given(mutated(TREE))
    def of_any_tree(tree: Any) -> None:
        path.write_bytes(
            yaml.dump(tree, Dumper=_Dumper, sort_keys=False).encode("utf-8", "replace")
        )
        check(path, registry)

    of_any_tree()


@pytest.mark.fault(36)
def test_a_suite_that_is_changed_anywhere_loads_or_is_refused(
    registry: Registry, tmp_path: Path
) -> None:
    look(registry, tmp_path, 300)


@pytest.mark.slow
def test_a_suite_that_is_changed_anywhere_loads_or_is_refused_ten_thousand_times(
    registry: Registry, tmp_path: Path
) -> None:
    look(registry, tmp_path, 10_000)


@pytest.mark.fault(36)
def test_bytes_within_a_suite_are_read_or_refused(registry: Registry, tmp_path: Path) -> None:
    path, text = tmp_path / "suite.yaml", SUITE.encode()
    pieces = st.binary(max_size=20) | st.text("{}[]:,-&*!|>#'\"? \n\t\\<%@`", max_size=8).map(
        str.encode
    )

    @settings(max_examples=300)
    @given(pieces, st.integers(0, len(text)), st.integers(0, 40))
    def spliced(content: bytes, at: int, gone: int) -> None:
        path.write_bytes(text[:at] + content + text[at + gone :])
        check(path, registry)

    spliced()
