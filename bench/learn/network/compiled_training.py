"""Training of the models whose forward and backward the harness knows in closed form, an epoch as one compiled call.

A model says so by `compiled_form`. That it is the same function as the model's own forward is tried out first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bench.errors import PluginError
from bench.learn.kernels import factorization, field_aware, logistic
from bench.learn.kernels.denormals import flushed
from bench.learn.kernels.optimiser import Optimiser
from bench.learn.kernels.room import batch_room
from bench.learn.kernels.tables import Table, serving_table, training_table, values
from bench.learn.network.declared import FACTORS, LINEAR, check_built, declared_form
from bench.learn.network.draws import Draws, Hidden
from bench.learn.network.examples import Examples
from bench.learn.network.losses import binary_cross_entropy
from bench.learn.network.network import BIAS, Network
from bench.learn.network.packed import PackedRows, shape_of
from bench.learn.network.plugins import (
    CompiledForm,
    DifferentiableModel,
    DifferentiableSelector,
)
from bench.learn.network.row_index import RowIndex
from bench.settings import TrainSettings

__all__ = [
    "CompiledTraining",
    "Form",
    "Held",
    "check_form",
    "compiled_form",
    "form_of",
    "held_network",
]

TRIAL_ROWS = 16


class Form(NamedTuple):
    epoch: Callable[..., int]
    logits: Callable[..., None]
    parts: Callable[[int], int]  # vectors a row of factors, of so many fields


FORMS: dict[CompiledForm, Form] = {
    "logistic-regression": Form(logistic.epoch, logistic.logits, lambda _: 1),
    "factorization-machine": Form(factorization.epoch, factorization.logits, lambda _: 1),
    "field-aware-factorization-machine": Form(
        field_aware.epoch, field_aware.logits, lambda fields: fields
    ),
}


def compiled_form(network: Network) -> Form | None:
    """The form of a network in float32; None where its model has none."""
    in_float32 = all(table.dtype == torch.float32 for table in network.tables.values())
    return form_of(network.plugin, len(network.layout.fields)) if in_float32 else None


def form_of(model: DifferentiableModel | DifferentiableSelector, fields: int) -> Form | None:
    """The form that a model declares, where that is compiled whole. PluginError where it is built otherwise, on so many
    fields, whether compiled whole or not."""
    declared = declared_form(model)
    if declared is None or not isinstance(model, DifferentiableModel):
        return None
    check_built(model, declared, fields)
    return FORMS.get(declared)


class Held:
    """Tables and bias as the kernels hold them; the bias is the linear table's row after those of the entries.

    parameters: of a network with so many fields, by their leaf names."""

    def __init__(
        self,
        form: Form,
        parameters: Mapping[str, Tensor],
        fields: int,
        new_table: Callable[..., Table] = serving_table,
    ) -> None:
        self._form, self._parameters = form, parameters
        self.entries = len(parameters[LINEAR])
        rows = self.entries + 1
        width = parameters[FACTORS].shape[1] if FACTORS in parameters else 0
        self._width, self._parts = width, form.parts(fields) if width else 1
        self.linear = new_table(rows, 1)
        # the field-aware form has a row more a field, for its own use
        self.factors = new_table(rows + self._parts, width, self._parts)
        for leaf, held in self._views():
            held[...] = parameters[leaf].detach().numpy().reshape(held.shape)

    def logits(self, rows: PackedRows) -> np.ndarray:
        """(n,) float32."""
        out = np.empty(rows.n, np.float32)
        (bias,) = values(self.linear, 1)[self.entries].ravel()
        self._form.logits(rows.memory, rows.shape, self.linear, self.factors, bias, out)
        return out

    def write(self) -> None:
        """To the parameters."""
        for leaf, held in self._views():
            self._parameters[leaf].data.view(held.shape).copy_(torch.from_numpy(held))

    def _views(self) -> list[tuple[str, np.ndarray]]:
        """Of each parameter's values."""
        linear = values(self.linear, 1)
        views = [(LINEAR, linear[: self.entries]), (BIAS, linear[self.entries :])]
        if self._width:
            factors = values(self.factors, self._width, self._parts)
            views.append((FACTORS, factors[: self.entries]))
        return views


def held_network(
    network: Network, form: Form, new_table: Callable[..., Table] = serving_table
) -> Held:
    """A network's own parameters."""
    return Held(form, network.leaves(), len(network.layout.fields), new_table)


class CompiledTraining:
    """As RowTraining. The network's own parameters are always the best ones so far."""

    def __init__(self, network: Network, form: Form, settings: TrainSettings, steps: int) -> None:
        self._held = held_network(network, form, training_table)
        self._form, self._settings, self._kept = form, settings, False
        self._optimiser = Optimiser(settings, steps, network.entries + 1)
        held = self._held
        self._batch = batch_room(
            shape_of(network.layout),
            settings.batch_size,
            network.entries,
            held.linear,
            held.factors,
        )

    def epoch(self, examples: Examples, draws: Draws, hidden: Hidden | None) -> None:
        rows, held, by = examples.packed, self._held, self._optimiser
        column, entry = (0, 0) if hidden is None else (hidden.column, hidden.entry)
        with flushed():
            by.steps = self._form.epoch(
                rows.memory, rows.shape, draws.order, self._settings.batch_size,
                (draws.hides, column, np.int32(entry)),
                self._batch, held.linear, held.factors, by.descent, by.steps,
            )  # fmt: skip
        by.catch_up(held.linear, held.factors)

    def mean_loss(self, examples: Examples) -> float:
        logits = torch.from_numpy(self._held.logits(examples.packed))
        losses = binary_cross_entropy(logits, examples.labels)
        return float(losses.double().sum()) / max(len(examples), 1)

    def keep(self) -> None:
        self._held.write()
        self._kept = True

    def finish(self) -> None:
        if not self._kept:
            self._held.write()


@torch.no_grad()
def check_form(network: Network, form: Form, rows: PackedRows) -> None:
    """Raises PluginError where the compiled form is another function than the model's own forward: both are tried on a few
    rows, with parameters drawn at random."""
    few = rows.part(0, min(rows.n, TRIAL_ROWS)).copy()
    entries, index = np.unique(few.index.numpy(), return_inverse=True)
    few.index.copy_(torch.from_numpy(index).reshape(few.index.shape))
    generator = torch.Generator().manual_seed(0)
    parameters = {
        name: torch.randn(len(entries), width, generator=generator)
        for name, width in network.widths.items()
    }
    parameters[BIAS] = torch.randn((), generator=generator)
    found = Held(form, parameters, len(network.layout.fields)).logits(few)
    looked_up = RowIndex(few.index, few.weights, network.layout, len(entries))
    expected = network.call(parameters, network.rows(looked_up, parameters), few.weights)
    if not np.allclose(found, expected.numpy(), rtol=1e-3, atol=1e-3):
        raise PluginError(
            f"{type(network.plugin).__name__}: its forward is not what its compiled_form"
            f" {getattr(network.plugin, 'compiled_form', None)!r} says; leave compiled_form out"
        )
