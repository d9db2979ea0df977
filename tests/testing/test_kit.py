"""The conformance kit: what conforms passes, and each rule's breach is caught under its own name."""

from __future__ import annotations

import re

import pytest
import torch

from bench.registry import load_registry
from bench.testing import CHECKS, assert_conforms, check_plugin
from tests.testing import broken

REGISTRY = load_registry(autoload=False)
IN_TREE = [(kind, name) for kind in ("models", "selectors") for name in REGISTRY.names(kind)]


@pytest.mark.parametrize(("kind", "name"), IN_TREE, ids=lambda value: value)
def test_every_built_in_passes_through_the_same_door(kind, name):
    assert_conforms(REGISTRY.load(kind, name))


def test_there_are_ten_checks_and_each_applies_to_a_differentiable_plugin():
    results = {result.name: result.status for result in check_plugin(REGISTRY.load("selectors", "mlp"))}
    assert list(results) == list(CHECKS)
    assert len(results) == 10
    assert set(results.values()) == {"passed"}


def test_what_does_not_apply_says_why():
    results = {result.name: result for result in check_plugin(broken.Fine)}
    assert results["vmap over users"].status == "n/a"
    assert results["vmap over users"].reason == "it is not differentiable, so nothing adapts it"
    assert [result.name for result in results.values() if result.status == "failed"] == []


@pytest.mark.parametrize(
    ("plugin", "check", "reason"),
    [
        (broken.WrongShape, "shape, dtype and finiteness", r"expected .*; got shape"),
        (broken.Unseeded, "determinism by seed", "two fits with one seed"),
        (broken.KnownIdsAlone, "unseen ids", "KeyError"),
        (broken.OneRowIsAScalar, "ragged and empty support", r"1 rows give shape \(\)"),
        (broken.NeedsSupport, "ragged and empty support", "0 support rows are not finite"),
        (broken.Item, "vmap over users", "can't map forward over users"),
        (broken.GatingItem, "vmap over users", "can't map forward over users"),
        (broken.OverUsers, "vmap over users", "is not that of each alone"),
        (broken.OnceDifferentiable, "second derivatives", "differ from finite differences|no second derivative"),
        (broken.Counts, "inner rate 0 changes nothing", "rate 0 changes predictions"),
        (broken.OffSimplex, "weights on the simplex", "simplex"),
        (broken.GlobalSeed, "global state left alone", "torch's random state, numpy's random state"),
        (broken.DefaultDtype, "global state left alone", "torch's default dtype"),
        (broken.ReadsLabels, "query labels never read", "depend on the labels"),
        (broken.SelectorReadsLabels, "query labels never read", "depend on the labels"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else None,
)
def test_a_breach_is_caught_by_its_own_check(plugin, check, reason):
    found = {result.name: result for result in check_plugin(plugin)}
    assert found[check].status == "failed"
    assert re.search(reason, found[check].reason), found[check].reason
    assert found[check].fix


def test_the_kit_puts_back_what_a_plugin_changed():
    check_plugin(broken.DefaultDtype)
    assert torch.get_default_dtype() == torch.float32


def test_assert_conforms_says_reason_and_fix():
    with pytest.raises(AssertionError, match=r"weights on the simplex: .*; weights are not negative and add up to 1"):
        assert_conforms(broken.OffSimplex)
