"""The harness's own protocols, one a file."""

from bench.data.splits.given import Given
from bench.data.splits.leave_last import LeaveLast
from bench.data.splits.temporal import Temporal
from bench.data.splits.user_holdout import UserHoldout

__all__ = ["Given", "LeaveLast", "Temporal", "UserHoldout"]
