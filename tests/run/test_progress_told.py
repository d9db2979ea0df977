"""What training says as it goes: a few lines, all of one form, whoever trains and whatever is trained."""

from __future__ import annotations

from bench.job.progress import Progress
from tests.run.conftest import Counting, write_small_suite

MODELS = "  lr: {use: lr}\n  deepfm: {use: deepfm, embedding_dim: 2, hidden: [4]}"
SELECTOR = "selector: {use: mlp, embedding_dim: 2, hidden: [4], train: {epochs: 2}}"
METHODS = f"""\
  gating: {{{SELECTOR}}}
  maml: {{{SELECTOR}, meta_learner: {{use: maml, adapt: [selector], inner_steps: 1, train: {{epochs: 2, patience: 5}}}}}}"""


class Heard(Counting):
    """Of each step's title, what it said."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, str] = {}
        self.said: dict[str, list[Progress]] = {}
        self.others: dict[str, list[str]] = {}  # in words of their own

    def started(self, step, title):
        self.names[step] = title

    def progress(self, step, text):
        read = Progress.read(text)
        if read is None:
            self.others.setdefault(self.names[step], []).append(text)
        else:
            self.said.setdefault(self.names[step], []).append(read)


def test_models_selectors_and_meta_learners_tell_in_one_form(go, tmp_path):
    heard = Heard()
    go(write_small_suite(tmp_path, models=MODELS, methods=METHODS), watcher=heard)
    kinds = {
        title: list(dict.fromkeys(one.what for one in said)) for title, said in heard.said.items()
    }
    assert kinds["small/cold lr, all training rows, seed 0"] == ["epoch"]
    assert kinds["small/cold deepfm, fold 2 of 2, seed 0"] == ["epoch"]
    assert kinds["small/cold gating, seed 0"] == ["epoch"]
    assert kinds["small/cold maml, seed 0"] == ["gating epoch", "meta-epoch"]
    first = heard.said["small/cold lr, all training rows, seed 0"][0]
    assert (first.epoch, first.epochs) == (1, 1)
    assert 0.1 < first.valid_logloss < 3
    assert first.rows_per_s > 0
    meta = heard.said["small/cold maml, seed 0"][1]
    assert (meta.epoch, meta.epochs, meta.rows_per_s) == (0, 2, None), "before the first step"


def test_what_takes_long_before_training_is_told(go, tmp_path):
    tuned = f"  tuned: {{{SELECTOR}, meta_learner: {{use: fine-tune, adapt: [selector], inner_steps: [1, 2], "
    tuned += "rate_factors: [0.1], support_scales: [0.0]}}"
    heard = Heard()
    go(write_small_suite(tmp_path, models=MODELS, methods=tuned), watcher=heard)
    assert heard.others["small/cold lr, all training rows, seed 0"] == ["preparing compiled code"]
    told = heard.others["small/cold tuned, seed 0"]
    assert told == [
        "gating preparing compiled code",
        "preparing compiled code",
        "trying 2 settings on validation users",
    ]
    settings = [one for one in heard.said["small/cold tuned, seed 0"] if one.what == "setting"]
    assert [one.epoch for one in settings] == [1, 2]
