"""What is looked at is put back, by name."""

from __future__ import annotations

import csv
import ctypes
import decimal
import faulthandler
import gc
import io
import locale
import logging
import os
import random
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable

import numpy as np
import pytest
import sklearn
import torch
from torch.nn.modules.module import register_module_forward_hook

from bench.registry.global_state import GlobalState, kept

CHANGES: dict[str, Callable[[], object]] = {
    "the environment": lambda: os.environ.update({"PATH": "elsewhere"}),
    "the working folder": lambda: os.chdir("/"),
    "the file mask": lambda: os.umask(0o777),
    "signal handlers": lambda: signal.signal(signal.SIGUSR1, signal.SIG_IGN),
    "sys.path": lambda: sys.path.append("elsewhere"),
    "standard streams": lambda: setattr(sys, "stdin", None),
    "the recursion limit": lambda: sys.setrecursionlimit(12_345),
    "the switch interval": lambda: sys.setswitchinterval(0.5),
    "garbage collection": gc.disable,
    "warning filters": lambda: warnings.simplefilter("always", BytesWarning),
    "the locale": lambda: locale.setlocale(locale.LC_ALL, "C"),
    "decimal's context": lambda: setattr(decimal.getcontext(), "prec", 3),
    "flushing of denormals": lambda: torch.set_flush_denormal(True),
    "numpy's error handling": lambda: np.seterr(all="raise"),
    "torch's default dtype": lambda: torch.set_default_dtype(torch.float64),
    "torch's default device": lambda: torch.set_default_device("meta"),
    "torch's deterministic algorithms": lambda: torch.use_deterministic_algorithms(True),
    "torch's gradient mode": lambda: torch.set_grad_enabled(False),
    "torch's anomaly detection": lambda: torch.autograd.set_detect_anomaly(True),
    "torch's oneDNN": lambda: torch._C._set_mkldnn_enabled(False),
    "torch's threads": lambda: torch.set_num_threads(torch.get_num_threads() + 1),
    "resource limits": lambda: _lower(resource.RLIMIT_NOFILE),
    "the processors to run on": lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}),
    "the niceness": lambda: os.nice(1),
    "the signal mask": lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2}),
    "timers": lambda: signal.setitimer(signal.ITIMER_VIRTUAL, 1000),
    "the fault handler": lambda: (
        faulthandler.disable() if faulthandler.is_enabled() else faulthandler.enable()
    ),
    "the profiler or tracer": lambda: sys.setprofile(lambda *_: None),
    "the longest whole number": lambda: sys.set_int_max_str_digits(1000),
    "the stack size of threads": lambda: threading.stack_size(1 << 20),
    "thresholds of garbage collection": lambda: gc.set_threshold(7, 7, 7),
    "csv's longest field": lambda: csv.field_size_limit(3),
    "the timeout of sockets": lambda: socket.setdefaulttimeout(0.1),
    "what logging leaves out": lambda: logging.disable(logging.CRITICAL),
    "the rounding of floating point": lambda: ctypes.CDLL(None).fesetround(0x400),
    "numpy's buffers and error call": lambda: np.setbufsize(16_384),
    "torch's matmul precision": lambda: torch.set_float32_matmul_precision("medium"),
    "torch's autocast": lambda: torch.set_autocast_enabled("cpu", True),
    "torch's hooks of all modules": lambda: register_module_forward_hook(lambda *_: None),
    "torch's function modes": lambda: torch.overrides.BaseTorchFunctionMode().__enter__(),
    "scikit-learn's configuration": lambda: sklearn.set_config(assume_finite=True),
    "python's random state": random.random,
    "numpy's random state": np.random.rand,
    "torch's random state": lambda: torch.rand(1),
}


@pytest.fixture(autouse=True, scope="module")
def _imported():
    """What torch imports when it is first asked for these settings changes others."""
    torch.use_deterministic_algorithms(True)
    torch.use_deterministic_algorithms(False)


@pytest.mark.fault(12)
@pytest.mark.parametrize("name", CHANGES)
def test_each_change_is_named_and_put_back(name, monkeypatch):
    monkeypatch.setattr(locale, "setlocale", _locale(locale.setlocale))
    before = GlobalState()
    CHANGES[name]()
    assert name in before.changes()
    assert before.restore() == [name]
    assert before.changes() == []


