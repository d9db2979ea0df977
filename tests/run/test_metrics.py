"""Whatever a stranger's metric raises or hands back: it is that metric's trouble alone, and is told by name."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench.errors import PluginError
from bench.records import load
from bench.report import build, to_json
from tests.fixtures.wrong_metrics import COMPUTE, PARTS
from tests.run.conftest import by_method

WRONG = Path(__file__).parent.parent / "fixtures" / "wrong_metrics.py"
RIGHT = {"numpy": 0.25, "whole": 1.0, "fraction": 0.25}
INVALID = {
    "nan": "compute gave nan; where it is undefined it gives Score(None, reason)",
    "inf": "compute gave inf; where it is undefined it gives Score(None, reason)",
    "numpy-nan": "compute gave nan; where it is undefined it gives Score(None, reason)",
    "bare": "compute gave float; it gives a bench.interfaces.Score",
    "none": "compute gave NoneType; it gives a bench.interfaces.Score",
    "tuple": "compute gave tuple; it gives a bench.interfaces.Score",
    "text": "compute gave a value that is no number (str); a score is one number",
    "truth": "compute gave a value that is no number (bool); a score is one number",
    "array": "compute gave a value that is no number (numpy.ndarray of shape (3,)); a score is one number",
    "complex": "compute gave a value that is no number (complex); a score is one number",
    "huge": f"compute gave {'1' + 39 * '0'}; where it is undefined it gives Score(None, reason)",
    "reason": "compute gave a reason that is no text (int)",
    "counts": "compute gave a count 'users' that is no whole number",
    "no-counts": "compute gave counts that are no mapping (NoneType)",
    "raise": "compute raised ValueError: no luck \\ud800 (wrong_metrics.py:",
    "silent": "compute raised SilentError",
    "exit": "compute raised SystemExit: 3 (wrong_metrics.py:",
    "cancelled": "compute raised CancelledError",
    "keyboard": "compute raised KeyboardInterrupt",
    "exit-now": "it ended the process (exit code 0)",
    "segfault": "it ended the process (SIGSEGV)",
    "write": "compute raised ValueError: assignment destination is read-only (wrong_metrics.py:",
}
PARTS_TOLD = {
    "parts-shape": "5 numerators for 6 users",
    "parts-table": "by_user gave shape (6, 1) numerators for 6 users",
    "parts-nan": "by_user gave 6 numerators that are not finite, the first of the user in place 0",
    "parts-text": "by_user gave numerators that are no array of numbers (numpy.ndarray",
    "parts-ragged": "by_user gave numerators that are no array of numbers (list)",
    "parts-bare": "by_user gave numpy.ndarray of shape (6,); it gives bench.interfaces.UserParts",
    "parts-raise": "by_user raised ValueError: no luck",
    "parts-exit": "by_user raised SystemExit: 3",
    "parts-total": "by_user adds up to ",
    "parts-zero": "by_user adds up to inf",
    "parts-reversed": "on a resample of users by_user adds up to ",
    "parts-equal": "on a resample of users by_user adds up to ",
}


def with_metrics(write_suite, metrics: str, primary: str = "logloss") -> Path:
    file = write_suite()
    text = file.read_text("utf-8").replace("gate: {tolerance: {auc: 1e-6, logloss: 1e-6}}", "")
    file.write_text(f"{text}metrics: [{metrics}]\nprimary: {primary}\n", "utf-8")
    return file


def faults(names) -> str:
    return ", ".join(f"{{use: wrong, fault: {name}, as: {name}}}" for name in names)


@pytest.fixture(scope="module")
def calamity(tmp_path_factory):
    """One run with every wrong metric at once, and as JSON its report."""
    from bench.run import run
    from tests.run.conftest import load_suite, write_small_suite

    folder = tmp_path_factory.mktemp("metrics")
    file = with_metrics(
        lambda: write_small_suite(folder), f"logloss, auc, wrong, {faults((*COMPUTE, *PARTS))}"
    )
    finished = run(
        load_suite(file, (WRONG,)), out=folder / "run", cache_dir=folder / "cache", plugins=(WRONG,), autoload=False,
        executor="inline",
    )  # fmt: skip
    return finished, to_json(build(finished))


def test_every_way_to_be_wrong_is_told() -> None:
    assert INVALID.keys() | RIGHT.keys() | {"unexplained"} == COMPUTE.keys()
    assert PARTS_TOLD.keys() | {"parts-list"} == PARTS.keys()


@pytest.mark.fault(14)
@pytest.mark.parametrize("fault", INVALID)
def test_what_is_no_score_is_that_metrics_invalid(calamity, fault):
    for record in by_method(calamity[0]).values():
        score = record["metrics"][fault]
        assert (score["value"], score["invalid"]) == (None, True)
        assert score["reason"].startswith(INVALID[fault])


@pytest.mark.parametrize("fault", RIGHT)
def test_a_number_of_any_kind_is_one(calamity, fault):
    scores = [record["metrics"][fault] for record in by_method(calamity[0]).values()]
    assert {score["value"] for score in scores} == {RIGHT[fault]}
    assert not any("invalid" in score for score in scores)


@pytest.mark.fault(17)
def test_an_undefined_value_is_not_invalid(calamity):
    score = by_method(calamity[0])["lr"]["metrics"]["unexplained"]
    assert score == {"value": None, "reason": "compute gave no value and no reason", "counts": {}}


@pytest.mark.parametrize("method", ["lr", "fm", "average", "user-best", "perfect-user"])
def test_the_other_metrics_stand(calamity, method):
    metrics = by_method(calamity[0])[method]["metrics"]
    assert 0 < metrics["logloss"]["value"] < 2
    assert 0 < metrics["auc"]["value"] < 1
    expected = metrics["wrong"]["value"]
    assert {metrics[fault]["value"] for fault in PARTS} == {expected}


def test_the_analysis_stands_and_says_whose_by_user_is_wrong(calamity):
    _, report = calamity
    section = report["sections"][0]
    lead = section["analysis"]["lead"]
    others = [one for one in section["analysis"]["methods"] if one["name"] != lead]
    assert len(others) == 3
    for one in others:
        assert one["against_lead"]["logloss"]["verdict"] in ("tie", "worse")
        assert one["against_lead"]["parts-list"]["low"] is not None
        for fault, told in PARTS_TOLD.items():
            pair = one["against_lead"][fault]
            assert (pair["verdict"], pair["low"], pair["p"]) == ("withheld", None, None)
            assert pair["difference"] is not None
            assert pair["reason"].startswith(f"metric '{fault}': ")
            assert told in pair["reason"]
    notes = " ".join(section["analysis"]["notes"])
    assert all(
        f"There are no intervals and no verdicts by metric '{one}'" in notes for one in PARTS_TOLD
    )
    json.dumps(report, allow_nan=False)
    assert report["exit_code"] == 0


@pytest.mark.parametrize("fault", ["nan", "exit", "segfault"])
def test_a_primary_that_is_invalid_everywhere_is_a_failure(go, write_suite, fault):
    finished, _ = go(
        with_metrics(write_suite, f"logloss, {faults([fault])}", fault), plugins=(WRONG,)
    )
    report = build(finished)
    assert report.exit_code == 4
    assert report.sections[0].invalid_primary.startswith(INVALID[fault])
    assert by_method(finished)["lr"]["metrics"]["logloss"]["value"] > 0


def test_an_undefined_primary_is_none(go, write_suite):
    suite = with_metrics(write_suite, f"logloss, {faults(['unexplained'])}", "unexplained")
    finished, _ = go(suite, plugins=(WRONG,))
    assert build(finished).exit_code == 0


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("unmade", "^metric 'unmade' can't be made: ValueError: no luck"),
        ("undirected", "^metric 'undirected' has higher_is_better .*False.*, version 1; give true"),
    ],
)
def test_a_metric_that_can_not_be_used_ends_the_run_before_it_begins(
    go, write_suite, tmp_path, name, told
):
    with pytest.raises(PluginError, match=told):
        go(with_metrics(write_suite, f"logloss, {name}"), plugins=(WRONG,))
    assert not (tmp_path / "one").exists()


FAULTY_PARTS = """
import os
import numpy as np
from bench import hookimpl
from bench.interfaces import Metric, Score

