"""What plugins do to their process spoils no figure, of theirs or of others, and ends nobody's run."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from bench.job.outcome import of_record
from bench.run import Watcher
from tests.run.conftest import by_method, write_small_suite

MODEL = """
import os, sys, time
import numpy as np
import torch
from bench import hookimpl
from bench.interfaces import Model, PluginParams
{before}


class Mine(Model):
    "The item's rate of likes."

    name = "mine"

    def fit(self, train, valid, context):
        {fit}
        items = train.codes("item_id")
        self.rate = (np.bincount(items, train.labels, 99) + 1) / (np.bincount(items, minlength=99) + 2)

    def predict(self, rows):
        p = self.rate[rows.codes("item_id")]
        return np.log(p / (1 - p)){predicted}


@hookimpl
def bench_models():
    return {{"mine": f"{{__name__}}:Mine"}}
"""
SETTINGS = """
torch.set_default_dtype(torch.float64)
torch.set_flush_denormal(True)
torch.set_float32_matmul_precision("medium")
torch.use_deterministic_algorithms(True, warn_only=True)
torch.set_num_threads(2)
np.seterr(all="raise")
os.environ["OMP_NUM_THREADS"] = os.environ["LANGUAGE"] = "2"
os.chdir("/")
np.random.seed(7)
"""
CHANGED = ["the environment", "the working folder", "flushing of denormals", "numpy's error handling",
    "torch's default dtype", "torch's matmul precision", "torch's deterministic algorithms"]  # fmt: skip


@pytest.fixture
def plugin(tmp_path):
    """Writes a plugin with a base model `mine`; what it does at import, in fit, and to its predictions."""

    def plugin(before="", fit="pass", predicted="", name="mine.py") -> Path:
        file = tmp_path / name
        file.write_text(MODEL.format(before=before, fit=fit, predicted=predicted), "utf-8")
        return file

    return plugin


def logits(finished) -> dict[str, str]:
    """Method to the digest of its logits."""
    return {name: record["blobs"].get("logits") for name, record in by_method(finished).items()}


BOTH = pytest.mark.parametrize("executor", ["inline", "local"])


@pytest.mark.fault(12)
@BOTH
def test_a_plugin_that_is_merely_loaded_changes_nothing(go, write_suite, plugin, executor):
    file = write_suite(methods="  average: {selector: {use: average}}")
    plain, _ = go(file, "plain", executor=executor)
    beside, _ = go(file, "beside", executor=executor, plugins=(plugin(SETTINGS),))
    assert logits(plain) == logits(beside)
    assert {r["id"] for r in plain.records} == {r["id"] for r in beside.records}


def test_a_plugin_that_is_not_used_is_not_imported_by_steps(go, write_suite, plugin, tmp_path):
    mark = f"with open({str(tmp_path / 'imported')!r}, 'a') as file: file.write(str(os.getpid()) + chr(10))"
    go(write_suite(), executor="local", plugins=(plugin(mark),))
    pids = (tmp_path / "imported").read_text().split()
    assert len(set(pids) - {str(os.getpid())}) <= 1  # the rehearsal


@pytest.mark.fault(12)
@BOTH
def test_what_an_import_or_a_fit_changes_is_put_back_and_said(
    go, write_suite, plugin, executor, monkeypatch
):
    monkeypatch.setenv("LANGUAGE", "en")
    models = "  mine: {use: mine}\n  lr: {use: lr}"
    file = write_suite(models=models, methods="  average: {selector: {use: average}}")
    fit = "; ".join(SETTINGS.strip().splitlines())
    quiet, _ = go(file, "quiet", executor=executor, plugins=(plugin(),))
    loud, _ = go(file, "loud", executor=executor, plugins=(plugin(SETTINGS, fit),))
    assert logits(quiet) == logits(loud)
    warnings = by_method(loud)["mine"]["details"]["warnings"]
    imported = (
        ["importing base model 'mine' changed"] if executor == "local" else []
    )  # it was before
    for what in (*imported, "fit of base model 'mine' changed"):
        (said,) = (warning for warning in warnings if warning.startswith(what))
        assert all(name in said for name in CHANGED)
    assert not by_method(quiet)["mine"]["details"].get("warnings")


@pytest.mark.slow
def test_one_seed_gives_the_same_bytes_whatever_the_hash_order_of_the_command(
    write_suite, plugin, tmp_path
):
    """Of a model that adds up what it finds in a set, and draws from the generators that all share."""
    fit = "self.sum = sum(float(len(word)) * 1e-17 * hash(word) for word in {'a', 'bb', 'ccc'}) + np.random.rand()"
    plugin(fit=fit, predicted=" + self.sum")
    file = write_suite(
        models="  mine: {use: mine}", methods="  average: {selector: {use: average}}"
    )
    found = [
        command(
            file,
            tmp_path / seed,
            "--plugins",
            "mine.py",
            "--executor",
            executor,
            PYTHONHASHSEED=seed,
        )
        for seed, executor in (("1", "local"), ("random", "inline"))
    ]
    assert found[0] == found[1]


def command(file: Path, out: Path, *options: str, **environment: str) -> dict[str, str]:
    """Runs a suite by `bench run` in a process of its own; method to the digest of its logits."""
    arguments = ["run", file.name, "--out", str(out), "--cache-dir", f"{out}-cache", *options]
    subprocess.run(
        [sys.executable, "-m", "bench.cli", *arguments],
        cwd=file.parent, env={**os.environ, **environment}, capture_output=True, check=True,
    )  # fmt: skip
    records = [json.loads(one.read_text("utf-8")) for one in (out / "records").glob("*.json")]
    return {one["trial"]["method"]: one["blobs"].get("logits") for one in records}


class Editing(Watcher):
    """Edits a file once the steps are planned."""

    def __init__(self, file: Path, text: str) -> None:
        self.file, self.text = file, text

    def planned(self, *_):
        self.file.write_text(self.text, "utf-8")


@pytest.mark.fault(28)
@BOTH
@pytest.mark.parametrize("which", ["mine.py", "helper.py"])
def test_a_plugin_that_is_edited_while_a_run_goes_on_ends_its_steps_by_name(
    go, write_suite, plugin, tmp_path, executor, which
):
    """Itself, or one beside it that it imports; the run after it plans anew."""
    helper = tmp_path / "helper.py"
    helper.write_text(
        "import bench\nUP = 1.0\n@bench.hookimpl\ndef bench_models():\n    return {}\n"
    )
    mine = plugin("from bench_local.helper import UP", predicted=" + UP")
    file = write_suite(
        models="  mine: {use: mine}", methods="  average: {selector: {use: average}}"
    )
    files = (mine, helper)
    edited = {
        "mine.py": plugin("UP = 2.0", predicted=" + UP", name="other.py"),
        "helper.py": helper,
    }
    text = edited[which].read_text().replace("UP = 1.0", "UP = 2.0")
    (tmp_path / "other.py").unlink()
    watcher = Editing(tmp_path / which, text)
    first, _ = go(file, executor=executor, plugins=files, watcher=watcher)
    outcome = of_record(by_method(first)["mine"])
    assert outcome.status == "unavailable"
    assert "base model 'mine'" in outcome.reason
    assert "was changed while the run went on" in outcome.reason
    again, _ = go(file, executor=executor, plugins=files)
    fresh, _ = go(file, "fresh", executor=executor, plugins=files)
    assert logits(again) == logits(fresh)
    assert of_record(by_method(again)["mine"]).ok


@pytest.mark.fault(28)
def test_a_helper_that_a_plugin_imports_is_part_of_its_identity(go, write_suite, plugin, tmp_path):
    helper = tmp_path / "helper.py"
    text = "import bench\nUP = {}\n@bench.hookimpl\ndef bench_models():\n    return {{}}\n"
    helper.write_text(text.format(1.0))
    files = (plugin("from . import helper", predicted=" + helper.UP"), helper)
    file = write_suite(
        models="  mine: {use: mine}", methods="  average: {selector: {use: average}}"
    )
    first, _ = go(file, executor="local", plugins=files)
    helper.write_text(text.format(2.0))
    second, _ = go(file, executor="local", plugins=files)
    assert logits(first)["mine"] != logits(second)["mine"]
    assert {r["id"] for r in first.records}.isdisjoint(r["id"] for r in second.records)


def test_where_a_plugin_lies_is_in_no_record_and_no_identity(go, write_suite, plugin, tmp_path):
    file = write_suite(
        models="  mine: {use: mine}", methods="  average: {selector: {use: average}}"
    )
    here = plugin()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    there = Path(shutil.copy(here, elsewhere / "mine.py"))
    (elsewhere / "broken.py").write_text("import no_such_package")
    one, _ = go(file, "one", plugins=(here,))
    two, _ = go(file, "two", plugins=(there, elsewhere / "broken.py"))
    assert [r["id"] for r in one.records] == [r["id"] for r in two.records]
    for run in (one, two):
        for text in run.folder.rglob("*.json"):
            assert str(tmp_path) not in text.read_text("utf-8")


def test_child_processes_are_allowed_and_count(go, write_suite, plugin):
    fit = """
        import multiprocessing, subprocess
        with multiprocessing.get_context("fork").Pool(2) as pool:
            assert pool.map(abs, [-1, 2]) == [1, 2]
        burn = "import time; t = time.process_time; end = t() + 1; x = bytearray(200_000_000)\\nwhile t() < end: pass"
        subprocess.run([sys.executable, "-c", burn], check=True)
    """
    file = write_suite(
        models="  mine: {use: mine}\n  lr: {use: lr}",
        methods="  average: {selector: {use: average}}",
    )
    done, _ = go(
        file,
        executor="local",
        plugins=(plugin(fit=textwrap.dedent(fit).strip().replace("\n", "\n        ")),),
    )
    mine, lr = (by_method(done)[name]["cost"]["own"] for name in ("mine", "lr"))
    assert mine["train_cpu_s"] > 1
    assert mine["peak_rss_bytes"] > lr["peak_rss_bytes"] + 150_000_000


IGNORED = {
    "by Python": "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)",
    "by other code": "import ctypes; ctypes.CDLL(None).signal(17, ctypes.c_void_p(1))",
}


@pytest.mark.parametrize("how", IGNORED)
def test_child_processes_that_nobody_counts_are_no_cost(go, write_suite, plugin, how):
    file = write_suite(
        models="  mine: {use: mine}\n  lr: {use: lr}",
        methods="  average: {selector: {use: average}}",
    )
    done, _ = go(file, executor="local", plugins=(plugin(fit=IGNORED[how]),))
    mine, lr = (of_record(by_method(done)[name]) for name in ("mine", "lr"))
    assert (mine.status, lr.status) == ("error", "ok")
    assert (
        "a plugin call left SIGCHLD ignored: the cost of its child processes is lost" in mine.reason
    )


def test_a_harness_that_was_started_with_sigchld_ignored_counts_children(go, write_suite, plugin):
    burn = "import time; t = time.process_time\\nwhile t() < 1: pass"
    fit = f'import subprocess; subprocess.run([sys.executable, "-c", "{burn}"], check=True)'
    models, methods = "  mine: {use: mine}", "  average: {selector: {use: average}}"
    file = write_suite(models=models, methods=methods)
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        done, _ = go(file, plugins=(plugin(fit=fit),))
    finally:
        found = signal.signal(signal.SIGCHLD, before)
    assert found == signal.SIG_IGN
    assert by_method(done)["mine"]["cost"]["own"]["train_cpu_s"] > 1


@pytest.mark.fault(10)
def test_a_thread_that_stays_delays_nothing(go, write_suite, plugin):
    fit = "import threading; threading.Thread(target=time.sleep, args=(3600,)).start()"
    file = write_suite(
        models="  mine: {use: mine}", methods="  average: {selector: {use: average}}"
    )
    done, _ = go(file, executor="local", plugins=(plugin(fit=fit),))
    assert of_record(by_method(done)["mine"]).ok


@pytest.mark.fault(13, 33)
def test_a_patched_clock_changes_no_cost(go, write_suite, plugin):
    patch = "time.process_time = time.monotonic = lambda: -1e9 * time.perf_counter()"
    file = write_suite(
        models="  mine: {use: mine}", methods="  average: {selector: {use: average}}"
    )
    for executor in ("inline", "local"):
        code = f"real = time.process_time, time.monotonic; {patch}"
        back = "; time.process_time, time.monotonic = real" if executor == "inline" else ""
        done, _ = go(file, executor, executor=executor, plugins=(plugin(fit=code + back),))
        cost = by_method(done)["mine"]["cost"]["own"]
        assert 0 <= cost["train_cpu_s"] < 60
        assert 0 <= cost["train_wall_s"] < 60


@pytest.mark.parametrize("threads", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_pools_that_a_plugin_brings_keep_to_the_threads(go, write_suite, plugin, tmp_path, threads):
    """Those of scikit-learn, pyarrow and numba, which nothing has imported before."""
    before = "import numba, pyarrow, sklearn.ensemble, threadpoolctl, json"
    fit = (
        "found = [pool['num_threads'] for pool in threadpoolctl.threadpool_info()]; "
        "found += [pyarrow.cpu_count(), numba.get_num_threads(), torch.get_num_threads()]; "
        f"open({str(tmp_path / 'pools')!r}, 'w').write(json.dumps(found))"
    )
    file = write_suite(
        models="  mine: {use: mine}", methods="  average: {selector: {use: average}}"
    )
    go(file, executor="local", plugins=(plugin(before, fit),), threads=threads)
    assert set(json.loads((tmp_path / "pools").read_text())) == {threads}


def test_who_uses_more_threads_than_given_is_told_of(go, write_suite, plugin):
    fit = """
        import subprocess
        burn = "import time; end = time.process_time() + 1\\nwhile time.process_time() < end: pass"
        running = [subprocess.Popen([sys.executable, "-c", burn]) for _ in range(4)]
        self.codes = [one.wait() for one in running]
    """
    file = write_suite(
        models="  mine: {use: mine}",
        methods="  average: {selector: {use: average}}",
        protocol="base_predictions: in-sample",
    )
    text = textwrap.dedent(fit).strip().replace("\n", "\n        ")
    done, _ = go(file, executor="local", plugins=(plugin(fit=text),), only=("mine",))
    cost = by_method(done)["mine"]["cost"]["own"]
    said = [w for w in by_method(done)["mine"]["details"].get("warnings", ()) if "threads" in w]
    assert bool(said) == (cost["train_cpu_s"] > 1.2 * cost["train_wall_s"] + 1)
    assert cost["train_cpu_s"] > 4


DEADLY = {
    "import": {"before": "os._exit(0)"},
    "signal at import": {"before": "os.kill(os.getpid(), 9)"},
    "init": {"before": "", "init": "os._exit(0)"},
    "files": {"before": "", "files": "os._exit(0)"},
}


@pytest.mark.fault(1, 5)
@pytest.mark.parametrize(
    "place",
    [
        "import",
        pytest.param("init", marks=pytest.mark.slow),
        pytest.param("signal at import", marks=pytest.mark.slow),
        pytest.param("files", marks=pytest.mark.slow),
    ],
)
def test_a_plugin_that_ends_its_process_in_the_harness_is_left_out(
    write_suite, plugin, tmp_path, place
):
    """It is quarantined with the reason, its trial is unavailable, the rest runs, exit code 4."""
    how = DEADLY[place]
    mine = plugin(how["before"])
    method = (
        "    def __init__(self, params):\n        "
        if "init" in how
        else "    def files(self):\n        "
    )
    body = how.get("init") or how.get("files")
    if body:
        mine.write_text(mine.read_text().replace("    def fit", f"{method}{body}\n\n    def fit"))
    file = write_suite(
        models="  mine: {use: mine}\n  lr: {use: lr}",
        methods="  average: {selector: {use: average}}",
    )
    done = subprocess.run(
        [sys.executable, "-m", "bench.cli", "run", file.name, "--plugins", "mine.py", "--out", "out",
         "--cache-dir", "cache"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 4, done.stderr
    assert "ended the process" in done.stdout + done.stderr
    records = [json.loads(one.read_text("utf-8")) for one in (tmp_path / "out").glob("*/*.json")]
    status = {one["trial"]["method"]: one["outcome"]["status"] for one in records}
    assert (status["mine"], status["lr"]) == ("unavailable", "ok")


def test_a_plain_script_without_a_main_guard_runs_a_suite(tmp_path):
    """Workers do not import the script again."""
    file = write_small_suite(tmp_path, methods="  average: {selector: {use: average}}")
    script = tmp_path / "script.py"
    script.write_text(
        f"import bench, pathlib\nprint('once')\nrun = bench.run_suite({str(file)!r}, workers=2, autoload=False,\n"
        f"    out=pathlib.Path('out'), cache_dir=pathlib.Path('cache'))\nprint(run.manifest['status'])\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.split() == ["once", "complete"]


@pytest.mark.fault(28)
def test_a_step_refuses_a_harness_that_was_edited(go, write_suite, monkeypatch):
    monkeypatch.setattr("bench.worker.perform.harness_digest_now", lambda: "other")
    done, _ = go(write_suite(methods="  average: {selector: {use: average}}"))
    outcome = of_record(by_method(done)["lr"])
    assert outcome.status == "unavailable"
    assert outcome.reason.startswith("the harness's own code was changed while the run went on")


ENDS = """
import os
import numpy as np
from bench import hookimpl
from bench.interfaces import Dataset, Metric, Score, Source, SplitProtocol


