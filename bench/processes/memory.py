"""Resident memory of a process and of all below it. Linux tells of it in /proc; elsewhere psutil asks."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from contextlib import suppress

import psutil

__all__ = ["family", "largest_rss", "proportional_bytes", "rss_bytes", "tree_bytes"]

_HAS_PROC = sys.platform == "linux"
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PROPORTIONAL = re.compile(rb"^Pss: +(\d+) kB", re.MULTILINE)


def rss_bytes(pid: int) -> int:
    """Of one process; 0 where it is gone."""
    if _HAS_PROC:
        return _resident_pages(pid) * _PAGE
    with suppress(psutil.Error):
        return int(psutil.Process(pid).memory_info().rss)
    return 0


def family(pid: int) -> list[int]:
    """The process and all below it, its own first."""
    if not _HAS_PROC:
        with suppress(psutil.Error):
            return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
        return [pid]
    found = [pid]
    for one in found:  # grows as it is gone through
        found += _children(one)
    return found


def proportional_bytes(pids: Iterable[int]) -> int:
    """Of all together: a page that n processes share counts 1/n in each (PSS). Looks at every page: dear. Where the system
    does not tell, what is resident."""
    return sum(map(_proportional, pids))


def tree_bytes(pid: int) -> int:
    """Resident in a process and all below it, where pages that several share count once; 0 where it is gone."""
    pids = family(pid)
    largest = max(map(rss_bytes, pids))
    return largest if len(pids) == 1 else max(largest, proportional_bytes(pids))


def largest_rss(maxrss: int) -> int:
    """Bytes of what the system gives as ru_maxrss."""
    return maxrss * (1 if sys.platform == "darwin" else 1024)


def _resident_pages(pid: int) -> int:
    return int((_read(f"/proc/{pid}/statm") or b"0 0").split()[1])


def _children(pid: int) -> list[int]:
    """Each thread has those that it has started."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    lists = (_read(f"/proc/{pid}/task/{thread}/children") for thread in threads)
    return [int(child) for children in lists for child in children.split()]


def _proportional(pid: int) -> int:
    told = _PROPORTIONAL.search(_read(f"/proc/{pid}/smaps_rollup")) if _HAS_PROC else None
    return rss_bytes(pid) if told is None else int(told.group(1)) * 1024


def _read(file: str) -> bytes:
    """Nothing where the process is gone."""
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except OSError:
        return b""
    try:
        return os.read(descriptor, 65_536)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
