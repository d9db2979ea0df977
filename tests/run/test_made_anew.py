"""A metric or protocol that remembers: nothing goes from one trial, or one seed, into another's figures."""

from __future__ import annotations

import pytest

METRIC = """
from bench import hookimpl
from bench.interfaces import Metric, Score, UserParts

class Remembers(Metric):
    \"\"\"How far the logits lie above the first ones that it has seen.\"\"\"
    name = "my-remembers"
    higher_is_better = True
    version = 1
    first = None

    def __init__(self, params):
        pass

    def compute(self, rows, logits):
        if self.first is None:
            self.first = float(logits.mean())
        return Score(float(logits.mean()) - self.first)

@hookimpl
def bench_metrics():
    return {"my-remembers": f"{__name__}:Remembers"}
"""
PROTOCOL = """
import numpy as np
from bench import hookimpl
from bench.interfaces import Cut, SplitProtocol

class Remembers(SplitProtocol):
    \"\"\"Moves the roles on with each call.\"\"\"
    name = "my-remembers"
    kind = "user-holdout"
    setting = "warm"
    calls = 0

    def split(self, timeline, seed):
        self.calls += 1
        users = np.arange(len(timeline.user_ptr) - 1)
        rows = np.diff(timeline.user_ptr)
        role = ((users + self.calls) % 3).astype(np.uint8)
        return Cut(role, timeline.user_ptr[:-1] + rows // 2)

@hookimpl
def bench_protocols():
    return {"my-remembers": f"{__name__}:Remembers"}
"""


def test_a_metric_is_made_anew_for_every_score(tmp_path, go, write_suite):
    (tmp_path / "remembers.py").write_text(METRIC)
    suite = write_suite()
    asked = "metrics: [my-remembers, auc, logloss]\nprimary: my-remembers\n"
    suite.write_text(suite.read_text() + asked)
    finished, _ = go(suite, plugins=(tmp_path / "remembers.py",))
    values = {record["metrics"]["my-remembers"]["value"] for record in finished.records}
    assert values == {0.0}
    analysed = [one["against_lead"] for one in finished.analyses["small/cold"]["methods"]]
    differences = {one["my-remembers"]["difference"] for one in analysed if one}
    assert differences == {0.0}


@pytest.mark.parametrize("seeds", [(0, 1), (1, 0), (1,)])
def test_a_protocol_is_made_anew_for_every_seed(tmp_path, go, write_suite, seeds):
    (tmp_path / "remembers.py").write_text(PROTOCOL)
    suite = write_suite(protocol="split_seed: trial")
    text = suite.read_text()
    at = text.index("use: user-holdout")
    suite.write_text(text[:at] + "use: my-remembers" + text[text.index(", folds") :])
    finished, _ = go(suite, plugins=(tmp_path / "remembers.py",), seeds=seeds, only=("lr",))
    splits = {record["identity"]["split"] for record in finished.records}
    assert len(splits) == 1
