"""What a step or a trial came to."""

from __future__ import annotations

import signal as signals
import traceback as tracebacks
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from bench.errors import BenchError
from bench.job.limits import shown_memory, shown_time
from bench.processes.messages import Limits, OverLimit

__all__ = [
    "OK",
    "Outcome",
    "Status",
    "WaitedFor",
    "lost",
    "no_result",
    "of_error",
    "of_exit",
    "of_record",
    "over_limit",
    "unavailable",
]

Status = Literal[
    "ok",
    "error",  # the plugin raised
    "invalid_prediction",  # it handed back what is no prediction
    "invalid_selection",  # weights off the simplex
    "no_result",  # its process ended without one
    "crashed",  # its process was ended by a signal
    "timeout",  # it ran longer than its limit
    "memory",  # its processes had more memory than its limit
    "lost",  # its process was killed from outside, again and again
    "unavailable",  # never begun: a plugin can't be used, or a step that it needs has no result
    "storage",  # of a step alone, never of a trial: the cache failed, which ends the run
]
_REASON_CAP, _TRACEBACK_CAP = 2_000, 20_000  # characters


class WaitedFor(BaseModel):
    """The step without whose result a trial could not begin, and what became of that step."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str  # for people: "ml-100k/cold fm, fold 3 of 5, seed 0"
    owner: str  # the base model or method that the step is of
    ended: Outcome


class Outcome(BaseModel):
    """`reason` is one line for people, empty where all is well; `traceback` is kept of what raised, `log` is the end of what
    its process printed, where it has no result. `warnings`: of a step that has one, what its record is to say beside it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Status = "ok"
    reason: str = ""
    traceback: str = ""
    log: str = ""
    warnings: tuple[str, ...] = ()
    signal: str | None = None  # of crashed: SIGSEGV
    waited_for: WaitedFor | None = None  # of unavailable, where a step is to blame
    # most memory that the process had; None where nobody could look
    peak_rss_bytes: int | None = None

    @property
    def ok(self) -> bool:
        return self.status == "ok"

    @property
    def label(self) -> str:
        """The status as reports print it: `crashed:SIGSEGV`."""
        return f"{self.status}:{self.signal}" if self.signal else self.status


WaitedFor.model_rebuild()
OK = Outcome()


def of_record(record: Mapping[str, Any]) -> Outcome:
    """What the trial of a record came to."""
    return Outcome.model_validate(record["outcome"])


def of_error(error: BaseException, peak_rss_bytes: int | None = None) -> Outcome:
    """Of what a step raised."""
    status: Status = getattr(error, "status", "error") if isinstance(error, BenchError) else "error"
    reason = str(error) if isinstance(error, BenchError) else f"{type(error).__name__}: {error}"
    trace = "".join(tracebacks.format_exception(error))
    return Outcome(
        status=status,
        reason=reason[:_REASON_CAP],
        traceback=trace[-_TRACEBACK_CAP:],
        peak_rss_bytes=peak_rss_bytes,
    )


def of_exit(code: object, peak_rss_bytes: int | None = None) -> Outcome:
    """Of a process that said nothing before it ended, by its exit code: below 0 a signal's number."""
    if isinstance(code, int) and code < 0:
        known = {one.value: one.name for one in signals.Signals}
        name = known.get(-code, f"signal {-code}")  # real-time signals have no names
        reason, peak = f"the process was ended by {name}", peak_rss_bytes
        return Outcome(status="crashed", signal=name, reason=reason, peak_rss_bytes=peak)
    return no_result(f"the process exited with {code}", peak_rss_bytes)


def over_limit(over: OverLimit, limits: Limits, peak_rss_bytes: int | None) -> Outcome:
    """Of a step that was ended since it was over one of its limits."""
    if over == "timeout":
        allowed = shown_time(limits.time_s or 0)
        reason = f"still running after the time limit of {allowed}; raise `limits: time` or --time-limit, or make it faster"
    else:
        allowed, most = shown_memory(limits.memory_bytes or 0), shown_memory(peak_rss_bytes or 0)
        reason = (
            f"over the memory limit of {allowed}: its processes had {most}; raise `limits: memory` or --memory-limit, or make "
            "it smaller"
        )
    return Outcome(status=over, reason=reason, peak_rss_bytes=peak_rss_bytes)


def lost(times: int, how: str) -> Outcome:
    """Of a step whose process was killed from outside so many times, each time alone but for the first."""
    return Outcome(
        status="lost",
        reason=f"its process was killed from outside {times} times ({how}), though nothing ran beside it; is there enough "
        "memory? `limits: memory` or --memory-limit says so where a step takes too much",
    )


def no_result(how: str, peak_rss_bytes: int | None = None) -> Outcome:
    """Of a step that ended without saying what it came to."""
    reason = f"{how} and no result"
    return Outcome(status="no_result", reason=reason, peak_rss_bytes=peak_rss_bytes)


def unavailable(title: str, owner: str, ended: Outcome) -> Outcome:
    """Of a trial that needs a step without a result."""
    reason = f"needs {title}, which ended as {ended.label}: {ended.reason}"
    return Outcome(
        status="unavailable",
        reason=reason,
        waited_for=WaitedFor(title=title, owner=owner, ended=ended),
    )
