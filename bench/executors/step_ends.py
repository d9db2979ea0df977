"""What a step came to whose process is gone: by what it said, or by how it ended."""

from __future__ import annotations

import signal
from collections.abc import Iterator

from pydantic import ValidationError

from bench.executors.handed import Handed
from bench.executors.shown_log import end_of_log
from bench.job.outcome import Outcome, lost, no_result, of_exit, over_limit
from bench.processes import Ended

__all__ = ["TRIES", "is_loss", "outcome_of"]

TRIES = 3  # of a step whose process is killed from outside
_FROM_OUTSIDE = (-signal.SIGKILL, -signal.SIGTERM)  # by hand, or by the system for want of memory


def is_loss(ended: Ended) -> bool:
    """Whether somebody else ended the process: nobody here did, and it could not by itself but on purpose."""
    return ended.code in _FROM_OUTSIDE and not ended.over and not ended.malformed


def outcome_of(step: Handed, ended: Ended, said: str | None, losses: int) -> Outcome:
    """`said`: what it handed over as its outcome; `losses`: how often its process was killed from outside, this time too."""
    outcome = _by_its_end(step, ended, losses) if said is None else _said(said)
    if outcome.ok:
        return outcome.model_copy(update={"warnings": tuple(_warnings(ended, losses))})
    return outcome.model_copy(update={"log": end_of_log(step.log)})


def _said(outcome: str) -> Outcome:
    try:
        return Outcome.model_validate_json(outcome)
    except ValidationError:
        return _malformed(repr(outcome[:60]))


def _by_its_end(step: Handed, ended: Ended, losses: int) -> Outcome:
    if ended.malformed:
        return _malformed(ended.malformed)
    if ended.over:
        return over_limit(ended.over, step.limits, ended.peak_rss_bytes)
    if is_loss(ended):
        return lost(losses, ended.how)
    return of_exit(ended.code, ended.peak_rss_bytes)


def _malformed(what: str) -> Outcome:
    return no_result(f"it wrote {what} where its result belongs: it was ended")


def _warnings(ended: Ended, losses: int) -> Iterator[str]:
    if losses:
        often = "once" if losses == 1 else "twice"
        yield f"begun again {often}: its process was killed from outside"
    if ended.left:
        what = "a process" if ended.left == 1 else f"{ended.left} processes"
        yield f"it left {what} running, which ended with it"
    if ended.log_trouble:
        yield f"what it printed is not in its log: {ended.log_trouble}"
