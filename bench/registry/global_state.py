"""Settings that all code of a process shares: looked at, compared, and put back after a stranger's code has run.

Torch and numpy are looked at only where they are imported: a change by an import of theirs is from what they start with."""

from __future__ import annotations

import decimal
import gc
import locale
import os
import random
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.registry.library_settings import LIBRARY_SETTINGS
from bench.registry.process_settings import PROCESS_SETTINGS
from bench.registry.setting import Setting

__all__ = ["GlobalState", "kept"]


class GlobalState:
    """The settings as they are; `restore` puts them back and names those that had changed. `new_variables_stay`: of the
    environment, which many libraries add to when they are imported, and read when they are used."""

    def __init__(self, *, with_random: bool = True, new_variables_stay: bool = False) -> None:
        self._settings = [*_SETTINGS, *(_RANDOM if with_random else ())]
        self._values = [
            setting.get() if setting.needs in sys.modules else setting.start
            for setting in self._settings
        ]
        for value in self._values:
            if isinstance(value, _Environment):
                value.new_stay = new_variables_stay

    def changes(self) -> list[str]:
        """Names of what is not as it was."""
        return [setting.name for setting, _ in self._changed()]

    def restore(self) -> list[str]:
        """Put back what changed; its names."""
        names = []
        for setting, before in self._changed():
            setting.put(before)
            names.append(setting.name)
        return names

    def _changed(self) -> Iterator[tuple[Setting, Any]]:
        for setting, before in zip(self._settings, self._values, strict=True):
            if setting.needs not in sys.modules or before is None:
                continue
            if not _same(before, setting.get()):
                yield setting, before


@contextmanager
def kept(
    changed: Callable[[list[str]], object] = lambda _: None, *, new_variables_stay: bool = False
) -> Iterator[None]:
    """Put the settings back at the end, whatever ends it; `changed` is told the names of what had to be, random states left
    out, which every fit may use up. A fork that comes out of it ends here: it would do all that follows a second time."""
    before, process = GlobalState(new_variables_stay=new_variables_stay), os.getpid()
    try:
        yield
    finally:
        if os.getpid() != process:
            os._exit(0)
        if names := [name for name in before.restore() if name not in _RANDOM_NAMES]:
            changed(names)


def _same(one: Any, two: Any) -> bool:
    if isinstance(one, tuple | list) and type(one) is type(two) and len(one) == len(two):
        return all(map(_same, one, two))
    if hasattr(one, "tobytes"):  # an array
        return bool(one.tobytes() == two.tobytes())
    return one is two or bool(one == two)


# -- of Python


def _signals() -> dict[int, Any]:
    return {number: signal.getsignal(number) for number in signal.valid_signals()}


def _put_signals(handlers: Mapping[int, Any]) -> None:
    for number, handler in handlers.items():
        if handler is not None and signal.getsignal(number) != handler:
            try:
                signal.signal(number, handler)
            except (
                ValueError
            ):  # another thread than the main one, which can't have changed it either
                return


class _Environment(dict[str, str]):
    """The variables; where what is new may stay, another state of them is the same unless one of these differs."""

    new_stay = False

    def __eq__(self, other: object) -> bool:
        if not (self.new_stay and isinstance(other, dict)):
            return super().__eq__(other)
        return all(other.get(name) == value for name, value in self.items())

    __hash__ = None


def _put_environment(before: _Environment) -> None:
    if not before.new_stay:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
    os.environ.update(before)
    time.tzset()


def _mask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _streams() -> tuple[Any, ...]:
    return sys.stdin, sys.stdout, sys.stderr, sys.excepthook


_replaced: list[
    Any
] = []  # a stream that wraps another's buffer would close that, once nobody has it


def _put_streams(streams: tuple[Any, ...]) -> None:
    _replaced.append(_streams())
    sys.stdin, sys.stdout, sys.stderr, sys.excepthook = streams


def _folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return None


def _put_list(target: Callable[[], list[Any]]) -> Callable[[list[Any]], None]:
    def put(before: list[Any]) -> None:
        target()[:] = before

    return put


@dataclass(frozen=True)
class _Filters:
    """Alike where they say the same: scikit-learn puts a compiled pattern in the place of its text."""

    texts: list[list[Any]]
    own: list[Any] = field(compare=False)


def _filters() -> _Filters:
    own = list(warnings.filters)
    return _Filters([[getattr(part, "pattern", part) for part in each] for each in own], own)


