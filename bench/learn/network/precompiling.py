"""Training's compiled functions, called once on next to nothing: compiled, or read from disk, before a clock runs."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import nn

from bench.compiled.vectors import lanes_for
from bench.interfaces import Fields
from bench.learn.kernels.batches import gather, hide, touch
from bench.learn.kernels.lookups import add_gradient, add_gradient_of_field, of_field, pool
from bench.learn.kernels.optimiser import Optimiser
from bench.learn.kernels.room import batch_room
from bench.learn.kernels.shape import Shape
from bench.learn.kernels.tables import batch_table, plain_table, training_table
from bench.learn.network.compiled_training import Form, Held, form_of
from bench.learn.network.declared import FACTORS, LINEAR, declared_form
from bench.learn.network.deep_factorization import FORM as DEEP_FACTORIZATION
from bench.learn.network.deep_factorization import DeepFactorization
from bench.learn.network.dense_optimiser import dense_optimiser
from bench.learn.network.draws import Draws
from bench.learn.network.network import BIAS
from bench.learn.network.plugins import DifferentiableModel, DifferentiableSelector
from bench.settings import TrainSettings

__all__ = ["precompile_model", "precompile_selector"]

# One row of one categorical field, and its label.
SHAPE = Shape(2, 1, 1, np.array([0, 1]))
ROW = np.zeros(2 + 16, np.int32)
DRAWN = Draws(np.zeros(1, np.int64), np.empty(0, np.uint8))


def precompile_model(plugin: DifferentiableModel, fields: Fields, settings: TrainSettings) -> None:
    """For a model that is not built yet, on rows of these fields."""
    built = copy.deepcopy(plugin)
    built.build(fields)
    form = form_of(built, len(fields))
    if form is None:
        _rows(built, settings)
        if declared_form(built) == DEEP_FACTORIZATION:
            _deep_factorization(built, len(fields), settings)
    else:
        width = dict(built.tables()).get(FACTORS, 0)
        _epoch(form, width // form.parts(len(fields)), settings)


def precompile_selector(
    plugin: DifferentiableSelector, fields: Fields, models: tuple[str, ...], settings: TrainSettings
) -> None:
    """As `precompile_model`."""
    built = copy.deepcopy(plugin)
    built.build(fields, models)
    _rows(built, settings)


def _epoch(form: Form, width: int, settings: TrainSettings) -> None:
    parameters = {LINEAR: torch.zeros(1, 1), BIAS: torch.zeros(())}
    if width:
        parameters[FACTORS] = torch.zeros(1, width)
    held, by = Held(form, parameters, 1, training_table), Optimiser(settings, 2, rows=2)
    hides = (DRAWN.hides, 0, np.int32(0))
    batch = batch_room(SHAPE, 1, 1, held.linear, held.factors)
    by.steps = form.epoch(
        ROW, SHAPE, DRAWN.order, 1, hides, batch, held.linear, held.factors, by.descent, 0
    )
    by.steps += 1  # so that there is something to catch up
    by.catch_up(held.linear, held.factors)
    form.logits(ROW, SHAPE, held.linear, held.factors, np.float32(0), np.empty(1, np.float32))


def _rows(built: DifferentiableModel | DifferentiableSelector, settings: TrainSettings) -> None:
    """What training row by row calls; where a parameter is no float32, what torch imports for it."""
    _lookups(dict(built.tables()), built.unpooled, settings)
    for dtype in {torch.float32, *(each.dtype for each in built.parameters())}:
        parameter = nn.Parameter(torch.zeros(1, dtype=dtype))
        parameter.grad = torch.zeros(1, dtype=dtype)
        dense_optimiser([parameter], settings).step()


def _deep_factorization(model: DifferentiableModel, fields: int, settings: TrainSettings) -> None:
    dense = dict(model.named_parameters()) | {BIAS: nn.Parameter(torch.zeros(()))}
    width = model.tables()[FACTORS]
    linear, factors = torch.zeros(1, fields, 1), torch.zeros(1, fields, width)
    gradients = DeepFactorization(model, dense, 1, settings)
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        gradients.by_rows(linear, factors, torch.zeros(1))


def _lookups(widths: dict[str, int], unpooled: object, settings: TrainSettings) -> None:
    touched, batch, rest = np.zeros(2, np.int32), np.zeros(16, np.int32), np.zeros(5, np.float32)
    gather(ROW, 2, DRAWN.order, 0, 1, batch, 16)
    hide(np.zeros(1, np.uint8), 0, 1, 0, np.int32(0), batch, 16)
    # of tables that are compiled alike one is enough
    for width in {(width == 1, len(lanes_for(width))): width for width in widths.values()}.values():
        by, table = Optimiser(settings, 2, rows=1), training_table(1, width)
        taken = batch_table(1, table)
        touch(batch, 16, 1, 1, by.descent.moved, by.descent.place, touched)
        by.take(touched, 1, rest, [(table, taken)])
        values = np.zeros(width, np.float32)
        for looked_up in (taken, plain_table(values.reshape(1, width))):
            pool(batch, SHAPE, 16, looked_up, width, values)
        add_gradient(batch, SHAPE, 16, taken, width, values, np.float32(0))
        if unpooled:
            of_field(batch, 16, 0, 1, taken, width, values)
            add_gradient_of_field(batch, 16, 0, 1, taken, width, values)
        by.move(touched, 1, rest, [(table, taken)])
        by.steps += 1  # so that there is something to catch up
        by.catch_up(table)
