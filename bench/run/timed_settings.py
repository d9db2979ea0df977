"""Which timed steps a step is judged by: those of its very settings, else those that differ in epochs alone, else all of its
plugin, in proportion to the epochs allowed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from bench.interfaces import Model, Selector
from bench.job.spec import BaseModelSpec, MethodSpec
from bench.registry import Registry

__all__ = ["EpochsKey", "Nearest", "Timed", "epochs_key", "nearest", "settings_of"]

EpochsKey = tuple[
    str, ...
]  # where in its settings a step has the epochs that it may take; () where it has none
Spec = BaseModelSpec | MethodSpec


class Timed(NamedTuple):
    """CPU seconds, of a row or of a step, under these settings (`settings_of`)."""

    seconds: float
    settings: str


class Nearest(NamedTuple):
    """Seconds of the timed steps to judge by. `exact`: they had the same settings."""

    seconds: list[float]
    exact: bool


def epochs_key(spec: Spec, registry: Registry) -> EpochsKey:
    """A plain plugin is not trained by the harness: it has the epochs of its own parameters, if any."""
    if isinstance(spec, BaseModelSpec):
        return _own_or_train(spec.params, issubclass(registry.load("models", spec.use), Model))
    if (learner := spec.meta_learner) is None:
        plain = issubclass(registry.load("selectors", spec.selector.use), Selector)
        key = _own_or_train(spec.selector.params, plain)
        return ("selector", *key) if key else ()
    meta_trained = registry.load("meta_learners", learner.use).meta_trained
    return ("meta_learner", "train", "epochs") if meta_trained else ()


def _own_or_train(params: Mapping[str, Any], plain: bool) -> EpochsKey:
    if not plain:
        return "train", "epochs"
    return ("params", "epochs") if "epochs" in params else ()


def settings_of(spec: Spec) -> str:
    """JSON in one order of keys."""
    return json.dumps(spec.model_dump(mode="json"), sort_keys=True)


def nearest(timed: Sequence[Timed], settings: str, key: EpochsKey) -> Nearest:
    """Of more epochs than were timed an upper bound: early stopping may end sooner."""
    same = [one.seconds for one in timed if one.settings == settings]
    if same:
        return Nearest(same, exact=True)
    rest, epochs = _parted(settings, key)
    others = [(one.seconds, *_parted(one.settings, key)) for one in timed]
    but_for_epochs = [other for other in others if other[1] == rest]
    scaled = [seconds * epochs / of for seconds, _, of in but_for_epochs or others]
    return Nearest(scaled, exact=False)


@lru_cache(maxsize=4096)
def _parted(settings: str, key: EpochsKey) -> tuple[str, int]:
    """The settings without epochs, and the epochs; 1 where there are none."""
    rest = json.loads(settings)
    if not key:
        return settings, 1
    *parts, last = key
    place: Any = rest
    for part in parts:
        place = place[part]
    epochs = place.pop(last, 1)
    return json.dumps(rest), epochs if type(epochs) is int and epochs > 0 else 1
