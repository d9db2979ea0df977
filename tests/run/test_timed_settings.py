"""By which timed steps a step is judged: settings, and epochs where they differ."""

from __future__ import annotations

from typing import Any

import pytest

from bench.job.spec import BaseModelSpec, MethodSpec
from bench.registry import load_registry
from bench.run.timed_settings import EpochsKey, Nearest, Timed, epochs_key, nearest, settings_of

KEY = ("train", "epochs")


def model(epochs: int, use: str = "fm", **params: Any) -> BaseModelSpec:
    return BaseModelSpec.model_validate({"use": use, "params": params, "train": {"epochs": epochs}})


def timed(seconds: float, spec: BaseModelSpec) -> Timed:
    return Timed(seconds, settings_of(spec))


def method(use: str, meta_learner: str | None = None, **params: Any) -> MethodSpec:
    learner = {"use": meta_learner, "params": {}, "adapt": ["selector"]}
    return MethodSpec.model_validate(
        {
            "selector": {"use": use, "params": params, "train": {}},
            "meta_learner": None if meta_learner is None else learner,
        }
    )


def test_the_very_settings_tell_it_where_they_were_timed() -> None:
    known = [timed(3.0, model(2)), timed(9.0, model(2, hidden=[400])), timed(80.0, model(50))]
    assert nearest(known, settings_of(model(2)), KEY) == Nearest([3.0], exact=True)


def test_what_differs_in_epochs_alone_comes_next_and_is_scaled() -> None:
    known = [timed(3.0, model(2)), timed(9.0, model(2, hidden=[400]))]
    found = nearest(known, settings_of(model(100, hidden=[400])), KEY)
    assert found == Nearest([450.0], exact=False)


def test_other_settings_are_scaled_by_epochs_too() -> None:
    known = [timed(3.0, model(2)), timed(20.0, model(10))]
    found = nearest(known, settings_of(model(100, hidden=[400])), KEY)
    assert found == Nearest([150.0, 200.0], exact=False)
    same_epochs = nearest(known[:1], settings_of(model(2, hidden=[400])), KEY)
    assert same_epochs == Nearest([3.0], exact=False)


def test_the_order_of_parameters_makes_no_other_settings() -> None:
    known = [timed(3.0, model(2, a=1, b=2))]
    assert nearest(known, settings_of(model(2, b=2, a=1)), KEY).exact


@pytest.mark.parametrize(
    ("spec", "key"),
    [
        (model(2), ("train", "epochs")),
        (model(2, use="gbdt", trees=300), ()),  # `train` is not read of a plain plugin
        (method("mlp"), ("selector", "train", "epochs")),
        (method("context-gate", epochs=30), ("selector", "params", "epochs")),
        (method("average"), ()),
        (method("mlp", "meta-sgd"), ("meta_learner", "train", "epochs")),
        (method("mlp", "fine-tune"), ()),  # no outer steps
    ],
)
def test_where_a_step_has_its_epochs(spec: BaseModelSpec | MethodSpec, key: EpochsKey) -> None:
    assert epochs_key(spec, load_registry(autoload=False)) == key


def test_without_epochs_nothing_is_scaled() -> None:
    known = [timed(3.0, model(2, use="gbdt"))]
    found = nearest(known, settings_of(model(100, use="gbdt")), ())
    assert found == Nearest([3.0], exact=False)
