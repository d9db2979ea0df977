"""The side that asks for figures. A metric that ends the process is left out, with that as its reason, and the rest is
computed anew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench import errors
from bench.errors import BenchError, DamagedCacheError
from bench.job.outcome import over_limit
from bench.processes import NO_LIMITS, Answer, Ended, Limits, Task, ask
from bench.processes.workers import worker_environment
from bench.scoring.order import AnalysisOrder, TrialOrder

__all__ = ["computed"]

_PRELOAD = ("bench.scoring.task",)


def computed(
    order: TrialOrder | AnalysisOrder, threads: int, limits: Limits = NO_LIMITS
) -> dict[str, Any]:
    """What `score_trial` or `analyse_place` gives; raises what it raises. `limits` hold where a stranger's metric is asked."""
    dead: dict[str, str] = {}
    while True:
        strangers = any(not one.own and one.name not in dead for one in order.metrics)
        held = limits if strangers else NO_LIMITS
        asked = order.model_copy(update={"dead": dead})
        answer = _ask(asked, threads, held, again=not strangers)
        if answer.result is not None:
            return _found(json.loads(answer.result))
        assert answer.ended is not None
        culprit = answer.progress[-1] if answer.progress else ""
        if not culprit or culprit in dead:
            raise _unexplained(answer.ended, held)
        dead[culprit] = _how(answer.ended, held)


def _ask(order: TrialOrder | AnalysisOrder, threads: int, limits: Limits, *, again: bool) -> Answer:
    """`again`: what is the harness's own leaves nothing to the next."""
    task = Task("figures", "bench.scoring.task:compute", order.model_dump_json(), limits)
    return ask(task, worker_environment(threads), _PRELOAD, again=again)


def _found(said: Mapping[str, Any]) -> dict[str, Any]:
    if "found" in said:
        return dict(said["found"])
    raised = said["raised"]
    if raised["kind"] == "DamagedCacheError":
        raise DamagedCacheError(Path(raised["folder"]), raised["what"])
    kind: type[BenchError] = getattr(errors, raised["kind"])
    raise kind(raised["text"])


def _how(ended: Ended, limits: Limits) -> str:
    if ended.over:
        return over_limit(ended.over, limits, ended.peak_rss_bytes).reason
    if ended.malformed:
        return f"it wrote {ended.malformed} where the harness listens"
    return f"it ended the process ({ended.how})"


def _unexplained(ended: Ended, limits: Limits) -> Exception:
    """No metric was at work: the harness's own computing ended."""
    if ended.over:
        reason = over_limit(ended.over, limits, ended.peak_rss_bytes).reason
        return BenchError(f"the process that computes figures: {reason}")
    if ended.code < 0:
        return BenchError(
            f"the process that computes figures was ended by {ended.how}; is there enough memory? Run again: what is "
            "recorded stays"
        )
    return RuntimeError(f"figures could not be computed ({ended.how}); the reason is above")
