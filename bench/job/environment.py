"""What a result says of the machine and the software that computed it. An allow-list: nothing of the process's environment is
copied."""

from __future__ import annotations

import os
import platform
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from bench.job.resources import Resources

__all__ = ["MACHINE", "environment", "machine_of", "software", "versions"]

# of an environment: what time and memory hang on, whatever the software
MACHINE = ("processor", "cores", "threads", "device", "system", "machine")

_COMPUTES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "torch",
    "numba",
)  # another version may give other last bits
_SHOWN = (
    "metaselector-bench",
    "numpy",
    "pandas",
    "pyarrow",
    "scipy",
    "scikit-learn",
    "torch",
    "numba",
)


def software() -> dict[str, str]:
    """Versions of what computes, Python's minor version among them: part of a step's identity."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {"python": python, **{name: _version(name) for name in _COMPUTES}}


def environment(resources: Resources) -> dict[str, Any]:
    """Machine, system and resources that a figure may depend on, of this process."""
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        **resources.model_dump(mode="json"),
    }


def machine_of(environment: dict[str, Any]) -> dict[str, Any]:
    """The part of an environment that time and memory hang on."""
    return {key: environment[key] for key in MACHINE if key in environment}


def versions() -> dict[str, str]:
    """Of Python and of the packages that a result may depend on, in full, for people."""
    return {"python": platform.python_version(), **{name: _version(name) for name in _SHOWN}}


@cache  # found by reading a file, for each of a suite's steps
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(
                (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")),
                "",
            )
    except OSError:
        return platform.processor()
