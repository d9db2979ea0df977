"""Registers one plugin, whole or not at all: its names and addresses, or the reason why it is quarantined.

Each plugin has a pluggy manager of its own. pluggy keeps the good hooks of a plugin whose registration raised, stops looking
for misspelt hooks at the first, and aborts a whole call when one implementation raises; alone, a plugin hurts only itself."""

from __future__ import annotations

import importlib.metadata
import inspect
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pluggy

from bench import hookspecs
from bench.interruption import by_the_user
from bench.registry.candidates import Candidate
from bench.registry.contained import contained
from bench.registry.global_state import kept
from bench.registry.kinds import KINDS, did_you_mean

__all__ = ["Refused", "Registered", "in_one_line", "register"]

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ADDRESS = re.compile(r"[^\W\d][\w.-]*:[^\W\d][\w.]*")
_LONGEST = 100
_PREFIX = "bench_"
_MARKER = f"{hookspecs.PROJECT}_impl"  # the attribute by which pluggy knows a decorated function
_MACHINERY = {
    Path(__file__).parent,
    Path(importlib.__file__).parent,
    Path(importlib.metadata.__file__).parent,
}


class Refused(NamedTuple):
    """A plugin that was left out whole, and its source files."""

    origin: str
    reason: str
    files: tuple[Path, ...]

    def mentions(self, name: str) -> bool:
        """Whether its sources name a plugin so: then it is what the name stood for."""
        quoted = re.compile(rf"""(["']){re.escape(name)}\1""")
        return any(quoted.search(path.read_text("utf-8", errors="replace")) for path in self.files)


class Registered(NamedTuple):
    """What a plugin's hooks named: (kind, name) to address."""

    origin: str
    version: str
    addresses: Mapping[tuple[str, str], str]


class _RefusedError(Exception):
    """Why a plugin is quarantined, in words."""


def register(candidate: Candidate) -> Registered | Refused:
    """Import a plugin, check its hooks and call them."""
    try:
        with kept() if candidate.own else contained():
            addresses = dict(_addresses(_manager(candidate.load())))
    except _RefusedError as refusal:
        return Refused(candidate.origin, str(refusal), candidate.sources())
    except BaseException as error:  # a stranger's code may raise anything, or exit
        if by_the_user(error):
            raise
        return Refused(candidate.origin, in_one_line(error), candidate.sources())
    return Registered(candidate.origin, candidate.version, addresses)


def _manager(plugin: object) -> pluggy.PluginManager:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    _check_undecorated(plugin)
    try:
        manager.register(plugin)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise _RefusedError(_explain(plugin, error)) from error
    if not manager.get_hookcallers(plugin):
        raise _RefusedError(
            "it has no hook; write one, e.g. bench_models, and decorate it with @bench.hookimpl"
        )
    return manager


def _check_undecorated(plugin: object) -> None:
    """A hook whose decorator was forgotten would be passed over without a word."""
    for name, function in inspect.getmembers(plugin, inspect.isfunction):
        if name.startswith(_PREFIX) and not hasattr(function, _MARKER):
            raise _RefusedError(
                f"function {name} looks like a hook but is not decorated with @bench.hookimpl"
            )


def _explain(plugin: object, error: pluggy.PluginValidationError) -> str:
    hooks = [f"{_PREFIX}{kind}" for kind in KINDS]
    for name, function in inspect.getmembers(plugin, inspect.isroutine):
        if hasattr(function, _MARKER) and name not in hooks:
            return f"unknown hook {name!r}{did_you_mean(name, hooks)}"
    return f"wrong signature of a hook: {' '.join(str(error).split())}; hooks take no arguments"


def _addresses(manager: pluggy.PluginManager) -> Iterator[tuple[tuple[str, str], str]]:
    for kind in KINDS:
        hook = f"{_PREFIX}{kind}"
        for implementation in getattr(manager.hook, hook).get_hookimpls():
            for name, address in _checked(hook, implementation.function).items():
                yield (kind, name), address


def _checked(hook: str, function: Callable[[], object]) -> dict[str, str]:
    """What a hook returned, or why that is no mapping of names to addresses."""
    returned = function()
    if not isinstance(returned, Mapping):
        raise _RefusedError(
            f"{hook} returned {type(returned).__name__}; return a dict of names and addresses"
        )
    for name, address in returned.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > _LONGEST:
            raise _RefusedError(
                f"{hook} returned the name {name!r:.60}; names are lower-case words joined by hyphens, up to 100 characters"
            )
        if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
            raise _RefusedError(
                f"{hook} returned {address!r:.100} for {name!r}; write an address, 'package.module:Class'"
            )
    return dict(returned)


def in_one_line(error: BaseException) -> str:
    """An exception as one line with the place that raised it."""
    text = " ".join(str(error).split())[:300]
    reason = f"{type(error).__name__}: {text}" if text else type(error).__name__
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not _is_machinery(frame.filename)
    ]
    return f"{reason} ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else reason


def _is_machinery(file: str) -> bool:
    """Whether a frame is of Python's import system, or of this package that called it."""
    return file.startswith("<frozen") or Path(file).parent in _MACHINERY
