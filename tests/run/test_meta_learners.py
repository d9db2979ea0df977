"""Every rule, adapt set, way of drawing episodes and of selecting: one tiny suite on generated data, from file to record."""

from __future__ import annotations

import numpy as np
import pytest

from bench.job.outcome import of_record
from bench.records import read_blob
from tests.run.conftest import by_method

SUITE = """\
version: 1
name: family
datasets:
  planted: {use: synthetic, users: 40, items: 20, rows_per_user: 14, groups: 2, seed: 0}
protocols:
  cold: {use: user-holdout, setting: cold, users: {train: 0.6, valid: 0.2, test: 0.2}, folds: 2}
train: {epochs: 1, batch_size: 128}
base_models:
  lr: {use: lr}
  deepfm: {use: deepfm, embedding_dim: 2, hidden: [4]}
methods:
"""
SELECTOR = "selector: {use: mlp, embedding_dim: 2, hidden: [4]}"
EPOCH = "train: {epochs: 1, users: 8"
METHODS = {
    "maml-scalar": "{use: maml, adapt: [selector], learn_rates: true, inner_steps: 2, TRAIN}}",
    "maml-tensor": "{use: maml, adapt: [selector, base_models], learn_rates: true, rate: tensor, support_scale: 10.0, "
    "step_factors: true, order: first, inner_steps: 2, TRAIN}}",
    "positive": "{use: meta-sgd, adapt: [selector], positive: true, inner_batch: 4, inner_steps: 2, TRAIN}}",
    "anil": "{use: anil, adapt: [selector, base_models], inner_steps: 2, TRAIN}}",
    "reptile": "{use: reptile, adapt: [selector, base_models], inner_steps: 2, TRAIN}}",
    "parts": "{use: maml, adapt: [selector/scores, deepfm/deep, lr/bias], inner_steps: 1, TRAIN}}",
    "random": "{use: maml, adapt: [selector], inner_steps: 1, TRAIN, episodes: random, support_fraction: 0.5}}",
    "window": "{use: maml, adapt: [selector], inner_steps: 1, TRAIN, episodes: window, max_rows: 10}}",
    "like-test": "{use: maml, adapt: [selector], inner_steps: 1, TRAIN, episodes: like-test, max_support: 8}}",
    "hard-simplified": "{use: maml, adapt: [selector], inner_steps: 1, TRAIN}}",
    "hard-full": "{use: maml, adapt: [selector, base_models], inner_steps: 1, TRAIN}}",
}


@pytest.fixture(scope="module")
def suite_text():
    methods = [f"  gating: {{{SELECTOR}}}", f"  hard-gating: {{{SELECTOR}, select: hard}}"]
    for name, learner in METHODS.items():
        select = ", select: hard" if name.startswith("hard") else ""
        methods.append(
            f"  {name}: {{{SELECTOR}, meta_learner: {learner.replace('TRAIN', EPOCH)}{select}}}"
        )
    return "\n".join([SUITE.rstrip("\n"), *methods, "seeds: [0]\n"])


def test_all_of_the_family_runs_and_differs(go, tmp_path, suite_text):
    (tmp_path / "suite.yaml").write_text(suite_text, "utf-8")
    finished, _ = go(tmp_path / "suite.yaml")
    records = by_method(finished)
    assert all(of_record(record).ok for record in records.values())
    logits = {
        method: blob(finished, records, method, "logits")
        for method in (*METHODS, "gating", "hard-gating")
    }
    assert all(np.isfinite(values).all() for values in logits.values())
    assert len({values.tobytes() for values in logits.values()}) == len(logits), (
        "each gives what is its own"
    )
    for method in ("hard-gating", "hard-simplified", "hard-full"):
        assert set(np.unique(blob(finished, records, method, "weights"))) == {0, 1}
    again, _ = go(tmp_path / "suite.yaml", "two")
    for method, values in logits.items():
        assert blob(again, by_method(again), method, "logits").tobytes() == values.tobytes()


def blob(finished, records, method, name):
    return np.asarray(read_blob(finished.folder, records[method]["blobs"][name]))
