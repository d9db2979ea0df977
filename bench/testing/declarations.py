"""The check of what a differentiable plugin declares, before all others: nothing fits, or adapts, what is built otherwise."""

from __future__ import annotations

import torch

from bench.learn import Examples, Learnable, Network, PerceptronSelector, build_selector
from bench.learn.inner_loop import kernel_software
from bench.learn.network.trained_by import trained_by, why_by_torch
from bench.testing.inputs import encoder
from bench.testing.subject import SETTINGS, Subject
from bench.testing.verdicts import NotApplicable

__all__ = ["declarations"]

_POOL = "where the selector is a bench.learn.PerceptronSelector and every model of the pool has a compiled form"


def declarations(subject: Subject) -> str:
    """Its tables, unpooled fields and compiled form are such as can be. Says who trains and who adapts it."""
    if not subject.is_differentiable:
        raise NotApplicable("it is not differentiable: it trains itself, and nothing adapts it")
    network = subject.built()
    if not subject.is_selector:
        _try_form(subject, network)
    return f"trained by {trained_by(network.plugin)}; adapted by {_adapted_by(subject, network)}"


def _try_form(subject: Subject, network: Network) -> None:
    """Raises PluginError where its forward is not the form that it declares."""
    from bench.learn.network.trainers import trainer  # with it comes numba

    rows = subject.test_rows(subject.prepared.labels)
    encoded, labels = encoder(subject).encode(rows), torch.tensor(rows.labels).float()
    trainer(network, Examples(encoded, labels), SETTINGS, steps=1)


def _adapted_by(subject: Subject, network: Network) -> str:
    compiled = _learnable(subject, network).compiled
    found = kernel_software(compiled).replace("autograd", "torch")
    if subject.is_selector:
        other = "it is no bench.learn.PerceptronSelector of that class's own forward and layers"
        return found if compiled else f"{found}: {other}"
    if compiled:
        return f"{found}, {_POOL}"
    return f"{found}, and so is every pool that it is in: {why_by_torch(network.plugin)}"


def _learnable(subject: Subject, network: Network) -> Learnable:
    if subject.is_selector:
        return Learnable(subject.interactions, network)
    perceptron = _Perceptron(_Perceptron.Params(embedding_dim=1, hidden=()))
    selector = build_selector(perceptron, subject.interactions, ("it",), seed=0)
    return Learnable(subject.interactions, selector, {"it": network})


class _Perceptron(PerceptronSelector):
    """As small as can be."""

    name = "perceptron"
