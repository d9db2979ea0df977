"""Signals that end a command: one lets it tidy up, two end it at once, and those that are ignored stay so."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

ENDS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
TIDYING = """
import time
from bench.cli._signals import heeding_signals
try:
    with heeding_signals():
        print("at work", flush=True)
        time.sleep(120)
except KeyboardInterrupt:
    pass
"""
SLOWLY = """
import time
from bench.cli._signals import exit_code_of, heeding_signals
with heeding_signals():
    try:
        print("at work", flush=True)
        time.sleep(120)
    except KeyboardInterrupt as stop:
        print(exit_code_of(stop), flush=True)
        time.sleep(120)
"""
IGNORED = """
import os, signal
from bench.cli._signals import heeding_signals
signal.signal(signal.SIGHUP, signal.SIG_IGN)
with heeding_signals():
    os.kill(os.getpid(), signal.SIGHUP)
print("still here", flush=True)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
with heeding_signals():
    assert signal.getsignal(signal.SIGTERM) not in (signal.SIG_DFL, signal.SIG_IGN)
assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
"""


def start(script: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=_heard,
    )


def _heard() -> None:
    """Under nohup or in the background of a shell some are ignored, which is inherited."""
    for number in ENDS:
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.fault(24)
@pytest.mark.parametrize("first", ENDS)
@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_at_once(first: int, second: int) -> None:
    process = start(SLOWLY)
    assert process.stdout is not None
    assert process.stdout.readline() == "at work\n"
    process.send_signal(first)
    assert process.stdout.readline() == f"{128 + first}\n", "it tidies up"
    process.send_signal(second)
    assert process.wait(timeout=60) == -second
    process.stdout.close()


@pytest.mark.fault(24)
@pytest.mark.parametrize("first", ENDS)
def test_one_signal_is_an_interrupt(first: int) -> None:
    process = start(TIDYING)
    assert process.stdout is not None
    assert process.stdout.readline() == "at work\n"
    process.send_signal(first)
    assert process.wait(timeout=60) == 0
    process.stdout.close()


def test_what_is_ignored_stays_ignored_and_all_is_put_back() -> None:
    done = subprocess.run([sys.executable, "-c", IGNORED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "still here\n"
