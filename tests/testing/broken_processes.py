"""Models that end their process, leave something in it, or follow from it."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

import numpy as np

from bench.learn import DifferentiableSelector
from tests.testing.broken import Fine

STARTED_NS = time.time_ns()


class ExitsInInit(Fine):
    """Ends the process as it is made, as if all were well."""

    def __init__(self, params):
        super().__init__(params)
        os._exit(0)


class ExitsInFit(Fine):
    """Ends the process in fit, as if all were well."""

    def fit(self, train, valid, context):
        os._exit(0)


class KillsItself(Fine):
    """Ends the process by a signal in predict."""

    def predict(self, rows):
        os.kill(os.getpid(), signal.SIGKILL)


class Segfaults(Fine):
    """Reads what is not its own, in predict."""

    def predict(self, rows):
        ctypes.string_at(0)


class ExitsForOneRow(Fine):
    """Ends the process where one row comes alone."""

    def predict(self, rows):
        if len(rows) == 1:
            os._exit(3)
        return super().predict(rows)


class ExitsInForward(DifferentiableSelector):
    """Ends the process in forward."""

    name = "exits-in-forward"

    def build(self, fields, models):
        pass

    def tables(self):
        return {"linear": 3}

    def forward(self, rows):
        os._exit(0)


class WritesEverywhere(Fine):
    """Writes to whatever is open."""

    def predict(self, rows):
        for descriptor in range(3, 64):
            with suppress(OSError):
                os.write(descriptor, b"junk\n")
        return super().predict(rows)


class LeavesThread(Fine):
    """Watches something from a thread, for good."""

    def fit(self, train, valid, context):
        super().fit(train, valid, context)
        threading.Thread(target=threading.Event().wait, name="watcher", daemon=True).start()


class LeavesChild(Fine):
    """Starts a process and forgets it."""

    def fit(self, train, valid, context):
        super().fit(train, valid, context)
        self.child = subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True
        )


class UsesPool(Fine):
    """Conforms: processes and threads of its own that have ended when it returns."""

    def fit(self, train, valid, context):
        super().fit(train, valid, context)
        # A pool that is dropped ends late or, where its own thread holds it last, not at all (CPython's Pool).
        with multiprocessing.get_context("fork").Pool(2) as pool:
            pool.map(abs, [1, 2])
        worker = threading.Thread(target=time.sleep, args=(0.01,))
        worker.start()
        worker.join()
        subprocess.run([sys.executable, "-c", "pass"], check=True)


class FollowsTheProcess(Fine):
    """Seeds its noise by the process's id."""

    def predict(self, rows):
        return super().predict(rows) + np.random.default_rng(os.getpid()).normal(size=len(rows))


class FollowsTheStart(Fine):
    """Seeds its noise by the time of the import."""

    def predict(self, rows):
        return super().predict(rows) + np.random.default_rng(STARTED_NS).normal(size=len(rows))


class FollowsTheHashes(Fine):
    """Weighs fields by their place in a set."""

    def predict(self, rows):
        places = {field: place for place, field in enumerate({"user_id", "item_id"})}
        return super().predict(rows) + 0.1 * places["user_id"]