class Ends(Metric):
    "It ends the process where it is asked for its parts."
    name = "ends"
    higher_is_better = True
    version = 1

    def compute(self, rows, logits):
        return Score(float(np.mean(logits)))

    def by_user(self, rows, logits):
        os._exit(0)

@hookimpl
def bench_metrics():
    return {"ends": f"{__name__}:Ends"}
"""


@pytest.mark.fault(5)
def test_a_metric_that_ends_the_analysis_is_left_out_of_it(go, write_suite, tmp_path):
    plugin = tmp_path / "ends.py"
    plugin.write_text(FAULTY_PARTS, "utf-8")
    finished, _ = go(with_metrics(write_suite, "logloss, ends"), plugins=(plugin,))
    assert all(record["metrics"]["ends"]["value"] for record in by_method(finished).values())
    (section,) = to_json(build(finished))["sections"]
    assert all(
        one["against_lead"]["logloss"]["low"] is not None
        for one in section["analysis"]["methods"]
        if one["name"] != section["analysis"]["lead"]
    )


def test_a_metric_that_hangs_is_invalid_by_its_name(go, write_suite, tmp_path):
    """It is asked for rows of a run alone, not for the few of the rehearsal."""
    plugin = tmp_path / "hangs.py"
    hang = "        if len(logits) > 0 and rows.users.max() != 3:\n            __import__('time').sleep(600)\n"
    text = FAULTY_PARTS.replace("        return Score(", f"{hang}        return Score(")
    plugin.write_text(text.replace("os._exit(0)", "return None"), "utf-8")
    file = with_metrics(write_suite, "logloss, ends")
    finished, _ = go(file, plugins=(plugin,), time_limit="4s", only=["lr"])
    metrics = by_method(finished)["lr"]["metrics"]
    assert metrics["ends"]["value"] is None
    assert metrics["ends"]["invalid"]
    assert metrics["ends"]["reason"].startswith("still running after the time limit of 4 s")
    assert metrics["logloss"]["value"] > 0


PATCHING = """
import numpy as np
import bench.evaluate.metrics.metrics as metrics
from bench import hookimpl
from bench.interfaces import Model

