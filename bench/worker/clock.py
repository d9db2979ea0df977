"""The harness's own clock: CPU and wall seconds of a plugin call, and the memory that its process reached."""

from __future__ import annotations

import resource
import sys
import time
from types import TracebackType

__all__ = ["Clock", "peak_rss_bytes"]


class Clock:
    """`with Clock() as clock:` one plugin call; then clock.cpu_s and clock.wall_s. All threads of the process count.
    Entered again, it adds."""

    cpu_s = 0.0
    wall_s = 0.0

    def __enter__(self) -> Clock:
        self._cpu, self._wall = time.process_time(), time.monotonic()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cpu_s += time.process_time() - self._cpu
        self.wall_s += time.monotonic() - self._wall


def peak_rss_bytes() -> int:
    """The most memory that this process has had resident."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
