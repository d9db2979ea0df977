"""What a run can't begin without. That it is unavailable is no trial's failure, since there is no trial: nothing was run, and
who reads the exit code may not look for results in a folder that holds those of an earlier run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.errors import PluginError, PluginUnavailable

__all__ = ["before_any_trial"]


@contextmanager
def before_any_trial() -> Iterator[None]:
    """Around all that comes before a run's manifest is written. Raises PluginError in place of PluginUnavailable, whose exit
    code is that of a run with trials that failed."""
    try:
        yield
    except PluginUnavailable as error:
        raise PluginError(f"{error}; no trial can do without it, so nothing was run") from error
