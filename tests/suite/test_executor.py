"""`executor:` of a suite: where its steps run."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from bench.errors import SuiteError
from bench.registry import Registry, load_registry
from bench.suite import ExecutorSpec, Suite, load, resolved
from bench.suite.check.json_schema import json_schema
from bench.suite.places.yaml_document import parse

SUITE = """\
version: 1
name: somewhere
datasets:
  t: {use: table, path: t.csv, user: u, item: i, fields: [u, i], label: y}
protocols:
  cold: {use: user-holdout}
base_models:
  lr: {use: lr}
seeds: [0]
"""
DASK = """\
executor:
  use: dask
  disk: own
  jobqueue: {system: slurm, cores: 8, memory: 16GiB, extra: {job_extra_directives: [--exclusive]}}
"""


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry(autoload=False)


def read(folder: Path, registry: Registry, more: str) -> Suite:
    (folder / "suite.yaml").write_text(SUITE + more, "utf-8")
    return load(folder / "suite.yaml", registry)


def test_it_is_kept_as_it_is_written(tmp_path: Path, registry: Registry) -> None:
    assert read(tmp_path, registry, "").executor is None
    suite = read(tmp_path, registry, DASK)
    assert suite.executor == ExecutorSpec(
        "dask",
        {
            "disk": "own",
            "jobqueue": {
                "system": "slurm",
                "cores": 8,
                "memory": "16GiB",
                "extra": {"job_extra_directives": ["--exclusive"]},
            },
        },
    )
    again = tmp_path / "again.yaml"
    again.write_text(resolved(suite, suite.seeds), "utf-8")
    assert load(again, registry).executor == suite.executor


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{use: dsk}", "10:17: unknown executor 'dsk'; did you mean 'dask'?"),
        (
            "{use: dask, adress: x}",
            "10:23: unknown parameter 'adress' of executor 'dask'; did you mean 'address'?",
        ),
        (
            "{use: dask, jobqueue: {system: slurm, core: 1, memory: 4GiB}}",
            "10:49: unknown parameter 'jobqueue.core' of executor 'dask'; did you mean 'cores'?",
        ),
        (
            "{use: dask, jobqueue: {system: slurm, cores: 1, memory: 4}}",
            "10:67: parameter 'jobqueue.memory' of executor 'dask' must be text; got 4; quote it: '4'",
        ),
        (
            "{use: dask, jobqueue: {system: slurm, cores: 1, memory: '4'}}",
            "'4' has no unit; write 4MiB, 4GiB or 4GB",
        ),
        (
            "{use: dask, address: x, jobqueue: {system: slurm, cores: 1, memory: 4GiB}}",
            "address and jobqueue are two places; set one of them",
        ),
        ("{jobs: 3}", "10:11: executor lacks the key 'use'; add it"),
        ("dask", "10:11: executor must be a mapping; got 'dask'"),
    ],
)
def test_a_slip_is_told_with_its_place(
    tmp_path: Path, registry: Registry, line: str, reason: str
) -> None:
    with pytest.raises(SuiteError) as caught:
        read(tmp_path, registry, f"executor: {line}\n")
    assert reason in str(caught.value), str(caught.value)


def test_editors_know_its_parameters(registry: Registry) -> None:
    validator = Draft202012Validator(json_schema(registry))
    for more, right in (
        (DASK, True),
        ("executor: {use: inline}\n", True),
        ("executor: {use: inline, jobs: 1}\n", False),
        ("executor: {use: dsk}\n", False),
    ):
        data = parse((SUITE + more).encode(), "suite.yaml").data
        assert validator.is_valid(data) == right, more
