"""What is measured: an epoch of each model at two batch sizes, and how AUC rises with the seconds spent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.peers.libraries import LIBRARIES, OURS

__all__ = ["CURVES", "EPOCHS", "Curve", "Epoch", "Model", "entrants"]


@dataclass(frozen=True)
class Model:
    """`name` as the page calls it; `kind` as drivers do."""

    name: str
    kind: str
    dim: int = 16
    hidden: tuple[int, ...] = ()


LR, FM, FFM = Model("LR", "lr", 1), Model("FM-16", "fm"), Model("FFM-16", "ffm")
SHALLOW = Model("DeepFM 64-64", "deepfm", hidden=(64, 64))
DEEP = Model("DeepFM 400-400-400", "deepfm", hidden=(400, 400, 400))
TREES = Model("trees", "gbdt", 1)

BATCHES = (2048, 10_000)
FEW = 8  # a DeepFM of this depth takes an eighth of the rows


@dataclass(frozen=True)
class Epoch:
    """Adam at one rate for all who have it; who goes its own way does so once, beside the first batch size."""

    model: Model
    batch: int
    learning_rate: float
    share: int = 1  # one in so many rows

    @property
    def name(self) -> str:
        return f"{self.model.name}, batch {self.batch:,}"


EPOCHS = tuple(
    Epoch(model, batch, rate, share)
    for model, rate, share in (
        (LR, 1e-2, 1),
        (FM, 1e-2, 1),
        (FFM, 1e-2, 1),
        (SHALLOW, 1e-3, 1),
        (DEEP, 1e-3, FEW),
    )
    for batch in BATCHES
)


@dataclass(frozen=True)
class Curve:
    """A model, trained by a library, asked at `checkpoints`: epochs, trees or tolerances, in the order of what they cost."""

    model: Model
    library: str
    optimizer: str
    learning_rate: float
    checkpoints: tuple[float, ...]
    batch: int = 2048

    @property
    def name(self) -> str:
        own = "" if self.optimizer == OWN else f", {self.optimizer.capitalize()}"
        return f"{self.library}{own}".replace("Adagrad", "AdaGrad")


OWN = "own"
# optimizer and rate of those that step row by row
OWN_STEPS = {"xLearn": ("adagrad", 0.1), "Vowpal Wabbit": (OWN, 0.5)}
SHORTEST, SHORT, LONG = (1, 2), (1, 2, 4, 6), (1, 2, 4, 8, 16)


def _lines(
    model: Model, rate: float, ours: tuple[float, ...], theirs: tuple[float, ...]
) -> tuple[Curve, ...]:
    """Of all who have mini-batches, by Adam; this project's by AdaGrad too. Epochs are as many as are no long wait."""
    by_adam = tuple(
        Curve(model, library.name, "adam", rate, ours if library.name == OURS else theirs)
        for library in LIBRARIES.values()
        if library.takes_batches and model.kind in library.models
    )
    return (Curve(model, OURS, "adagrad", 0.1, ours), *by_adam)


CURVES = (
    *_lines(LR, 1e-2, LONG, SHORT),
    Curve(LR, "LIBLINEAR", OWN, 0.0, (1.0, 0.3, 0.1, 0.03, 0.01)),
    Curve(LR, "xLearn", "adagrad", 0.1, LONG),
    Curve(LR, "Vowpal Wabbit", OWN, 0.5, (1, 2, 4, 8)),
    *_lines(FM, 1e-2, LONG, SHORT),
    Curve(FM, "xLearn", "adagrad", 0.1, LONG),
    *_lines(FFM, 1e-2, SHORT, SHORTEST),
    Curve(FFM, "xLearn", "adagrad", 0.1, SHORT),
    Curve(FFM, "Vowpal Wabbit", OWN, 0.5, SHORTEST),
    *_lines(SHALLOW, 1e-3, SHORT, SHORT),
    Curve(TREES, OURS, OWN, 0.3, (10, 30, 100)),
    Curve(TREES, "LightGBM", OWN, 0.3, (10, 30, 100)),
)


def entrants(epoch: Epoch) -> Iterator[Curve]:
    """One epoch by each who has the model, this project first."""
    for library in LIBRARIES.values():
        if epoch.model.kind not in library.models:
            continue
        if library.takes_batches:
            yield Curve(epoch.model, library.name, "adam", epoch.learning_rate, (1,), epoch.batch)
        elif library.name in OWN_STEPS and epoch.batch == BATCHES[0]:
            yield Curve(epoch.model, library.name, *OWN_STEPS[library.name], (1,), 1)
