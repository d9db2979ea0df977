"""A step's seed: from the trial's seed, the kind of step, the plugin and its settings, and from nothing else."""

from __future__ import annotations

import itertools

from bench.job.seeds import step_seed


def test_each_thing_that_counts_gives_another_seed():
    kinds, plugins, params = (
        ("fit star", "fit fold-0"),
        ("lr", "fm"),
        ({}, {"width": 1}, {"width": 2}),
    )
    seeds = [step_seed(*chosen) for chosen in itertools.product((0, 1), kinds, plugins, params)]
    assert len(set(seeds)) == len(seeds) == 24
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_the_order_of_settings_does_not_count():
    assert step_seed(0, "fit", "fm", {"a": 1, "b": 2}) == step_seed(
        0, "fit", "fm", {"b": 2, "a": 1}
    )


def test_seeds_stay_what_they_are():
    """Of another process, machine and version too: else published numbers could not be had again."""
    assert step_seed(0, "fit star", "fm", {"embedding_dim": 10}) == 1941464039805695654
