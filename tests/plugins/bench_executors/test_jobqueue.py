"""What is asked of a batch system, and what is said where it gives nothing. No system is asked here: tests/slurm does."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bench.errors import ExecutorError
from bench_executors.jobqueue import JobQueueParams, Jobs

pytestmark = pytest.mark.skipif(
    find_spec("dask_jobqueue") is None, reason="dask-jobqueue is not installed"
)

GIVEN = {"system": "slurm", "cores": 8, "memory": "16GiB"}


@pytest.fixture
def jobs() -> Iterator[Callable[..., Jobs]]:
    made: list[Jobs] = []

    def make(workers: int = 0, **params: Any) -> Jobs:
        made.append(Jobs(JobQueueParams(**GIVEN | params), workers))
        return made[-1]

    yield make
    for one in made:
        one.cluster.close(30)


def test_a_job_is_one_worker_on_loopback_with_a_thread_a_core(jobs: Callable[..., Jobs]) -> None:
    script = jobs(queue="long", walltime="08:00:00").cluster.job_script()
    for line in ("-p long", "-t 08:00:00", "--cpus-per-task=8", "--mem=16G"):
        assert f"#SBATCH {line}\n" in script
    for option in ("--nthreads 8", "--host 127.0.0.1", "--no-dashboard", "tcp://127.0.0.1:"):
        assert f" {option}" in script
    assert "--nworkers" not in script


def test_by_an_interface_workers_choose_their_own_address(jobs: Callable[..., Jobs]) -> None:
    cluster = jobs(interface="lo", extra={"worker_extra_args": ["--lifetime", "1h"]}).cluster
    assert cluster.scheduler_address.startswith("tcp://127.0.0.1:")
    script = cluster.job_script()
    assert "--host" not in script
    assert "--interface lo" in script
    assert "--no-dashboard --lifetime 1h" in script


def test_other_systems_are_asked_alike(jobs: Callable[..., Jobs]) -> None:
    script = jobs(system="pbs", queue="long", extra={"job_name": "mine"}).cluster.job_script()
    assert "#PBS -q long\n" in script
    assert "#PBS -N mine\n" in script


@pytest.mark.parametrize(("workers", "asked", "count"), [(0, None, 1), (9, None, 2), (9, 3, 3)])
def test_as_many_jobs_as_workers_need(
    jobs: Callable[..., Jobs], workers: int, asked: int | None, count: int
) -> None:
    assert jobs(workers, jobs=asked)._count == count


def test_a_system_that_is_not_there_is_told(
    jobs: Callable[..., Jobs], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said: list[str] = []
    with pytest.raises(ExecutorError) as caught:
        jobs().ask(lambda: False, said.append)
    assert said == ["waiting for a job of slurm, 10 min at most: `squeue` shows them"]
    assert str(caught.value) == (
        "executor 'dask': slurm takes no job: [Errno 2] No such file or directory: 'sbatch'; "
        "correct --executor-set jobqueue"
    )


def test_where_a_job_is_there_nothing_is_waited_for(jobs: Callable[..., Jobs]) -> None:
    said: list[str] = []
    jobs().ask(lambda: True, said.append)
    assert said == []


def test_ctrl_c_stays_whose_it_was(jobs: Callable[..., Jobs]) -> None:
    before = signal.getsignal(signal.SIGINT)
    for name in [name for name in sys.modules if name.partition(".")[0] == "dask_jobqueue"]:
        del sys.modules[name]
    jobs()
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"cores": 0}, "greater than or equal to 1"),
        ({"memory": "16"}, "'16' has no unit; write 16MiB, 16GiB or 16GB"),
        ({"wait": "10"}, "'10' has no unit; write 10s, 10m or 10h"),
        ({"system": "cron"}, "'slurm', 'pbs'"),
        ({"partition": "long"}, "Extra inputs are not permitted"),
    ],
)
def test_parameters_are_checked(params: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        JobQueueParams(**GIVEN | params)


@pytest.mark.filterwarnings("ignore:unclosed cluster:ResourceWarning")  # half made
def test_arguments_that_the_class_does_not_know_are_told() -> None:
    with pytest.raises(ExecutorError, match=r"slurm .*colour.*; correct --executor-set jobqueue$"):
        Jobs(JobQueueParams(**GIVEN, extra={"colour": "red"}), 0)
