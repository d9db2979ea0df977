"""What a plugin sets going for later, or does under some settings alone, ends nobody's command."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from bench.records import load
from tests.run.conftest import by_method, status

MODEL = """
import os
import numpy as np
from pydantic import Field, field_validator
from bench import hookimpl
from bench.interfaces import Model, PluginParams

class Bomb(Model):
    "The same for all."
    name = "bomb"

    class Params(PluginParams):
        k: int = Field(0, description="what ends it is 1")

        @field_validator("k")
        @classmethod
        def check(cls, k):
            {validator}
            return k

    def files(self):
        if self.params.k == 1:
            {files}
        return ()

    def fit(self, train, valid, context):
        pass

    def predict(self, rows):
        return np.zeros(len(rows))

@hookimpl
def bench_models():
    return {{"bomb": f"{{__name__}}:Bomb"}}

{at_import}
"""
HARMLESS = {
    "atexit": "import atexit; atexit.register(os._exit, 0)",
    "alarm": "import signal; signal.alarm(1)",
    "timer of processor time": "import signal; signal.setitimer(signal.ITIMER_PROF, 0.1)",
    "fault handler": "import faulthandler; faulthandler.dump_traceback_later(1, exit=True)",
    "timer": "import threading; threading.Timer(1, os._exit, (0,)).start()",
    "fork": "os.fork()",
}
THREAD = """
import threading, time
def end():
    time.sleep(1)
    os._exit(0)
threading.Thread(target=end, daemon=True).start()
"""
LIMIT = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12))"
AT_K = {
    "files exit": {"files": "os._exit(0)"},
    "files raise what is no Exception": {"files": "raise GeneratorExit"},
    "a validator exits": {"validator": "k == 1 and os._exit(0)"},
    "files start a thread": {"files": "import threading, time; threading.Thread(target=time.sleep, args=(9,)).start()"},
}  # fmt: skip


@pytest.fixture
def bench(tmp_path, write_suite):
    """Runs a command over a suite with a bomb, and gives exit code, standard output and error."""

    def bench(
        command: str, models: str, at_import: str = "", files: str = "pass", validator: str = "pass"
    ) -> tuple[int, str, str]:
        plugin = tmp_path / "bomb.py"
        plugin.write_text(
            MODEL.format(at_import=at_import, files=files, validator=validator), "utf-8"
        )
        suite = write_suite(models=f"  lr: {{use: lr}}\n{models}", methods=" {}")
        options = ["--out", tmp_path / "run", "--cache-dir", tmp_path / "cache"] * (command == "run")  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "bench.cli", command, suite, "--plugins", plugin, "--json", *map(str, options)],
            capture_output=True,
            text=True,
            env={**os.environ, "BENCH_CACHE": str(tmp_path / "cache")},
            check=False,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    return bench


@pytest.mark.fault(10, 12)
@pytest.mark.parametrize(
    "how",
    [pytest.param(how, marks=[] if how == "atexit" else pytest.mark.slow) for how in HARMLESS],
)
def test_what_an_import_sets_going_for_later_is_stopped(bench, tmp_path, how):
    code, out, err = bench("run", "  bomb: {use: bomb}", HARMLESS[how])
    assert code == 0, err
    assert json.loads(out)["exit_code"] == 0  # one document
    assert set(status(load(tmp_path / "run")).values()) == {"ok"}


@pytest.mark.fault(10)
def test_a_plugin_that_leaves_a_thread_running_is_left_out(bench, tmp_path):
    code, out, err = bench("run", "  bomb: {use: bomb}", THREAD)
    assert code == 4, err
    assert json.loads(out)["exit_code"] == 4
    assert "it leaves a thread running" in err
    assert status(load(tmp_path / "run"))["lr"] == "ok"


@pytest.mark.fault(12)
def test_a_hard_limit_that_is_lowered_is_nobody_elses(bench, tmp_path):
    """Who may raise it again puts it back; else the plugin is left out."""
    code, _, err = bench("run", "  bomb: {use: bomb}", LIMIT)
    assert (code, "it lowers a hard limit" in err) in {(4, True), (0, False)}, err
    assert status(load(tmp_path / "run"))["lr"] == "ok"


@pytest.mark.fault(5)
@pytest.mark.parametrize("command", ["check", pytest.param("run", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "what",
    [
        pytest.param(
            what, marks=[] if what in ("files exit", "a validator exits") else pytest.mark.slow
        )
        for what in AT_K
    ],
)
def test_what_ends_the_process_under_the_suites_settings_is_unavailable(
    bench, tmp_path, command, what
):
    """Though it does nothing under its defaults, which were tried before the suite was read."""
    code, out, err = bench(command, "  one: {use: bomb, k: 1}\n  two: {use: mean}", **AT_K[what])
    assert code == 4, err
    if command == "run":
        records = by_method(load(tmp_path / "run"))
        assert records["one"]["outcome"]["status"] == "unavailable"
        assert records["lr"]["outcome"]["status"] == "ok"
    else:
        assert json.loads(out)["unavailable"]


@pytest.mark.slow
def test_what_went_well_once_is_tried_again_by_the_next_command(bench, tmp_path):
    key = tmp_path / "licence.key"
    key.touch()
    needs_key = f"os.path.exists({str(key)!r}) or os._exit(0)"
    assert bench("check", "  bomb: {use: bomb}", needs_key)[0] == 0
    key.unlink()
    code, out, _ = bench("check", "  bomb: {use: bomb}", needs_key)
    assert code == 4
    assert json.loads(out)["unavailable"]
