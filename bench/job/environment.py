"""What a record says of the machine and the software. An allow-list: nothing of the process's environment is copied."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

__all__ = ["environment", "versions"]

_PACKAGES = ("metaselector-bench", "numpy", "pandas", "pyarrow", "scipy", "scikit-learn", "torch")


def environment(threads: int) -> dict[str, Any]:
    """Machine, system and settings that a figure may depend on."""
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "threads": threads,
        "device": "cpu",
    }


def versions() -> dict[str, str]:
    """Of Python and of what computes."""
    return {"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
    except OSError:
        return platform.processor()
