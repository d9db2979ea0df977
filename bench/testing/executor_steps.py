"""Steps to test an executor with: fits of a base model of the kit's on its generated dataset, in a cache of their own."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import numpy as np

from bench.data.splits import UserHoldout
from bench.data.splits.split import divide
from bench.data.views.interactions import Interactions
from bench.interfaces import Timeline
from bench.job.code import harness_digest
from bench.job.spec import BaseModelSpec
from bench.job.splits import write_split
from bench.job.steps import FitStep
from bench.registry.sources import digest
from bench.registry.used_plugin import UsedPlugin
from bench.settings import PredictionSource, TrainSettings
from bench.storage.kept import KeptFolder, seal
from bench.testing.synthetic import make_prepared
from bench.testing.verdicts import Failed

__all__ = ["TestSteps", "wait_until"]

_WITNESS = Path(__file__).with_name("witness.py")
_WAIT_S = 120.0


def wait_until(condition: Callable[[], object], otherwise: str, within_s: float = _WAIT_S) -> None:
    """Raises Failed where it does not become true in time."""
    until = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > until:
            raise Failed(f"{otherwise} within {within_s:.0f} s", "see the page about executors")
        time.sleep(0.02)


class TestSteps:
    """`folder`: empty. `cache`: where steps leave their results; `notes`: what processes of steps write down."""

    __test__ = False  # no test of pytest's

    def __init__(self, folder: Path) -> None:
        self.cache, self.notes = folder / "cache", folder / "notes"
        self._mark = uuid4().hex  # a worker's own cache may have steps of others
        dataset = self.cache / "data" / "generated"
        dataset.mkdir(parents=True)
        self.notes.mkdir()
        interactions = _with_labels(dataset)
        seal(dataset)
        protocol = UserHoldout(
            UserHoldout.Params.model_validate(
                {"users": {"train": 0.5, "valid": 0.25, "test": 0.25}}
            )
        )
        division = divide(protocol, Timeline(interactions.user_ptr, None), 0)
        write_split(division, interactions, self.cache / "steps" / "split")

    def step(self, name: str, does: str = "fit", **changes: object) -> FitStep:
        """`does`: as the witness has it; `changes`: of its fields."""
        used = UsedPlugin(
            "models", "witness", "bench_local.witness:Witness", str(_WITNESS), digest([_WITNESS])
        )
        told = {"notes": str(self.notes), "step": name, "does": does}
        made = FitStep(
            id=name,
            title=name,
            owner="witness",
            cache=self.cache,
            dataset=self.cache / "data" / "generated",
            split=self.cache / "steps" / "split",
            folder=self.folder(name),
            source=PredictionSource(base_predictions="in-sample", folds=2, seed=0),
            seed=0,
            harness=harness_digest(),
            plugins=(used,),
            plugin_paths=(_WITNESS,),
            variant="star",
            model=BaseModelSpec(use="witness", params=told, train=TrainSettings()),
        )
        return made.model_copy(update=changes)

    def folder(self, name: str) -> Path:
        """Of its result."""
        return self.cache / "steps" / f"{name}-{self._mark}"

    def begun(self, name: str) -> list[int]:
        """The processes that have begun a step, by their ids."""
        file = self.notes / f"{name}.begun"
        return [int(line) for line in file.read_text("ascii").split()] if file.exists() else []

    def wait_for_begun(self, name: str, times: int = 1) -> int:
        """The process that does it now."""
        wait_until(
            lambda: len(self.begun(name)) >= times,
            f"no process has begun step {name} for the {'first' if times == 1 else 'second'} time",
        )
        return self.begun(name)[-1]

    def let_go(self, name: str) -> None:
        """A step that waits may go on."""
        (self.notes / f"{name}.go").touch()

    def is_done(self, name: str) -> bool:
        """Whether its result is there and whole."""
        kept = KeptFolder(self.folder(name))
        return kept.exists() and not kept.damage()

    def logits(self, name: str) -> np.ndarray:
        """Of its result."""
        return KeptFolder(self.folder(name)).array("logits")


def _with_labels(folder: Path) -> Interactions:
    """The kit's dataset, whose folder has no labels, with them."""
    labels = make_prepared(folder).labels
    np.save(folder / "labels.npy", labels, allow_pickle=False)
    np.save(folder / "identity.npy", np.arange(len(labels), dtype=np.uint64), allow_pickle=False)
    meta = json.loads((folder / "meta.json").read_text("utf-8"))
    counts = {**meta["counts"], "positives": int(labels.sum())}
    (folder / "meta.json").write_text(json.dumps({**meta, "counts": counts}), "utf-8")
    return Interactions.open(folder)
