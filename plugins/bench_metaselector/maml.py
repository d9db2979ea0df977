"""MAML (Finn, Abbeel, Levine, ICML 2017): learn an initialisation from which a few gradient steps fit a user."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from bench.interfaces import Episodes, Learnable, MetaLearner
from bench.learn import descend
from bench_metaselector._rule import InnerLoop


class MAML(MetaLearner):
    """Meta-learned initialisation, fixed inner learning rates (Finn et al. 2017)."""

    name = "maml"

    Params = InnerLoop
    params: InnerLoop

    def adapt(
        self, learnable: Learnable, outer: Mapping[str, Tensor], batch: Episodes, *, training: bool
    ) -> dict[str, Tensor]:
        return descend(
            learnable,
            outer,
            batch,
            learnable.rates(self.params.rates.model_dump()),
            [None] * self.params.inner_steps,
            second_order=self.params.order == "second",
            training=training,
        )