def _put_filters(before: _Filters) -> None:
    warnings.filters[:] = before.own  # type: ignore[index]
    with warnings.catch_warnings():  # which drops what was remembered of the others
        pass


def _traps() -> tuple[Any, ...]:
    context = decimal.getcontext()
    limits = context.Emin, context.Emax, context.capitals, context.clamp
    return context.prec, context.rounding, limits, dict(context.traps)


def _put_traps(before: tuple[Any, ...]) -> None:
    context = decimal.getcontext()
    context.prec, context.rounding, limits, traps = before
    context.Emin, context.Emax, context.capitals, context.clamp = limits
    context.traps.update(traps)


# -- of torch and numpy


def _torch() -> Any:
    return sys.modules["torch"]


def _numpy() -> Any:
    return sys.modules["numpy"]


def _flushes_denormals() -> bool:
    """Of this thread's processor: whether what is smaller than the least normal number is 0."""
    smallest = 5e-324
    return smallest * 1.0 == 0.0


def _put_flushing(before: bool) -> None:
    if "torch" in sys.modules:
        _torch().set_flush_denormal(before)


def _deterministic() -> tuple[bool, bool]:
    torch = _torch()
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )


_SETTINGS = (
    *PROCESS_SETTINGS,
    Setting("the environment", lambda: _Environment(os.environ), _put_environment),
    Setting("the working folder", _folder, os.chdir),
    Setting("the file mask", _mask, os.umask),
    Setting("signal handlers", _signals, _put_signals),
    Setting("sys.path", lambda: list(sys.path), _put_list(lambda: sys.path)),
    Setting("standard streams", _streams, _put_streams),
    Setting("the recursion limit", sys.getrecursionlimit, sys.setrecursionlimit),
    Setting("the switch interval", sys.getswitchinterval, sys.setswitchinterval),
    Setting("garbage collection", gc.isenabled, lambda on: gc.enable() if on else gc.disable()),
    Setting("warning filters", _filters, _put_filters),
    Setting(
        "the locale",
        lambda: locale.setlocale(locale.LC_ALL),
        lambda before: locale.setlocale(locale.LC_ALL, before),
    ),
    Setting("decimal's context", _traps, _put_traps),
    Setting("flushing of denormals", _flushes_denormals, _put_flushing),
    Setting(
        "numpy's error handling",
        lambda: _numpy().geterr(),
        lambda before: _numpy().seterr(**before),
        "numpy",
        {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"},
    ),
    Setting(
        "torch's default dtype",
        lambda: str(_torch().get_default_dtype()),
        lambda before: _torch().set_default_dtype(getattr(_torch(), before.split(".")[1])),
        "torch",
        "torch.float32",
    ),
    Setting(
        "torch's default device",
        lambda: str(_torch().get_default_device()),
        lambda before: _torch().set_default_device(None if before == "cpu" else before),
        "torch",
        "cpu",
    ),
    Setting(
        "torch's deterministic algorithms",
        _deterministic,
        lambda before: _torch().use_deterministic_algorithms(before[0], warn_only=before[1]),
        "torch",
        (False, False),
    ),
    Setting(
        "torch's gradient mode",
        lambda: _torch().is_grad_enabled(),
        lambda before: _torch().set_grad_enabled(before),
        "torch",
        True,
    ),
    Setting(
        "torch's anomaly detection",
        lambda: _torch().is_anomaly_enabled(),
        lambda before: _torch().autograd.set_detect_anomaly(before),
        "torch",
        False,
    ),
    Setting(
        "torch's oneDNN",
        lambda: _torch()._C._get_mkldnn_enabled(),
        lambda before: _torch()._C._set_mkldnn_enabled(before),
        "torch",
        True,
    ),
    Setting(
        "torch's threads",
        lambda: _torch().get_num_threads(),
        lambda before: _torch().set_num_threads(before),
        "torch",
    ),
    *LIBRARY_SETTINGS,
)
_RANDOM = (
    Setting("python's random state", random.getstate, random.setstate),
    Setting(
        "numpy's random state",
        lambda: _numpy().random.get_state(),
        lambda before: _numpy().random.set_state(before),
        "numpy",
    ),
    Setting(
        "torch's random state",
        lambda: _torch().random.get_rng_state().numpy(),
        lambda before: _torch().random.set_rng_state(_torch().from_numpy(before)),
        "torch",
    ),
)
_RANDOM_NAMES = frozenset(setting.name for setting in _RANDOM)
