"""The check that meta-training takes what `fit` leaves of a plugin: in float32, through every step of the engine."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from bench.errors import DivergenceError
from bench.interfaces import Episodes, Learnable, MetaLearner, PluginParams
from bench.learn import TaskData, descend, meta_train
from bench.settings import MetaTrainSettings
from bench.testing.adaptation import learnable_of, refuse_plain
from bench.testing.inputs import encoder
from bench.testing.subject import SEED, Subject
from bench.testing.verdicts import Failed

__all__ = ["meta_training"]

GROUPS = ("selector", "bias", "dense", "user", "item", "context")


def meta_training(subject: Subject) -> None:
    """An epoch of second order, validation before and after it. Other checks of adaptation call the plugin in float64."""
    refuse_plain(subject)
    network = subject.fitted(SEED).network
    learnable = learnable_of(subject, network, torch.float32)
    entries = encoder(subject)
    pool = None if subject.is_selector else entries
    train, valid = (TaskData.of(tasks, entries, pool) for tasks in subject.labelled_tasks())
    try:
        meta_train(_Step(PluginParams()), learnable, train, valid, MetaTrainSettings(epochs=1), 0)
    except DivergenceError as error:
        raise Failed(
            str(error), "keep forward and its gradients finite in eval mode, as in training"
        ) from error


class _Step(MetaLearner):
    """One small gradient step."""

    name = "step"

    def adapt(
        self,
        learnable: Learnable,
        outer: Mapping[str, Tensor],
        batch: Episodes,
        *,
        training: bool,
    ) -> dict[str, Tensor]:
        rates = learnable.rates(dict.fromkeys(GROUPS, 1e-3))
        return descend(learnable, outer, batch, rates, [None], second_order=True, training=training)
