"""Python, the packages that a run needs, and plugins."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from bench.cli._health import Finding
from bench.errors import PluginError
from bench.registry import load_registry

__all__ = ["at_least", "findings"]

_PROJECT = "metaselector-bench"
_PYTHON = (3, 11)


def findings(plugins: tuple[Path, ...], autoload: bool) -> Iterator[Finding]:
    yield _python()
    yield _packages()
    yield _torch()
    yield from _plugins(plugins, autoload)


def _python() -> Finding:
    found = f"{platform.python_implementation()} {platform.python_version()}"
    if sys.version_info < _PYTHON:
        return Finding("Python", "fail", found, "install Python 3.11 or newer")
    return Finding("Python", "ok", found)


def _packages() -> Finding:
    """The floors are those that the installed distribution asks for."""
    try:
        wanted = [line for line in requires(_PROJECT) or () if "extra ==" not in line]
    except PackageNotFoundError:
        return Finding(
            "packages",
            "warn",
            f"{_PROJECT} is not installed",
            "install it with pip, so that plugins are found",
        )
    wrong = [fault for line in wanted if (fault := _fault(line))]
    if wrong:
        return Finding("packages", "fail", "; ".join(wrong), f"pip install --upgrade {_PROJECT}")
    return Finding("packages", "ok", f"all {len(wanted)} at their floors or above")


def _fault(requirement: str) -> str:
    """`torch>=2.5`: what is wrong with the torch that is there, or nothing."""
    name, floor = re.match(r"([A-Za-z0-9._-]+)(?:>=([0-9.]+))?", requirement).groups()  # type: ignore[union-attr]
    try:
        found = version(name)
    except PackageNotFoundError:
        return f"{name} is not installed"
    return "" if floor is None or at_least(found, floor) else f"{name} {found} is below {floor}"


def at_least(found: str, floor: str) -> bool:
    """Whether a version is the floor or above, by its leading numbers."""
    return _numbers(found) >= _numbers(floor)


def _numbers(text: str) -> tuple[int, ...]:
    leading = re.match(r"\d+(\.\d+)*", text)
    numbers = [int(part) for part in leading[0].split(".")] if leading else []
    while numbers and numbers[-1] == 0:  # 2.5.0 is 2.5
        numbers.pop()
    return tuple(numbers)


def _torch() -> Finding:
    try:
        import torch

        product = float((torch.ones(2, 3) @ torch.ones(3, 2)).sum())
    except Exception as error:  # whatever a broken installation raises
        return Finding(
            "torch",
            "fail",
            f"{type(error).__name__}: {error}".splitlines()[0],
            "install torch anew",
        )
    if product != 12:
        return Finding(
            "torch", "fail", f"ones(2, 3) @ ones(3, 2) adds up to {product}", "install torch anew"
        )
    return Finding(
        "torch",
        "ok",
        f"{torch.__version__}, {torch.get_num_threads()} threads by default; runs use --threads",
    )


def _plugins(plugins: tuple[Path, ...], autoload: bool) -> Iterator[Finding]:
    try:
        registry = load_registry(plugins, autoload=autoload)
    except PluginError as error:
        for line in str(error).splitlines():
            yield Finding("plugins", "fail", line)
        return
    for quarantined in registry.quarantined:
        found = f"{quarantined.origin} is quarantined: {quarantined.reason}"
        yield Finding("plugins", "warn", found, "mend or remove it; the others are there")
    if not registry.names("models"):
        yield Finding("plugins", "fail", "no base model is there", f"install {_PROJECT} with pip")
    else:
        yield Finding("plugins", "ok", f"{len(registry.infos())} names; bench list shows them")