plain, logaddexp = metrics.row_log_loss, np.logaddexp
metrics.row_log_loss = lambda y, logits: 0.5 * plain(y, logits)
np.logaddexp = lambda one, two: 0.5 * logaddexp(one, two)

class Patching(Model):
    "It halves everybody's log loss."
    name = "patching"

    def fit(self, train, valid, context):
        pass

    def predict(self, rows):
        return np.zeros(len(rows))

@hookimpl
def bench_models():
    return {"patching": f"{__name__}:Patching"}
"""


@pytest.mark.fault(13)
def test_what_a_model_patches_when_it_is_imported_reaches_nobodys_figures(tmp_path, write_suite):
    """Metrics, validation, bounds and the analysis, in a harness that has imported it."""
    plugin = tmp_path / "patching.py"
    plugin.write_text(PATCHING, "utf-8")
    models = "  lr: {use: lr}\n  other: {use: patching}"
    file = write_suite(models=models, methods="  average: {selector: {use: average}}")
    code = f"""
import sys
from bench.run import run
finished = run(
    {str(file)!r}, out={str(tmp_path / "run")!r}, cache_dir={str(tmp_path / "cache")!r}, plugins=({str(plugin)!r},)
)
import numpy as np
assert np.logaddexp(0.0, 0.0) < 0.4  # this process is under the patch
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    finished = load(tmp_path / "run")
    records = by_method(finished)
    assert records["other"]["metrics"]["logloss"]["value"] == pytest.approx(np.log(2))
    assert records["other"]["validation"]["logloss"] == pytest.approx(np.log(2))
    (analysis,) = finished.analyses.values()
    assert analysis["best_single_logloss"] > 0.6
