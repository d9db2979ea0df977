"""A run keeps how far lists of a meta-learner may go: reports import no plugin."""

from __future__ import annotations

from bench.records import load, read_manifest
from bench.registry import load_registry
from bench.run.limits import limits
from tests.run.conftest import load_suite

METHODS = """
  tuned: {selector: {use: mlp}, meta_learner: {use: fine-tune, adapt: [selector], inner_steps: [1, 3]}}
  maml: {selector: {use: mlp}, meta_learner: {use: maml, adapt: [selector]}}
"""


def test_lists_of_numbers_have_their_parameters_bounds(write_suite):
    suite = load_suite(write_suite(methods=METHODS))
    # a bound that is not allowed itself is none that can be chosen
    assert limits(suite, load_registry(autoload=False)) == {
        "fine-tune": {
            "inner_steps": [0, 1000],
            "rate_factors": [None, 1000],
            "support_scales": [0, 1e4],
        }
    }


def test_they_stand_in_the_manifest_and_are_read_back(write_suite, go):
    run, _ = go(write_suite(methods=METHODS), only=("tuned",))
    kept = read_manifest(run.folder)["plugins"]["limits"]
    assert kept["fine-tune"]["inner_steps"] == [0, 1000]
    assert load(run.folder).manifest["plugins"]["limits"] == kept
