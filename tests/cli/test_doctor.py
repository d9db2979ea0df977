"""`bench doctor`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from bench.cli import _health_machine, _health_software
from bench.cli._health_software import at_least

Bench = Callable[..., Result]
CHECKS = [
    "Python",
    "packages",
    "torch",
    "plugins",
    "cores",
    "threads",
    "memory",
    "processes",
    "clock",
    "cache",
    "data",
]


@pytest.fixture
def doctor(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, dict[str, str]]]:
    """What `bench doctor --json` says by check; its exit code is the one that the checks ask for."""
    monkeypatch.setattr(
        _health_software, "requires", lambda _: ["click>=8.1", "build; extra == 'dev'"]
    )
    monkeypatch.delenv("BENCH_DATA", raising=False)
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "cache"))

    def run(*arguments: str | Path) -> dict[str, dict[str, str]]:
        result = bench("doctor", "--json", *arguments)
        checks = {one["check"]: one for one in json.loads(result.stdout)["checks"]}
        assert result.exit_code == (
            2 if "fail" in {one["status"] for one in checks.values()} else 0
        )
        assert all(one["fix"] for one in checks.values() if one["status"] == "warn")
        return checks

    return run


Doctor = Callable[..., dict[str, dict[str, str]]]


def test_all_is_looked_at_and_nothing_fails_here(doctor: Doctor, tmp_path: Path) -> None:
    checks = doctor()
    assert list(checks) == CHECKS
    assert "fail" not in {one["status"] for one in checks.values()}
    assert checks["processes"]["status"] == "ok"
    assert checks["processes"]["found"].startswith("forked server answers in ")
    assert checks["cache"]["found"].startswith(f"{tmp_path / 'cache'}: not made yet, ")
    assert not (tmp_path / "cache").exists()


def test_workers_that_import_torch_anew_are_told(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "bench.worker.perform", sys)
    assert _health_machine.answer("", print) == _health_machine._READY
    monkeypatch.delitem(sys.modules, "bench.worker.perform")
    assert _health_machine.answer("", print) != _health_machine._READY
    monkeypatch.setattr(_health_machine, "_READY", "what no process says")
    found = doctor()["processes"]
    assert found["status"] == "warn"
    assert "every step imports it anew" in found["found"]


def test_without_torch_every_check_has_its_line(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('no torch here')", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "bench.cli", "doctor", "--json"],
        env={
            **os.environ,
            "PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    checks = {one["check"]: one["status"] for one in json.loads(done.stdout)["checks"]}
    assert list(checks) == CHECKS
    assert checks["torch"] == checks["processes"] == "fail"


def test_a_line_each_in_a_table(bench: Bench) -> None:
    lines = bench("doctor").stdout.splitlines()[1:]
    assert [line.split()[1] for line in lines] == CHECKS
    assert {line.split()[0] for line in lines} <= {"ok", "warn", "fail"}


def test_the_size_of_the_cache(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "cache" / "steps").mkdir(parents=True)
    (tmp_path / "cache" / "steps" / "x").write_bytes(bytes(3 * 2**20))
    assert doctor()["cache"]["found"].startswith(f"{tmp_path / 'cache'}: 3 MiB, ")
    left = {path.name for path in (tmp_path / "cache").iterdir()}
    assert left <= {"steps", "rehearsed"}  # the latter of the plugin that is given


@pytest.mark.fault(23)
def test_a_cache_that_can_t_be_written_fails(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    cache = doctor("--cache-dir", tmp_path / "file")["cache"]
    assert (cache["status"], cache["fix"]) == (
        "fail",
        "choose another folder with --cache-dir or BENCH_CACHE",
    )
    assert doctor("--cache-dir", "/proc/none")["cache"]["status"] == "fail"


def test_a_data_folder_that_is_not_there_fails(
    doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "nowhere"))
    assert doctor()["data"]["status"] == "fail"
    monkeypatch.setenv("BENCH_DATA", str(tmp_path))
    assert doctor()["data"]["status"] == "ok"


def test_a_quarantined_plugin_is_a_warning_and_a_clash_fails(
    doctor: Doctor, tmp_path: Path
) -> None:
    (tmp_path / "bad.py").write_text("import no_such_module\n", "utf-8")
    clash = "from bench import hookimpl\n@hookimpl\ndef bench_models(): return {'net': 'x:A'}\n"
    (tmp_path / "clash.py").write_text(clash, "utf-8")
    result = doctor("--plugins", tmp_path / "bad.py")
    assert result["plugins"]["status"] == "ok", "the last of two lines: the others are there"
    assert doctor("--plugins", tmp_path / "clash.py")["plugins"]["status"] == "fail"


def test_every_quarantined_plugin_is_named(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("import no_such_module\n", "utf-8")
    checks = json.loads(bench("doctor", "--json", "--plugins", tmp_path / "bad.py").stdout)[
        "checks"
    ]
    (warning,) = [one for one in checks if one["check"] == "plugins" and one["status"] == "warn"]
    assert warning["found"].startswith(f"{tmp_path / 'bad.py'} is quarantined: ModuleNotFoundError")


def test_packages_below_their_floors_fail(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        _health_software, "requires", lambda _: ["click>=99", "no-such-package>=1", "numpy"]
    )
    found = doctor()["packages"]
    assert found["status"] == "fail"
    assert "is below 99; no-such-package is not installed" in found["found"]


@pytest.mark.parametrize(
    ("found", "floor", "enough"),
    [
        ("2.13.0+cpu", "2.5", True),
        ("2.5", "2.5.0", True),
        ("2.4.9", "2.5", False),
        ("10.0", "9.1", True),
        ("3.0rc1", "3", True),
    ],
)
def test_versions_compare_as_numbers(found: str, floor: str, enough: bool) -> None:
    assert at_least(found, floor) is enough


def test_more_threads_than_cores_are_a_warning(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "4096")
    found = doctor()["threads"]
    assert found["status"] == "warn"
    assert found["found"].startswith("OMP_NUM_THREADS=4096, ")
    assert "more than " in found["found"]


def test_a_process_that_never_answers_fails(
    monkeypatch: pytest.MonkeyPatch, doctor: Doctor
) -> None:
    monkeypatch.setattr(_health_machine, "_START", 0)
    found = doctor()["processes"]
    assert (found["status"], found["found"]) == ("fail", "forked server: no answer in 0 s")


@pytest.mark.fault(44)
def test_no_secret_of_the_environment_is_shown(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "hunter2-planted")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2-planted")
    for arguments in ((), ("--json",)):
        result = bench("doctor", *arguments)
        assert "hunter2" not in result.stdout + result.stderr


def test_a_part_of_the_cache_that_can_t_be_written_fails(doctor: Doctor, tmp_path: Path) -> None:
    """Of a shared cache somebody else may have made a folder; /proc is nobody's to write into."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "steps").symlink_to("/proc")
    assert doctor("--cache-dir", tmp_path / "cache")["cache"]["status"] == "fail"


