"""MetaSelector's selector (Luo et al., WWW 2020): an MLP on a row's features and on what the base models say of it.

Trained row by row it is gating; under a meta-learner it is adapted to each user."""

from __future__ import annotations

from bench.learn import PerceptronSelector


class MLP(PerceptronSelector):
    """An MLP from a row's features and base logits to a score for every base model (Luo et al. 2020).

    Its last layer starts at zero: before training it is the average."""

    name = "mlp"
