"""A plugin that writes into what it is handed changes no figure: what is scored, mixed and recorded is another array."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.data.paged import read_only
from bench.records import read_blob
from tests.run.conftest import METHODS, by_method

MEDDLING = Path(__file__).parent.parent / "fixtures" / "meddling_plugin.py"
IN_SAMPLE = "base_predictions: in-sample"
SELECTOR = "meddling-selector"
GATE = "meddling-gate"
META = "meta_learner: {{use: maml, adapt: [{}], inner_steps: 2, train: {{epochs: 2}}}}"


def figures(finished):
    """By method: logits, validation loss, every metric and what is said of the sources."""
    return {
        method: (
            read_blob(finished.folder, record["blobs"]["logits"]).tolist(),
            record["validation"],
            record["metrics"],
            record["details"].get("source_shift"),
            record["details"].get("calibrated"),
        )
        for method, record in by_method(finished).items()
        if record["blobs"]
    }


@pytest.fixture
def of_both(go, monkeypatch):
    """Runs a suite of plugins that meddle, and the same where they don't."""

    def of_both(file, **options):
        plain, _ = go(file, "plain", plugins=(MEDDLING,), **options)
        monkeypatch.setenv("MEDDLE", "yes")
        meddled, _ = go(file, "meddled", plugins=(MEDDLING,), **options)
        return plain, meddled

    return of_both


@pytest.mark.fault(13)
@pytest.mark.parametrize(
    "method",
    [
        f"{{selector: {{use: {SELECTOR}}}}}",
        f"{{selector: {{use: {SELECTOR}}}, support_rows: 3}}",
        f"{{selector: {{use: {SELECTOR}}}, calibrate: user}}",
        f"{{selector: {{use: {SELECTOR}, logits: true}}}}",
        f"{{selector: {{use: {GATE}}}}}",
        f"{{selector: {{use: {GATE}}}, {META.format('selector')}}}",
        f"{{selector: {{use: {GATE}}}, {META.format('selector, base_models')}}}",
    ],
    ids=["weights", "support_rows", "calibrated", "logits", "gating", "maml", "maml-full"],
)
def test_a_selector_that_writes_into_its_tasks_changes_nothing(of_both, write_suite, method):
    file = write_suite(methods=f"  chosen: {method}", protocol=IN_SAMPLE)
    file.write_text(file.read_text("utf-8").replace("epochs: 1,", "epochs: 3,"), "utf-8")
    plain, meddled = map(figures, of_both(file))
    assert "chosen" in plain
    assert meddled == plain


@pytest.mark.fault(13)
def test_a_model_that_writes_into_its_rows_changes_nothing(of_both, write_suite):
    file = write_suite(models="  lr: {use: lr}\n  rate: {use: meddling-model}", methods=METHODS)
    plain, meddled = map(figures, of_both(file))
    assert plain.keys() >= {"lr", "rate", "average", "user-best"}
    assert meddled == plain


@pytest.mark.fault(13)
@pytest.mark.parametrize("primary", ["logloss", "meddling-metric"])
def test_a_metric_that_writes_into_its_rows_changes_nothing(of_both, write_suite, primary):
    """Not what is recorded, its own value and that of those after it; nor what methods are compared by."""
    file = write_suite(protocol=IN_SAMPLE)
    metrics = f"metrics: [meddling-metric, logloss, auc]\nprimary: {primary}\ngate:"
    file.write_text(file.read_text("utf-8").replace("gate:", metrics), "utf-8")
    plain, meddled = of_both(file, cache="shared")
    assert figures(meddled) == figures(plain)
    assert meddled.analyses == plain.analyses
    assert len(plain.analyses) == 1


@pytest.mark.fault(13)
def test_a_protocol_that_writes_into_the_timeline_and_its_last_cut_changes_nothing(
    of_both, write_suite
):
    file = write_suite(protocol="split_seed: trial")
    text = file.read_text("utf-8").replace("user-holdout", "meddling-protocol")
    file.write_text(text, "utf-8")
    plain, meddled = of_both(file, seeds=(0, 1), only=("lr",))
    splits = [[one["identity"]["split"] for one in found.records] for found in (plain, meddled)]
    assert splits[0] == splits[1]
    assert len(set(splits[0])) == 2
    assert [one["metrics"] for one in meddled.records] == [one["metrics"] for one in plain.records]


def test_a_plain_write_fails_the_step_by_name(go, write_suite):
    finished, _ = go(
        write_suite(methods="  blunt: {selector: {use: blunt}}", protocol=IN_SAMPLE),
        plugins=(MEDDLING,),
    )
    outcome = by_method(finished)["blunt"]["outcome"]
    assert (outcome["status"], outcome["reason"]) == (
        "error",
        "ValueError: assignment destination is read-only",
    )


@pytest.mark.parametrize("shape", [(0,), (3,), (2, 3)])
def test_a_read_only_array_is_equal_and_can_not_be_made_writable(shape):
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    handed = read_only(values)
    np.testing.assert_array_equal(handed, values)
    assert handed.dtype == values.dtype
    assert not np.shares_memory(handed, values)
    with pytest.raises(ValueError, match="cannot set WRITEABLE"):
        handed.flags.writeable = True
