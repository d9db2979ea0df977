"""Plugins that each break one rule, for the kit to catch: what people write who have not read the contract."""

from __future__ import annotations

import random

import numpy as np
import torch
from torch import nn

from bench.interfaces import Model, Selection, Selector
from bench.learn import DifferentiableModel, DifferentiableSelector


class Fine(Model):
    """The base rate: conforms, so that each plugin below breaks one rule alone."""

    name = "fine"

    def fit(self, train, valid, context):
        self.seed, self.rate = context.seed, float(np.asarray(train.labels).mean())

    def predict(self, rows):
        return np.full(len(rows), np.log(self.rate / (1 - self.rate)))


class WrongShape(Fine):
    """A column instead of a vector."""

    def predict(self, rows):
        return super().predict(rows)[:, None]


class Unseeded(Fine):
    """Noise from the system."""

    def predict(self, rows):
        return super().predict(rows) + np.random.default_rng().normal(size=len(rows))


class KnownIdsAlone(Fine):
    """A dictionary of training users."""

    def fit(self, train, valid, context):
        super().fit(train, valid, context)
        self.known = dict.fromkeys(train.codes("user_id").tolist(), 0.1)
        self.known |= dict.fromkeys(range(17, 40), 0.1)

    def predict(self, rows):
        return super().predict(rows) + np.array([self.known[code] for code in rows.codes("user_id").tolist()])


class OneRowIsAScalar(Fine):
    """Squeezes a batch of one row away."""

    def predict(self, rows):
        return super().predict(rows).squeeze()


class GlobalSeed(Fine):
    """Seeds every generator there is."""

    def fit(self, train, valid, context):
        random.seed(context.seed)
        np.random.seed(context.seed)
        torch.manual_seed(context.seed)
        super().fit(train, valid, context)


class DefaultDtype(Fine):
    """Computes in float64 from here on, everywhere."""

    def fit(self, train, valid, context):
        torch.set_default_dtype(torch.float64)
        super().fit(train, valid, context)


class ReadsLabels(Fine):
    """Peeks where it can."""

    def predict(self, rows):
        return super().predict(rows) + (0 if rows.labels is None else rows.labels)


class _Tables(DifferentiableModel):
    """A linear model; those below break its forward."""

    name = "tables"

    def build(self, fields):
        self.scale = nn.Parameter(torch.ones(()))

    def tables(self):
        return {"linear": 1, "factors": 2}

    def forward(self, rows):
        v = rows["factors"]
        return self.scale * rows["linear"].sum((-2, -1)) + v.sum(-2).square().sum(-1)


class Item(_Tables):
    """Branches on a value."""

    def forward(self, rows):
        out = super().forward(rows)
        return out if self.scale.item() > 0 else -out


class OverUsers(_Tables):
    """Centres by the mean over all leading axes: right in training, wrong per user."""

    def forward(self, rows):
        out = super().forward(rows)
        return out - _leading_mean(out)


class _LeadingMean(torch.autograd.Function):
    """A mean over whatever axes there are, users too: vmap's batching rule is told so, wrongly."""

    @staticmethod
    def forward(values):
        return values.mean().expand_as(values).clone()

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def vmap(info, in_dims, values):
        return values.mean().expand_as(values).clone(), in_dims[0]

    @staticmethod
    def backward(ctx, gradient):
        return gradient.mean().expand_as(gradient).clone()


def _leading_mean(values):
    return _LeadingMean.apply(values)


class OnceDifferentiable(_Tables):
    """A hand-written backward pass that has none of its own."""

    def forward(self, rows):
        return _Square.apply(super().forward(rows))


class _Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, values):
        ctx.save_for_backward(values)
        return values.square()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        return 2 * gradient * ctx.saved_tensors[0]


class Counts(_Tables):
    """Remembers how often it was called."""

    def forward(self, rows):
        self.calls = getattr(self, "calls", 0) + 1
        return super().forward(rows) * (1 + 0.1 * self.calls)


class OffSimplex(Selector):
    """Weights that add up to K."""

    name = "off-simplex"

    def fit(self, train, valid, context):
        pass

    def predict(self, tasks):
        return Selection(weights=np.ones((len(tasks.query), len(tasks.models))))


class NeedsSupport(Selector):
    """Divides by the size of the support."""

    name = "needs-support"

    def fit(self, train, valid, context):
        pass

    def predict(self, tasks):
        sizes = np.diff(tasks.support_ptr)
        with np.errstate(all="ignore"):
            mean = np.add.reduceat(np.append(tasks.support_base_logits[:, 0], 0), tasks.support_ptr[:-1]) / sizes
            mean = np.where(sizes > 0, mean, np.nan)
        return Selection(logits=np.repeat(mean, np.diff(tasks.query_ptr)))


class SelectorReadsLabels(Selector):
    """Peeks where it can."""

    name = "selector-reads-labels"

    def fit(self, train, valid, context):
        pass

    def predict(self, tasks):
        found = tasks.query.labels
        return Selection(logits=np.zeros(len(tasks.query)) if found is None else 1.0 * found)


class GatingItem(DifferentiableSelector):
    """Branches on a value."""

    name = "gating-item"

    def build(self, fields, models):
        self.layer = nn.Linear(len(models), len(models))

    def tables(self):
        return {}

    def forward(self, rows):
        return self.layer(rows.base_logits) * (2 if self.layer.bias.sum().item() > 0 else 1)
