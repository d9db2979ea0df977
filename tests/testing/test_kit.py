"""The conformance kit: what conforms passes, and each rule's breach is caught under its own name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from bench.errors import PluginError
from bench.registry import load_registry
from bench.testing import CHECKS, assert_conforms, check_plugin
from tests.testing import broken
from tests.testing import broken_differentiable as differentiable

FIXTURES = Path(__file__).parents[1] / "fixtures"
REGISTRY = load_registry([FIXTURES / "single_file_plugin.py"], autoload=False)
NEEDS_A_FILE = "predictions"  # which the kit has not; tests/run/test_predictions.py
CHECKED = [
    (kind, n) for kind in ("models", "selectors") for n in REGISTRY.names(kind) if n != NEEDS_A_FILE
]
SHAPE, SEED, IDS, SUPPORT, VMAP, SECOND, ZERO, SIMPLEX, STATE, LABELS = CHECKS


def failed(plugin):
    return {result.name: result for result in check_plugin(plugin) if result.status == "failed"}


@pytest.mark.parametrize(("kind", "name"), CHECKED, ids=lambda value: value)
def test_every_built_in_and_the_single_file_pass_through_the_same_door(kind, name):
    assert_conforms(REGISTRY.load(kind, name))


def test_the_model_of_a_package_of_its_own_passes(monkeypatch):
    monkeypatch.syspath_prepend(FIXTURES / "pip_plugin" / "src")
    assert_conforms(
        load_registry([FIXTURES / "pip_plugin" / "src" / "ctr_extras"]).load("models", "fwfm")
    )


def test_there_are_ten_checks_and_each_applies_to_a_differentiable_selector():
    results = {
        result.name: result.status for result in check_plugin(REGISTRY.load("selectors", "mlp"))
    }
    assert list(results) == list(CHECKS)
    assert len(results) == 10
    assert set(results.values()) == {"passed"}


def test_what_does_not_apply_says_why():
    plain = {result.name: (result.status, result.reason) for result in check_plugin(broken.Fine)}
    assert {plain[name] for name in (VMAP, SECOND, ZERO)} == {
        ("n/a", "it is not differentiable, so nothing adapts it")
    }
    assert plain[SIMPLEX] == ("n/a", "a base model gives no weights")
    stacking = {
        result.name: (result.status, result.reason)
        for result in check_plugin(REGISTRY.load("selectors", "stacking"))
    }
    assert stacking[SIMPLEX] == ("n/a", "it gives logits")


@pytest.mark.parametrize(
    "plugin",
    [
        broken.Fine,
        differentiable.Linear,
        differentiable.DeepReLU,
        differentiable.FrozenNorm,
    ],
)
def test_no_false_alarm(plugin):
    assert failed(plugin) == {}


@pytest.mark.parametrize(
    ("plugin", "check", "reason"),
    [
        (broken.WrongShape, SHAPE, r"expected .*; got shape"),
        (broken.Integers, SHAPE, r"expected .*; got shape \(\d+,\), int64"),
        (broken.MissingValues, SHAPE, r"logits: \d+ of \d+ rows are not finite"),
        (broken.BothAnswers, SHAPE, "weights or logits, exactly one of them"),
        (broken.TooFewWeights, SHAPE, r"weights: expected shape \(\d+, 3\); got \(\d+, 2\)"),
        (broken.Exits, SHAPE, r"^SystemExit: no licence found \(broken.py:\d+\)$"),
        (broken.Unseeded, SEED, "two fits with one seed"),
        (broken.KnownIdsAlone, IDS, r"KeyError: 0 \(broken.py:\d+\)"),
        (
            broken.UnknownThroughout,
            IDS,
            r"\d+ predictions for rows that are unknown in every field are not finite",
        ),
        (broken.OneRowIsAScalar, SUPPORT, r"1 rows give shape \(\)"),
        (
            broken.NeedsSupport,
            SUPPORT,
            "predictions where some users have no support are not finite",
        ),
        (differentiable.Share, SUPPORT, "adapted on ragged support|not finite"),
        (differentiable.PaddingAlone, SUPPORT, "adapted on ragged support"),
        (differentiable.Item, VMAP, "can't map forward over users"),
        (differentiable.GatingItem, VMAP, "can't map forward over users"),
        (differentiable.RunningStatistics, VMAP, "can't map forward over users"),
        (differentiable.OverUsers, VMAP, "several users at once is not that of each alone"),
        (differentiable.BatchMean, VMAP, "several rows at once is not that of each alone"),
        (differentiable.BatchNorm, VMAP, "several rows at once|Expected more than 1 value"),
        (differentiable.SinglePrecision, VMAP, "forward makes float32 of float64"),
        (
            differentiable.OnceDifferentiable,
            SECOND,
            "differ from finite differences|no second derivative",
        ),
        (
            differentiable.Detached,
            SECOND,
            "second derivatives by '.*' differ from finite differences of the gradient",
        ),
        (differentiable.Flash, SECOND, "no second derivative"),
        (differentiable.Counts, ZERO, "rate 0 changes predictions"),
        (broken.OffSimplex, SIMPLEX, "off the simplex"),
        (broken.GlobalSeed, STATE, "torch's random state, numpy's random state"),
        (broken.DefaultDtype, STATE, "torch's default dtype"),
        (broken.Threads, STATE, "torch's threads"),
        (broken.ReadsLabels, LABELS, "depend on the labels"),
        (broken.SelectorReadsLabels, LABELS, "depend on the labels"),
        (broken.ReadsDataset, LABELS, "it asks the dataset for labels"),
        (broken.ReadsFiles, LABELS, "No such file or directory: .*labels.npy"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_a_breach_is_caught_by_its_own_check(plugin, check, reason):
    found = failed(plugin)
    assert check in found, found
    assert re.search(reason, found[check].reason), found[check].reason
    assert found[check].fix


@pytest.mark.parametrize(
    ("plugin", "check"),
    [
        (broken.Integers, SHAPE),
        (broken.Unseeded, SEED),
        (broken.KnownIdsAlone, IDS),
        (broken.NeedsSupport, SUPPORT),
        (differentiable.BatchMean, VMAP),
        (differentiable.Detached, SECOND),
        (broken.OffSimplex, SIMPLEX),
        (broken.GlobalSeed, STATE),
        (broken.ReadsLabels, LABELS),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_a_breach_of_one_rule_is_not_blamed_on_others(plugin, check):
    assert set(failed(plugin)) == {check}


def test_the_kit_puts_back_what_a_plugin_changed():
    threads = torch.get_num_threads()
    check_plugin(broken.DefaultDtype)
    check_plugin(broken.Threads)
    assert (torch.get_default_dtype(), torch.get_num_threads()) == (torch.float32, threads)


def test_assert_conforms_says_reason_and_fix():
    with pytest.raises(
        AssertionError,
        match=r"weights on the simplex: .*; weights are not negative and add up to 1",
    ):
        assert_conforms(broken.OffSimplex)


def test_settings_other_than_the_defaults_are_checked_where_they_are_given():
    assert_conforms(broken.Needs, broken.Needs.Params(depth=2))
    with pytest.raises(PluginError, match=r"fine: 'depth' can't be left at its default"):
        check_plugin(broken.Needs)


@pytest.mark.parametrize(
    ("plugin", "reason"),
    [
        (REGISTRY.load("meta_learners", "maml"), "MAML breaks the contract: it is no subclass of"),
        (
            broken.NoModule,
            "NoModule is no nn.Module; derive it from bench.learn.DifferentiableModel",
        ),
    ],
)
def test_what_is_no_base_model_and_no_selector_is_refused(plugin, reason):
    with pytest.raises(PluginError, match=reason):
        check_plugin(plugin)
