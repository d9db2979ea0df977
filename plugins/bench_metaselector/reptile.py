"""Reptile (Nichol, Achiam, Schulman, 2018): move the initialisation towards where each user's steps lead."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from bench.interfaces import Episodes, Learnable, MetaLearner
from bench.learn import all_as_support, descend
from bench_metaselector._rule import InnerSteps


class Reptile(MetaLearner):
    """Meta-learned initialisation, moved towards users' adapted parameters (Nichol et al. 2018).

    In training a user's steps are taken on all rows of the episode, support and query, since the rule asks for no query;
    at test time on the support. Inner rates are fixed. What does not adapt does not move."""

    name = "reptile"
    citation = """
        @misc{nichol2018first,
          author = {Nichol, Alex and Achiam, Joshua and Schulman, John},
          title = {On First-Order Meta-Learning Algorithms},
          note = {arXiv:1803.02999},
          year = {2018}
        }
    """

    Params = InnerSteps
    params: InnerSteps

    def adapt(
        self, learnable: Learnable, outer: Mapping[str, Tensor], batch: Episodes, *, training: bool
    ) -> dict[str, Tensor]:
        return descend(
            learnable,
            outer,
            batch,
            learnable.rates(self.params.rates.model_dump()),
            [None] * self.params.inner_steps,
            second_order=False,
            training=training,
            inner_batch=self.params.inner_batch,
        )

    def outer_loss(
        self, learnable: Learnable, outer: Mapping[str, Tensor], batch: Episodes
    ) -> Tensor:
        """(U,) |theta - theta_u|^2 / 2 with theta_u held fixed, so that its gradient by theta is theta - theta_u, the
        paper's outer gradient; of tables, over the rows that the user's steps have read."""
        adapted = self.adapt(learnable, outer, all_as_support(batch), training=False)
        start = learnable.per_user(outer, batch)
        distances = [
            (start[leaf] - adapted[leaf].detach()).square().reshape(batch.users, -1).sum(1)
            for leaf in learnable.adapted()
        ]
        return torch.stack(distances).sum(0) / 2