def _lower(limit: int) -> None:
    soft, hard = resource.getrlimit(limit)
    resource.setrlimit(limit, (soft - 1, hard))


@pytest.mark.skipif(
    not hasattr(torch._C, "_get_fp32_precision_getter"), reason="this torch has one precision alone"
)
@pytest.mark.parametrize("imported", [True, False])
def test_a_precision_of_one_operation_is_put_back(imported, monkeypatch):
    """With one such the getter of all raises."""
    with monkeypatch.context() as without:
        if not imported:
            without.delitem(sys.modules, "torch")
        before = GlobalState(with_random=False)
    torch.backends.mkldnn.matmul.fp32_precision = "bf16"
    with pytest.raises(RuntimeError):
        torch.get_float32_matmul_precision()
    torch.backends.fp32_precision = "tf32"
    torch.backends.mkldnn.conv.fp32_precision = "bf16"
    assert before.restore() == ["torch's matmul precision"]
    assert torch.get_float32_matmul_precision() == "highest"
    assert torch.backends.fp32_precision == "none"
    assert torch.backends.mkldnn.conv.fp32_precision == "none"


def test_a_fork_that_comes_out_of_a_call_ends_there():
    code = """
import os, sys
from bench.registry.global_state import kept
with kept():
    child = os.fork()
if child:
    os.waitpid(child, 0)
os.write(1, b"once ")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "once "


def _locale(real):
    """One that can be set on any system: all have C alone."""
    found = {"now": real(locale.LC_ALL) + ";"}

    def setlocale(category, value=None):
        if value is not None:
            found["now"] = value
        return found["now"]

    return setlocale


def test_all_settings_are_tried_above():
    before = GlobalState()
    assert sorted(setting.name for setting in before._settings) == sorted(CHANGES)


@pytest.mark.fault(12)
def test_what_raises_puts_back_too_and_random_states_are_not_told():
    told: list[str] = []

    def plugin() -> None:
        np.random.rand()
        torch.set_default_dtype(torch.float64)
        raise SystemExit

    with pytest.raises(SystemExit), kept(told.extend):
        plugin()
    assert told == ["torch's default dtype"]
    assert torch.get_default_dtype() == torch.float32


def test_a_stream_around_a_standard_one_does_not_close_it(monkeypatch, tmp_path):
    with (tmp_path / "out").open("w", encoding="utf-8") as out:
        monkeypatch.setattr(sys, "stdout", out)
        with kept():
            sys.stdout = io.TextIOWrapper(out.buffer, encoding="utf-8")
        gc.collect()
        print("said")
    assert (tmp_path / "out").read_text("utf-8") == "said\n"


@pytest.mark.parametrize("stay", [False, True])
def test_new_variables_of_the_environment_may_stay(stay, monkeypatch):
    monkeypatch.setenv("OLD", "1")
    told: list[str] = []
    with kept(told.extend, new_variables_stay=stay):
        monkeypatch.setenv("NEW", "1")
    assert ("NEW" in os.environ) == stay
    assert told == ([] if stay else ["the environment"])
    with kept(told.extend, new_variables_stay=stay):
        monkeypatch.setenv("OLD", "2")
    assert os.environ["OLD"] == "1"


def test_what_an_import_brings_is_compared_with_what_it_starts_with(monkeypatch):
    """Where neither torch nor numpy was there before."""
    with monkeypatch.context() as without:
        without.delitem(sys.modules, "torch")
        without.delitem(sys.modules, "numpy")
        before = GlobalState(with_random=False)
    torch.set_default_dtype(torch.float64)
    np.seterr(all="raise")
    assert before.restore() == ["numpy's error handling", "torch's default dtype"]
    assert np.geterr()["under"] == "ignore"


def test_a_warning_filter_whose_pattern_was_compiled_is_no_change():
    """As a fit of scikit-learn's boosted trees does with the interpreter's own."""
    with warnings.catch_warnings():
        warnings.filters[:] = [("default", None, DeprecationWarning, "__main__", 0)]
        before = GlobalState()
        warnings.filters[:] = [("default", None, DeprecationWarning, re.compile("__main__"), 0)]
        assert before.changes() == []
        warnings.filters[:] = [("ignore", None, DeprecationWarning, re.compile("__main__"), 0)]
        assert before.changes() == ["warning filters"]
