"""Draws of users kept with a run: by metric, seed and name, and the same draws wherever the users are the same."""

from __future__ import annotations

import numpy as np
import pytest

from bench.evaluate import Slice, resample
from bench.evaluate.inference.kept_draws import KeptDraws, pack_draws, unpack_draws
from bench.evaluate.inference.resampling import KEPT_DRAWS, Resampled

NAMES = ("lr", "fm", "gbdt")
SEEDS = (3, 5)


def resampled(
    names: tuple[str, ...] = NAMES, resamples: int = KEPT_DRAWS, users: int = 12
) -> Resampled:
    generator = np.random.default_rng(0)
    of_rows = np.repeat(np.arange(users), 4)
    slices = [
        Slice.of_labels(
            (generator.random(len(of_rows)) < 0.5).astype(np.uint8),
            of_rows,
            generator.standard_normal((len(NAMES), len(of_rows)))[: len(names)],
        )
        for _ in SEEDS
    ]
    return resample(slices, names, resamples=resamples)


def kept(of: Resampled) -> KeptDraws:
    return unpack_draws(*pack_draws(of, SEEDS))


def test_the_mean_over_seeds_is_that_of_the_analysis() -> None:
    found, whole = kept(resampled()), resampled()
    for metric in ("logloss", "auc"):
        for place, name in enumerate(NAMES):
            mean = found.of(metric, name, SEEDS)
            assert mean == pytest.approx(whole.draws[metric][:, place], rel=1e-6, nan_ok=True)


def test_each_seed_is_by_itself() -> None:
    found = kept(resampled())
    one, other = (found.of("logloss", "fm", [seed]) for seed in SEEDS)
    assert one is not None
    assert other is not None
    assert not np.allclose(one, other)
    assert found.of("logloss", "fm", SEEDS) == pytest.approx((one + other) / 2)
    assert one == pytest.approx(resampled().by_seed["logloss"][0, :, 1])


@pytest.mark.parametrize(
    ("metric", "name", "seeds"), [("gauc", "fm", (3,)), ("auc", "nfm", (3,)), ("auc", "fm", (3, 4))]
)
def test_what_is_not_kept_is_none(metric: str, name: str, seeds: tuple[int, ...]) -> None:
    assert kept(resampled()).of(metric, name, seeds) is None


def test_other_methods_and_more_resamples_leave_the_draws() -> None:
    """The first draws are the same however many follow."""
    few, more = kept(resampled(NAMES[:1])), kept(resampled(resamples=2 * KEPT_DRAWS))
    assert few.drawn == more.drawn
    assert more.draws.shape == (2, len(SEEDS), KEPT_DRAWS, len(NAMES))
    assert few.draws[..., 0] == pytest.approx(more.draws[..., 0], nan_ok=True)


def test_other_users_are_other_draws() -> None:
    assert kept(resampled()).drawn != kept(resampled(users=13)).drawn


def test_another_shape_is_refused() -> None:
    facts, array = pack_draws(resampled(), SEEDS)
    with pytest.raises(ValueError, match="shape"):
        unpack_draws(facts, array[:, :1])
