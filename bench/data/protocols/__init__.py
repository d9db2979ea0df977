"""The harness's own protocols, one a file."""

from bench.data.protocols.given import Given
from bench.data.protocols.leave_last import LeaveLast
from bench.data.protocols.temporal import Temporal
from bench.data.protocols.user_holdout import UserHoldout

__all__ = ["Given", "LeaveLast", "Temporal", "UserHoldout"]
