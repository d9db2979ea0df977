"""What is looked at is put back, by name."""

from __future__ import annotations

import decimal
import gc
import io
import locale
import os
import random
import signal
import sys
import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch

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
    "torch's matmul precision": lambda: torch.set_float32_matmul_precision("medium"),
    "torch's deterministic algorithms": lambda: torch.use_deterministic_algorithms(True),
    "torch's gradient mode": lambda: torch.set_grad_enabled(False),
    "torch's anomaly detection": lambda: torch.autograd.set_detect_anomaly(True),
    "torch's oneDNN": lambda: torch._C._set_mkldnn_enabled(False),
    "torch's threads": lambda: torch.set_num_threads(torch.get_num_threads() + 1),
    "python's random state": random.random,
    "numpy's random state": np.random.rand,
    "torch's random state": lambda: torch.rand(1),
}


@pytest.fixture(autouse=True, scope="module")
def _imported():
    """What torch imports when it is first asked for these settings changes others."""
    torch.use_deterministic_algorithms(True)
    torch.use_deterministic_algorithms(False)


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_is_named_and_put_back(name, monkeypatch):
    monkeypatch.setattr(locale, "setlocale", _locale(locale.setlocale))
    before = GlobalState()
    CHANGES[name]()
    assert before.changes() == [name]
    assert before.restore() == [name]
    assert before.changes() == []


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
    assert [setting.name for setting in before._settings] == list(CHANGES)


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