EXECUTOR = '''
"""Says what it is told to."""

from pathlib import Path

from pydantic import Field

from bench import hookimpl
from bench.errors import ExecutorError
from bench.interfaces import Executor, PluginParams


class Told(Executor):
    """Nothing runs there."""

    name = "told"

    class Params(PluginParams):
        found: str = Field("", description="what it finds")
        closed: str = Field("", description="file that is there once it is closed")

    def check(self):
        self.say("looking")
        if not self.params.found:
            raise ExecutorError("executor 'told': nobody is there; start somebody")
        return self.params.found

    def submit(self, step):
        raise AssertionError

    def events(self):
        return iter(())

    def close(self, *, kill=False):
        Path(self.params.closed).touch()


@hookimpl
def bench_executors():
    return {"told": f"{__name__}:Told"}
'''


@pytest.mark.parametrize(
    ("found", "status", "said", "fix"),
    [
        ("2 workers", "ok", "2 workers", ""),
        ("", "fail", "executor 'told': nobody is there", "start somebody"),
    ],
)
def test_an_executor_is_asked_whether_steps_could_run_there(
    doctor: Doctor, tmp_path: Path, found: str, status: str, said: str, fix: str
) -> None:
    plugin, closed = tmp_path / "told.py", tmp_path / "closed"
    plugin.write_text(EXECUTOR, "utf-8")
    settings = [f"closed={closed}", *([f"found={found}"] if found else [])]
    asked = [part for one in settings for part in ("--executor-set", one)]
    checks = doctor("--plugins", plugin, "--executor", "told", *asked)
    assert list(checks) == [*CHECKS, "executor told"]
    one = checks["executor told"]
    assert (one["status"], one["found"], one["fix"]) == (status, said, fix)
    assert closed.exists()


def test_an_executor_that_there_is_none_of_is_a_finding(doctor: Doctor) -> None:
    assert doctor("--executor", "dsk")["executor dsk"] == {
        "check": "executor dsk",
        "status": "fail",
        "found": "unknown executor 'dsk'",
        "fix": "did you mean 'dask'?",
    }
