"""Adam (Kingma and Ba, ICLR 2015, algorithm 1) of a row that rests: what its momentum would have done, in closed form.

A row that was last touched in step s has moments m and v. Dense Adam goes on to move it, in step u = s + k by

    rate * b1^k m / (1 - b1^u)  /  (sqrt(b2^k v / (1 - b2^u)) + epsilon)

With a_k = b1^k / b2^(k/2) * sqrt(1 - b2^u) / (1 - b1^u) and y_k = sqrt(1 - b2^u) / b2^(k/2) the sum over k is

    rate * m * sum_k a_k / (sqrt(v) + epsilon y_k)

where epsilon y_k is small beside sqrt(v), or y_k hardly varies. So the y_k are replaced by their mean under the weights a_k,
and their variance corrects the second order. Sums of a_k, a_k y_k and a_k y_k^2 from s to t are differences of sums to
infinity, which are made once a fit.

It is exact to float32's rounding where gradients are above 1e-6. Below that, in a fit's first hundred steps alone, a row at
rest may be moved up to a percent too far or too little."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bench.compiled import compiled

__all__ = ["BETA1", "BETA2", "EPSILON", "MOST_STEPS", "Rest", "rest_tables"]

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
_TAIL = 800  # steps beyond the last: b1^800 is nothing beside 1
MOST_STEPS = (
    1 << 17
)  # b2^T < 1e-56: later steps are like the last, and a second moment that rested for as many is 0
_FORGOTTEN = 440  # b1^440 < 1e-20: what is left of a first moment then moves no float32, and would be denormal soon


class Rest(NamedTuple):
    """What `rested` reads; T steps in all, MOST_STEPS at most."""

    tails: (
        np.ndarray
    )  # (3, T + 1) float64: from step s, the sums over all later steps of a_k y_k^i, i = 0, 1, 2
    ratios: np.ndarray  # (3, T + 1) float64: by how much k steps shrink what a tail adds
    decays: np.ndarray  # (2, T + 1) float32: b1^k and b2^k


def rest_tables(steps: int) -> Rest:
    """For a fit of so many steps."""
    steps = min(steps, MOST_STEPS)
    ratio = BETA1 / np.sqrt(BETA2) ** np.array([1, 2, 3])
    rested = np.arange(steps + 1)
    first = np.where(rested < _FORGOTTEN, BETA1 ** np.minimum(rested, _FORGOTTEN), 0.0)
    decays = np.stack([first, BETA2**rested]).astype(np.float32)
    return Rest(_tails(ratio, steps), ratio[:, None] ** rested, decays)


@compiled
def _tails(ratio: np.ndarray, steps: int) -> np.ndarray:
    """(3, steps + 1), summed from far beyond the last step on."""
    tails = np.zeros((3, steps + 1))
    sums = np.zeros(3)
    for step in range(steps + _TAIL, 0, -1):
        unbiased = np.sqrt(1 - BETA2**step)
        of_step = unbiased / (1 - BETA1**step)
        for power in range(3):
            sums[power] = ratio[power] * (of_step + sums[power])
            of_step *= unbiased
        if step <= steps + 1:
            tails[:, step - 1] = sums
    return tails
