"""An order, computed: the task of a process of its own (bench.processes), imported by the server that forks it."""

from __future__ import annotations

import json
import signal
from typing import Any

from bench.errors import BenchError, DamagedCacheError
from bench.scoring.analysis import analyse_place
from bench.scoring.metrics import Say
from bench.scoring.order import TrialOrder, parse_order
from bench.scoring.trial import score_trial

__all__ = ["compute"]


def compute(order_json: str, say: Say) -> str:
    """What was found, as JSON; or what the harness raises on purpose, for whoever asked to raise again."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # nobody's keyboard reaches this process
    order = parse_order(order_json)
    try:
        found = (
            score_trial(order, say) if isinstance(order, TrialOrder) else analyse_place(order, say)
        )
    except BenchError as error:
        return json.dumps({"raised": _told(error)})
    return json.dumps({"found": found})


def _told(error: BenchError) -> dict[str, Any]:
    if isinstance(error, DamagedCacheError):
        return {"kind": "DamagedCacheError", "folder": str(error.folder), "what": error.what}
    return {"kind": type(error).__name__, "text": str(error)}
