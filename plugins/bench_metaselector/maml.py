"""MAML (Finn, Abbeel, Levine, ICML 2017): learn an initialisation from which a few gradient steps fit a user."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from bench_metaselector._rule import GradientRule, Granularity, InnerLoop


class MAML(GradientRule):
    """Meta-learned initialisation; inner learning rates fixed, or learned for all or by tensor (Finn et al. 2017)."""

    name = "maml"
    citation = """
        @inproceedings{finn2017model,
          author = {Finn, Chelsea and Abbeel, Pieter and Levine, Sergey},
          title = {Model-Agnostic Meta-Learning for Fast Adaptation of Deep Networks},
          booktitle = {Proceedings of the 34th International Conference on Machine Learning},
          pages = {1126--1135},
          year = {2017}
        }
    """

    class Params(InnerLoop):
        learn_rates: bool = Field(
            False, description="learn a factor of the inner learning rates, which starts at 1"
        )
        rate: Literal["scalar", "tensor"] = Field(
            "scalar",
            description="with learn_rates, what is learned is one factor of all rates, or one for each tensor",
        )

        @model_validator(mode="after")
        def _rate_is_read(self) -> MAML.Params:
            """`rate: scalar` beside `learn_rates: false` is how the defaults are written out."""
            alone = self.model_fields_set & {"rate", "learn_rates"} == {"rate"}
            if not self.learn_rates and (alone or self.rate != "scalar"):
                raise ValueError(
                    "rate is read with learn_rates: true alone; drop the key, or write learn_rates: true"
                )
            return self

    params: Params

    @property
    def granularity(self) -> Granularity | None:
        return self.params.rate if self.params.learn_rates else None
