"""Meta-SGD (Li, Zhou, Chen, Li, 2017): learn the initialisation and an inner learning rate for every parameter."""

from __future__ import annotations

from pydantic import Field

from bench_metaselector._rule import GradientRule, Granularity, InnerLoop, StepFactors, SupportScale


class MetaSGD(GradientRule):
    """Meta-learned initialisation and inner learning rates, one a parameter (Li et al. 2017); MetaSelector's own rule.

    The rate is its start times a learned factor that starts at 1 and may change sign; a table's rows share theirs by
    field and column, since a test user's own row has never been trained. Ours beside the paper: steps shrink where the
    support is small, and each step has a factor."""

    name = "meta-sgd"
    citation = """
        @misc{li2017metasgd,
          author = {Li, Zhenguo and Zhou, Fengwei and Chen, Fei and Li, Hang},
          title = {{Meta-SGD}: Learning to Learn Quickly for Few-Shot Learning},
          note = {arXiv:1707.09835},
          year = {2017}
        }
    """

    class Params(InnerLoop):
        support_scale: SupportScale = 25.0
        step_factors: StepFactors = True
        positive: bool = Field(
            False,
            description="rates can't change sign: their factor is exp(learned); else they may, as in the paper",
        )

    params: Params

    @property
    def granularity(self) -> Granularity | None:
        return "parameter"

    @property
    def positive(self) -> bool:
        return self.params.positive
