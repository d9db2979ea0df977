"""Workers of Dask in jobs of a batch system: SLURM, PBS and others, by dask-jobqueue."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bench.errors import ExecutorError
from bench.job.limits import parse_memory, parse_time, shown_time

__all__ = ["JobQueueParams", "Jobs"]

_LOOPBACK = "127.0.0.1"
_LOOK_S = 1.0
_CLASSES = {
    "slurm": "SLURMCluster",
    "pbs": "PBSCluster",
    "sge": "SGECluster",
    "lsf": "LSFCluster",
    "oar": "OARCluster",
    "moab": "MoabCluster",
    "htcondor": "HTCondorCluster",
}
_SHOWN_BY = {
    "slurm": "squeue",
    "pbs": "qstat",
    "sge": "qstat",
    "lsf": "bjobs",
    "oar": "oarstat",
    "moab": "showq",
    "htcondor": "condor_q",
}


def _with_unit(parse: Callable[[object], object]) -> AfterValidator:
    def checked(text: str) -> str:
        parse(text)
        return text

    return AfterValidator(checked)


class JobQueueParams(BaseModel):
    """Of jobs that are alike. What is not set is as dask-jobqueue's own configuration has it (jobqueue.yaml)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    system: Literal["slurm", "pbs", "sge", "lsf", "oar", "moab", "htcondor"] = Field(
        description="who is asked for jobs"
    )
    cores: int = Field(ge=1, description="of a job: it does as many steps of one thread at a time")
    memory: Annotated[str, _with_unit(parse_memory)] = Field(
        description="of a job, for all its steps: 16GiB"
    )
    queue: str | None = Field(None, description="queue or partition [the system's default]")
    walltime: str | None = Field(
        None,
        description="how long a job may run, 08:00:00; another one then takes its place [30 minutes]",
    )
    jobs: int | None = Field(
        None, ge=1, description="at a time [as many as --workers needs, else one]"
    )
    interface: str | None = Field(
        None, description="network interface by which jobs reach this machine: ib0 [loopback]"
    )
    host: str | None = Field(
        None, description="or the address of this machine by which they do [loopback]"
    )
    wait: Annotated[str, _with_unit(parse_time)] = Field(
        "10m", description="how long to wait for a job to begin where none runs"
    )
    extra: dict[str, Any] = Field(
        {}, description="further arguments of the system's class in dask-jobqueue"
    )


class Jobs:
    """`cluster`: their scheduler, in this process. A job is one worker with as many threads as it has cores."""

    def __init__(self, params: JobQueueParams, workers: int, security: Any = None) -> None:
        """`workers`: steps at a time, 0 where nobody said."""
        self._params = params
        self._count = params.jobs or max(1, math.ceil(workers / params.cores))
        self._refused: list[str] = []  # why the system took no job
        self._told = 0  # of these
        try:
            made = getattr(_dask_jobqueue(), _CLASSES[params.system])
            job = _job_class(made.job_cls, self._refused)
            self.cluster = made(job_cls=job, **_arguments(params, security))
        except (ImportError, OSError, RuntimeError, TypeError, ValueError) as error:
            raise self._error(f"{error}; correct --executor-set jobqueue") from error

    def ask(self, begun: Callable[[], object], say: Callable[[str], object]) -> None:
        """For those that are not there: at first all, later those that have ended. Waits until one has `begun`. ExecutorError
        where none does in time, or the system takes none."""
        self.cluster.scale(jobs=self._count)
        if begun():
            return
        longest = parse_time(self._params.wait)
        say(f"{self._waits_for()}, {shown_time(longest)} at most: `{self._shown_by}` shows them")
        until = time.monotonic() + longest
        while not begun():
            self._look_at_refused(say)
            if time.monotonic() > until:
                at = self.cluster.scheduler_address
                what = f"no job had begun and reached {at} within {shown_time(longest)}"
                raise self._error(f"{what}; {self._fix()}")
            time.sleep(_LOOK_S)
            self.cluster.scale(jobs=self._count)

    def _look_at_refused(self, say: Callable[[str], object]) -> None:
        refused, self._told = self._refused[self._told :], len(self._refused)
        if self._told >= self._count:
            raise self._error(f"takes no job: {self._refused[-1]}; correct --executor-set jobqueue")
        for reason in refused:
            say(f"{self._params.system} takes only some of {self._count} jobs: {reason}")

    def _waits_for(self) -> str:
        jobs = "a job" if self._count == 1 else f"the first of {self._count} jobs"
        return f"waiting for {jobs} of {self._params.system}"

    @property
    def _shown_by(self) -> str:
        return _SHOWN_BY[self._params.system]

    def _fix(self) -> str:
        shown = f"look at `{self._shown_by}` and at what jobs print"
        if self._params.interface or self._params.host or "scheduler_options" in self._params.extra:
            return f"{shown}, or wait longer: --executor-set jobqueue.wait=1h"
        return f"{shown}. On other machines they need --executor-set jobqueue.interface=NAME"

    def _error(self, what: object) -> ExecutorError:
        return ExecutorError(f"executor 'dask': {self._params.system} {_line(what)}")


def _dask_jobqueue() -> Any:
    """The package. Its import takes ctrl-C for itself, which is given back."""
    before = signal.getsignal(signal.SIGINT)
    import dask_jobqueue

    if signal.getsignal(signal.SIGINT) is not before:
        signal.signal(signal.SIGINT, before)
    return dask_jobqueue


def _line(text: object) -> str:
    return " ".join(str(text).split())


def _job_class(job: Any, refused: list[str]) -> Any:
    """Whose submission may be refused without a word of Dask's: it is told by who waits."""
    from distributed.core import Status

    class Asked(job):  # type: ignore[misc]
        async def start(self) -> None:
            try:
                await super().start()
            except (OSError, RuntimeError, ValueError) as error:
                refused.append(_line(str(error).rpartition("stderr:")[2]))
                self.status = Status.running

        async def close(self) -> None:
            await super().close()
            self.status = Status.closed

    return Asked


def _arguments(params: JobQueueParams, security: Any) -> dict[str, Any]:
    """Of the system's class. Steps are processes of their own, so that one worker serves all cores of a job. No port listens
    where nobody asked for it."""
    from distributed.utils import get_ip_interface

    own = params.extra
    host = get_ip_interface(params.interface) if params.interface else params.host or _LOOPBACK
    listens = [] if params.interface or params.host else ["--host", _LOOPBACK]
    given = {"queue": params.queue, "walltime": params.walltime, "interface": params.interface}
    return {
        "cores": params.cores,
        "processes": 1,
        "memory": params.memory,
        "security": security,
        **{name: value for name, value in given.items() if value is not None},
        **own,
        "worker_extra_args": ["--no-dashboard", *listens, *own.get("worker_extra_args", ())],
        "scheduler_options": {
            "host": host,
            "dashboard": False,
            "dashboard_address": f"{host}:0",
            **own.get("scheduler_options", {}),
        },
    }