class Ends(Dataset):
    "One whose reader ends the process."

    name = "ends"

    def sources(self):
        return (Source("", "", "", ("ratings.csv",)),)

    def read(self, source, files):
        os._exit(0)


class EndsDividing(SplitProtocol):
    "One that ends the process."

    name = "ends-dividing"
    kind = "user-holdout"
    setting = "warm"

    def split(self, timeline, seed):
        os._exit(0)


class EndsScoring(Metric):
    "One that ends the process."

    name = "ends-scoring"
    higher_is_better = True
    version = 1

    def compute(self, rows, logits):
        os._exit(0)


@hookimpl
def bench_datasets():
    return {"ends": f"{__name__}:Ends"}


@hookimpl
def bench_protocols():
    return {"ends-dividing": f"{__name__}:EndsDividing"}
"""
SCORING = """

@hookimpl
def bench_metrics():
    return {"ends-scoring": f"{__name__}:EndsScoring"}
"""


@pytest.mark.fault(5)
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("small: {use: table, path: ratings.csv, user: user_id, item: item_id, "
         "fields: [user_id, item_id], label: liked, order: time}", "small: {use: ends}",
         "dataset 'ends': reading: it ended the process (exit code 0)"),
        pytest.param(
            "use: user-holdout, setting: cold, users: {train: 0.5, valid: 0.25, test: 0.25}",
            "use: ends-dividing",
            "protocol 'ends-dividing': dividing: it ended the process (exit code 0)",
            marks=pytest.mark.slow),
        ("seeds: [0]", "seeds: [0]\nmetrics: [auc, logloss, ends-scoring]",
         "it ended the process (exit code 0)"),
    ],
    ids=["dataset", "protocol", "metric"],
)  # fmt: skip
def test_what_runs_beside_the_labels_is_tried_elsewhere_first(
    write_suite, tmp_path, old, new, said
):
    file = write_suite(methods="  average: {selector: {use: average}}")
    file.write_text(file.read_text().replace(old, new), "utf-8")
    (tmp_path / "ends.py").write_text(ENDS + (SCORING if "metrics" in new else ""), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "bench.cli", "run", file.name, "--plugins", "ends.py", "--out", "out",
         "--cache-dir", "cache"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert said in " ".join(done.stderr.split())
