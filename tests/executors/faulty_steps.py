"""Steps that behave as a fault says: of tests of what runs steps."""

from __future__ import annotations

from pathlib import Path

from bench.data.splits import UserHoldout
from bench.data.splits.split import divide
from bench.interfaces import Timeline
from bench.job.code import harness_digest
from bench.job.resources import Resources
from bench.job.spec import BaseModelSpec
from bench.job.splits import write_split
from bench.job.steps import FitStep
from bench.registry.sources import digest
from bench.registry.used_plugin import UsedPlugin
from bench.settings import PredictionSource, TrainSettings
from bench.storage.kept import seal
from tests.datasets import make_interactions

__all__ = ["FAULTY", "FaultySteps"]

FAULTY = Path(__file__).parent.parent / "fixtures" / "faulty_plugin.py"


class FaultySteps:
    """In a cache of their own."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.interactions = make_interactions(cache / "data" / "made")
        seal(cache / "data" / "made")
        protocol = UserHoldout(
            UserHoldout.Params.model_validate(
                {"users": {"train": 0.5, "valid": 0.25, "test": 0.25}}
            )
        )
        division = divide(protocol, Timeline(self.interactions.user_ptr, None), 0)
        write_split(division, self.interactions, cache / "steps" / "split")

    def step(self, identity: str, fault: str = "none", **changes: object) -> FitStep:
        """`changes`: of its fields."""
        used = UsedPlugin(
            "models", "faulty", "bench_local.faulty_plugin:Faulty", str(FAULTY), digest([FAULTY])
        )
        made = FitStep(
            id=identity, title=identity, owner="faulty", cache=self.cache, dataset=self.cache / "data" / "made",
            split=self.cache / "steps" / "split", folder=self.cache / "steps" / identity,
            source=PredictionSource(base_predictions="in-sample", folds=2, seed=0), seed=0, resources=Resources(),
            harness=harness_digest(), plugins=(used,), plugin_paths=(FAULTY,), variant="star",
            model=BaseModelSpec(use="faulty", params={"fault": fault}, train=TrainSettings()),
        )  # fmt: skip
        return made.model_copy(update=changes)
