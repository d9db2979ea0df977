"""What a plugin's fault does: it ends its own trial, is named by those that needed it, and leaves all others alone."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.job.outcome import of_record
from bench.report import build
from bench.run import run
from tests.run.conftest import by_method, load_suite, status, write_small_suite

FAULTY = Path(__file__).parent.parent / "fixtures" / "faulty_plugin.py"
NFM = Path(__file__).parent.parent / "fixtures" / "single_file_plugin.py"

ARRAY = r"^logits: expected a numpy array of shape \((\d+),\), float32 or float64; got "
FATAL = {
    "raise": ("error", "^RuntimeError: the fit went wrong$"),
    "exit": ("no_result", "^the process exited with 0 and no result$"),
    "sys-exit": ("no_result", "^the process exited with 0 and no result$"),
    "segfault": ("crashed:SIGSEGV", "^the process was ended by SIGSEGV$"),
    "abort": ("crashed:SIGABRT", "^the process was ended by SIGABRT$"),
    "nan": (
        "invalid_prediction",
        r"^logits: 2 of \d+ rows are not finite, the first in row 3 \(nan\)",
    ),
    "shape": ("invalid_prediction", ARRAY + r"shape \(\1, 1\), float64$"),
    "float16": ("invalid_prediction", ARRAY + r"shape \(\1,\), float16$"),
    "list": ("invalid_prediction", ARRAY + "builtins.list$"),
}
SUSPICIOUS = {
    "probabilities": "all logits lie in [0, 1]: are they probabilities? a model hands back logits",
    "constant": "all predictions are the same",
}


def faulty(*faults):
    return (
        "".join(f"  {fault}: {{use: faulty, fault: {fault}}}\n" for fault in faults)
        + "  lr: {use: lr}"
    )


@pytest.fixture(scope="module")
def calamity(tmp_path_factory):
    """One run of every fault at once, each step in a process of its own, two at a time."""
    folder = tmp_path_factory.mktemp("calamity")
    faults = faulty(*FATAL, *SUSPICIOUS, "none", "noise")
    file = write_small_suite(folder, models=faults, protocol="base_predictions: in-sample")
    return run(
        load_suite(file, (FAULTY,)), out=folder / "run", cache_dir=folder / "cache", plugins=(FAULTY,), autoload=False,
        executor="local", workers=2,
    )  # fmt: skip


@pytest.mark.fault(4, 5, 6, 14, 15)
@pytest.mark.parametrize("fault", FATAL)
def test_a_fault_ends_its_own_trial_with_its_reason(calamity, fault):
    record = by_method(calamity)[fault]
    expected, reason = FATAL[fault]
    assert of_record(record).label == expected
    assert re.search(reason, record["outcome"]["reason"])
    assert record["metrics"] == record["blobs"] == {}


@pytest.mark.fault(4)
def test_an_exception_keeps_its_traceback(calamity):
    trace = by_method(calamity)["raise"]["outcome"]["traceback"]
    assert trace.startswith("Traceback (most recent call last):\n")
    assert 'faulty_plugin.py", line' in trace
    assert trace.endswith("RuntimeError: the fit went wrong\n")


@pytest.mark.fault(4, 5, 6, 11)
@pytest.mark.parametrize("method", ["lr", "none", "noise"])
def test_others_are_unharmed(calamity, method):
    record = by_method(calamity)[method]
    assert record["outcome"]["status"] == "ok"
    assert record["metrics"]["logloss"]["value"] > 0


def test_methods_over_the_pool_name_what_they_lack(calamity):
    for method in ("average", "user-best", "perfect-user", "perfect-sample"):
        outcome = of_record(by_method(calamity)[method])
        needed = outcome.waited_for
        assert outcome.status == "unavailable"
        assert needed.title == f"small/cold {needed.owner}, all training rows, seed 0"
        assert needed.ended.label == FATAL[needed.owner][0]
        assert (
            outcome.reason
            == f"needs {needed.title}, which ended as {needed.ended.label}: {needed.ended.reason}"
        )


@pytest.mark.fault(15, 16)
@pytest.mark.parametrize("fault", SUSPICIOUS)
def test_suspicious_predictions_are_kept_and_flagged(calamity, fault):
    record = by_method(calamity)[fault]
    assert record["outcome"]["status"] == "ok"
    assert SUSPICIOUS[fault] in record["details"]["warnings"]


@pytest.mark.fault(32)
def test_the_run_is_incomplete_and_never_green(calamity):
    assert calamity.manifest["status"] == "incomplete"
    assert build(calamity).exit_code == 4


@pytest.mark.fault(14)
def test_no_json_holds_what_json_has_no_word_for(calamity):
    def refuse(constant):
        raise AssertionError(f"{constant} in JSON")

    for file in calamity.folder.rglob("*.json"):
        assert json.loads(file.read_text("utf-8"), parse_constant=refuse)


# -- inline


@pytest.mark.fault(5)
def test_inline_too_an_exit_ends_its_step_and_not_the_harness(go, write_suite):
    models, protocol = faulty("sys-exit", "raise", "nan"), "base_predictions: in-sample"
    finished, _ = go(write_suite(models=models, protocol=protocol), plugins=(FAULTY,))
    assert {name: status(finished)[name] for name in ("sys-exit", "raise", "nan", "lr")} == {
        "sys-exit": "no_result",
        "raise": "error",
        "nan": "invalid_prediction",
        "lr": "ok",
    }


@pytest.mark.fault(19)
@pytest.mark.parametrize(
    ("selector", "expected", "reason"),
    [
        (
            "off-simplex",
            "invalid_selection",
            r"^weights: (\d+) of \1 rows are off the simplex, the first is row 0 .*sum 2\)",
        ),
        (
            "silent",
            "invalid_prediction",
            "^a selection holds weights or logits, exactly one of them$",
        ),
        (
            "bare",
            "invalid_prediction",
            "^predict gave ndarray; give a bench.interfaces.Selection of weights or logits$",
        ),
        (
            "wrong-mix",
            "invalid_selection",
            r"^weights: (\d+) of \1 rows are off the simplex, the first is row 0 .*smallest weight -7",
        ),
    ],
)
def test_what_is_no_selection_ends_the_method_alone(go, write_suite, selector, expected, reason):
    methods = (
        f"  wrong: {{selector: {{use: {selector}}}}}\n  average: {{selector: {{use: average}}}}"
    )
    finished, _ = go(
        write_suite(methods=methods, protocol="base_predictions: in-sample"), plugins=(FAULTY,)
    )
    record = by_method(finished)["wrong"]
    assert of_record(record).label == expected
    assert re.search(reason, record["outcome"]["reason"])
    assert status(finished)["average"] == "ok"


@pytest.mark.fault(1)
def test_a_plugin_that_does_not_import_is_unavailable_and_the_rest_runs(go, write_suite):
    models = "  lr: {use: lr}\n  gone: {use: not-installed}"
    finished, watcher = go(write_suite(models=models), plugins=(FAULTY,))
    records = by_method(finished)
    assert records["lr"]["outcome"]["status"] == "ok"
    for method in ("gone", "average", "perfect-user"):
        assert records[method]["outcome"]["status"] == "unavailable"
        assert "no_such_package" in records[method]["outcome"]["reason"]
    assert watcher.titles == ["small/cold lr, all training rows, seed 0"], (
        "nothing is fitted for a method that can't run"
    )
    assert finished.manifest["status"] == "incomplete"


# -- another try


@pytest.mark.fault(4)
@pytest.mark.parametrize(("rerun", "again"), [("failed", True), ("all", True), ("none", False)])
def test_whether_a_failed_trial_is_tried_again(go, write_suite, rerun, again):
    file = write_suite(models=faulty("raise"), protocol="base_predictions: in-sample")
    first, _ = go(file, plugins=(FAULTY,))
    finished, watcher = go(file, plugins=(FAULTY,), rerun=rerun)
    assert ("small/cold raise, all training rows, seed 0" in watcher.titles) == again
    assert ("small/cold lr, all training rows, seed 0" in watcher.titles) == (rerun == "all")
    assert status(finished) == status(first)
    assert finished.manifest["status"] == "incomplete"


def test_a_trial_that_failed_and_then_went_well_leaves_one_record(go, write_suite, monkeypatch):
    file = write_suite(models=faulty("none"), methods="  average: {selector: {use: average}}")
    with monkeypatch.context() as patched:
        patched.setattr("bench.worker.fit_step.check_logits", _refuse)
        first, _ = go(file, plugins=(FAULTY,))
    assert set(status(first).values()) == {"error", "unavailable"}
    finished, _ = go(file, plugins=(FAULTY,))
    assert set(status(finished).values()) == {"ok"}
    assert len(list((finished.folder / "records").iterdir())) == len(finished.records)


def _refuse(logits, n):
    raise RuntimeError("not today")


# -- a stranger's model


def test_a_stranger_s_model_is_adapted_and_named_in_the_record(go, write_suite):
    models = "  lr: {use: lr}\n  mine: {use: nfm, embedding_dim: 2, hidden: 3}"
    methods = """  metaselector:
    selector: {use: mlp, embedding_dim: 2, hidden: [4]}
    meta_learner: {use: meta-sgd, adapt: [selector, base_models], inner_steps: 1, train: {epochs: 1}}"""
    finished, _ = go(write_suite(models=models, methods=methods), plugins=(NFM,))
    record = by_method(finished)["metaselector"]
    assert record["outcome"]["status"] == "ok"
    plugin = next(SimpleNamespace(**p) for p in record["identity"]["plugins"] if p["name"] == "nfm")
    assert plugin.origin.endswith("single_file_plugin.py")
    assert re.fullmatch("[0-9a-f]{64}", plugin.digest)
