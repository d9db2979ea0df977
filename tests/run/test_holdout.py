"""A holdout for base models, from the suite to the report: who has which tasks, what is fitted, and what is said of it."""

from __future__ import annotations

import numpy as np
import pytest

from bench.data.views.interactions import Interactions
from bench.job.splits import open_split
from bench.learn import FittedModel
from bench.report import Note, build
from bench.report.sections.document import document
from tests.data.rows_oracle import held_by_hand
from tests.run.conftest import by_method, status

FULL = """  {name}:
    selector: {{use: mlp, embedding_dim: 2, hidden: [4]}}
    meta_learner: {{use: meta-sgd, adapt: [selector, base_models], inner_steps: 2, train: {{epochs: 1}}}}{own}"""
METHODS = "  gating: {selector: {use: mlp}}\n  user-best: {selector: {use: user-best}}\n"
OWN = "\n    base_predictions: "
HOLDOUT = "base_predictions: holdout"
ALL = {"lr", "fm", "gating", "user-best", "metaselector", "perfect-user", "perfect-sample"}

VARIANTS = {
    "all training rows": "star",
    "half of the training users": "star",
    "support rows": "star",
    "rows before every query": "front",
    "fold 1 of 2": "fold-0",
    "fold 2 of 2": "fold-1",
}


def full(source="", name="metaselector"):
    return FULL.format(name=name, own=f"{OWN}{source}" if source else "")


def fits_of(watcher):
    """(model, variant) of each fit that was done, sorted."""
    fits = [title.split(", ") for title in watcher.titles if title.count(", ") == 2]
    return sorted((model.split()[1], VARIANTS[rows]) for model, rows, _ in fits)


def training_users(finished):
    details = {method: record["details"] for method, record in by_method(finished).items()}
    return {method: of["training"]["users"] for method, of in details.items() if "training" in of}


def sources(finished):
    details = {method: record["details"] for method, record in by_method(finished).items()}
    return {
        method: of["base_predictions"] for method, of in details.items() if "base_predictions" in of
    }


def told(finished):
    return "\n".join(block.text for block in document(build(finished)) if isinstance(block, Note))


@pytest.fixture
def restored(monkeypatch):
    """Rows of the view with which each base model of an adapted pool was restored."""
    seen, restore = [], FittedModel.restore

    def spy(model, file, train, seed):
        seen.append(train.index.tolist())
        return restore(model, file, train, seed)

    monkeypatch.setattr(FittedModel, "restore", spy)
    return seen


def split_of(tmp_path):
    (folder,) = (tmp_path / "cache-one" / "steps").glob("split-*")
    (prepared,) = (tmp_path / "cache-one" / "data").glob("*/meta.json")
    return open_split(folder, Interactions.open(prepared.parent))[0]


def owners(split):
    """(n,) each row's user."""
    return np.repeat(np.arange(len(split.role)), np.diff(split.user_ptr))


# -- a protocol's


def test_cold_all_methods_have_the_tasks_of_the_other_half(go, write_suite, tmp_path, restored):
    finished, watcher = go(write_suite("cold", methods=METHODS + full(), protocol=HOLDOUT))
    assert status(finished) == dict.fromkeys(ALL, "ok")
    assert set(sources(finished).values()) == {"holdout"}
    assert training_users(finished) == {"gating": 6, "user-best": 6, "metaselector": 6}
    assert fits_of(watcher) == [("fm", "star"), ("lr", "star")]
    split = split_of(tmp_path)
    held = held_by_hand(split, 0)
    assert restored == [np.flatnonzero(np.isin(owners(split), list(held))).tolist()] * 2
    facts = finished.manifest["splits"]["small/cold"]
    assert (facts["users"]["base_models"], facts["users"]["train"]) == (6, 6)
    assert facts["rows"]["base_models"] == len(restored[0])
    assert "Users: base models 6, training 6, validation 6, test 6" in told(finished)


def test_warm_methods_have_all_tasks_and_base_models_no_query(go, write_suite, tmp_path, restored):
    finished, watcher = go(write_suite("warm", methods=METHODS + full(), protocol=HOLDOUT))
    assert status(finished) == dict.fromkeys(ALL, "ok")
    assert set(sources(finished).values()) == {"holdout"}
    assert training_users(finished) == {"gating": 12, "user-best": 12, "metaselector": 12}
    assert fits_of(watcher) == sorted(
        (model, v) for model in ("lr", "fm") for v in ("star", "fold-0", "fold-1")
    )
    split = split_of(tmp_path)
    assert restored == [np.flatnonzero(~split.in_query).tolist()] * 2
    assert "base_models" not in finished.manifest["splits"]["small/warm"]["users"]


def test_the_simplified_version_runs_on_a_holdout(go, write_suite):
    method = "  simplified: {selector: {use: mlp}, meta_learner: {use: maml, adapt: [selector], train: {epochs: 1}}}"
    for setting in ("cold", "warm"):
        finished, _ = go(
            write_suite(setting, methods=method, protocol=HOLDOUT), setting, only=("simplified",)
        )
        assert status(finished)["simplified"] == "ok"


def test_one_seed_gives_identical_bytes_again_and_the_half_is_that_of_the_split(go, write_suite):
    file = write_suite("cold", methods=METHODS, protocol=HOLDOUT)
    first, second = go(file, "a")[0], go(file, "b", executor="local", workers=2)[0]
    blobs = [
        {name: record["blobs"] for name, record in by_method(one).items()}
        for one in (first, second)
    ]
    assert blobs[0] == blobs[1]
    both, _ = go(file, "c", seeds=(0, 1), only=("user-best",))
    shares = [r["details"]["training"] for r in both.records if "training" in r["details"]]
    assert shares[0] == shares[1], "the same users for every seed of training"


# -- a method's own


def test_cold_a_method_that_overrides_has_fewer_tasks_and_the_report_says_how_many(go, write_suite):
    finished, watcher = go(write_suite("cold", methods=METHODS + full("holdout")))
    assert training_users(finished) == {"gating": 12, "user-best": 12, "metaselector": 6}
    assert sources(finished)["metaselector"] == "holdout"
    assert fits_of(watcher).count(("lr", "star")) == 2, (
        "that of the protocol, and that of the holdout"
    )
    text = told(finished)
    assert "out-of-sample for gating and user-best (tasks of 12 training users)" in text
    assert "holdout for metaselector (tasks of 6 training users)" in text


def test_warm_a_method_that_overrides_shares_the_folds_of_the_others(go, write_suite):
    methods = METHODS + "  held: {selector: {use: user-best}, base_predictions: holdout}"
    finished, watcher = go(write_suite("warm", methods=methods))
    assert training_users(finished) == {"gating": 12, "user-best": 12, "held": 12}
    fits = [variant for model, variant in fits_of(watcher) if model == "lr"]
    assert fits == ["fold-0", "fold-1", "front", "star", "star"]
    assert "(tasks of" not in told(finished), "all have the same"


def test_warm_adapting_base_models_needs_no_fold(go, write_suite):
    _, watcher = go(write_suite("warm", methods=full("holdout")), only=("metaselector",))
    assert fits_of(watcher) == [("fm", "star"), ("lr", "star")]


def test_in_sample_under_a_holdout_is_of_the_default_s_fit(go, write_suite):
    methods = METHODS + full("in-sample")
    finished, watcher = go(write_suite("cold", methods=methods, protocol=HOLDOUT))
    assert training_users(finished) == {"gating": 6, "user-best": 6, "metaselector": 12}
    assert fits_of(watcher).count(("lr", "star")) == 2
