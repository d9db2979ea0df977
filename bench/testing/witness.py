"""The base model of the steps that an executor is tested with. It writes down which process does a step, and then does as it
is told. Steps bring it along by its path, as they would a user's file."""

import os
import time
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field

from bench import hookimpl
from bench.interfaces import Context, Model, PluginParams, Rows

__all__ = ["Witness"]

_LOOK_S, _PATIENCE_S = 0.02, 600


class Witness(Model):
    """The item's rate of likes, moved a little by the step's name."""

    name = "witness"

    class Params(PluginParams):
        notes: str | None = Field(None, description="folder for what it writes down")
        step: str = Field("", description="what its notes are named by")
        does: Literal["fit", "nap", "wait", "raise", "exit"] = Field(
            "fit", description="nap: a second; wait: until the notes have STEP.go"
        )

    params: Params

    def fit(self, train: Rows, valid: Rows, context: Context) -> None:  # noqa: ARG002
        if self.params.notes is not None:
            self._note(Path(self.params.notes))
        counts = np.bincount(train.codes("item_id"), minlength=100)
        likes = np.bincount(train.codes("item_id"), weights=train.labels, minlength=100)
        chance = np.random.default_rng([*self.params.step.encode()]).normal(size=100) / 10
        self.logits = np.log((likes + 1) / (counts - likes + 1)) + chance

    def predict(self, rows: Rows) -> Any:
        return self.logits[rows.codes("item_id")]

    def _note(self, notes: Path) -> None:
        with (notes / f"{self.params.step}.begun").open("a", encoding="ascii") as begun:
            begun.write(f"{os.getpid()}\n")
        match self.params.does:
            case "nap":
                time.sleep(1)
            case "wait":
                _wait_for(notes / f"{self.params.step}.go")
            case "raise":
                raise RuntimeError("as it was told")
            case "exit":
                os._exit(3)


def _wait_for(file: Path) -> None:
    until = time.monotonic() + _PATIENCE_S
    while not file.exists():
        if time.monotonic() > until:
            raise TimeoutError(f"nobody made {file.name}")
        time.sleep(_LOOK_S)


@hookimpl
def bench_models() -> dict[str, str]:
    return {"witness": f"{__name__}:Witness"}
