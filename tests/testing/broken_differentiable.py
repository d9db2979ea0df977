"""Differentiable plugins that each break one rule, for the kit to catch, and some that only look as if they did."""

from __future__ import annotations

from itertools import pairwise

import torch
from pydantic import Field
from torch import nn

from bench.interfaces import PluginParams
from bench.learn import DifferentiableModel, DifferentiableSelector


class Linear(DifferentiableModel):
    """Conforms; those below change its forward."""

    name = "linear"

    def build(self, fields):
        self.scale = nn.Parameter(torch.ones(()))

    def tables(self):
        return {"linear": 1, "factors": 2}

    def forward(self, rows):
        v = rows["factors"]
        return self.scale * rows["linear"].sum((-2, -1)) + v.sum(-2).square().sum(-1)


class OtherTables(Linear):
    """A table of another name than its form's."""

    compiled_form = "deep-factorization-machine"

    def tables(self):
        return {"linear": 1, "vectors": 2}


class LyingForm(Linear):
    """Says that it is what it is not."""

    compiled_form = "logistic-regression"

    def build(self, fields):
        """There is nothing to build."""

    def tables(self):
        return {"linear": 1}

    def forward(self, rows):
        return 2 * rows["linear"].sum((-2, -1))


class UnknownForm(Linear):
    """A form that there is not."""

    compiled_form = "fwfm"


class OfGenres(Linear):
    """Entry by entry, of a field that the kit's data lack."""

    unpooled = ("genres",)


class OfAField(Linear):
    """Conforms: the field's name is a parameter."""

    class Params(PluginParams):
        field: str = Field("tags", min_length=1, description="a multi-valued field")

    def build(self, fields):
        super().build(fields)
        self.unpooled = (self.params.field,)

    def forward(self, rows):
        vectors, weights = rows.entries("factors", self.params.field)
        return super().forward(rows) + (weights.unsqueeze(-1) * vectors).sum(-2).square().sum(-1)


class OfText(Linear):
    """A text where a tuple should be."""

    unpooled = "tags"


class NamedBias(Linear):
    """A table of the harness's own name."""

    def tables(self):
        return {"linear": 1, "factors": 2, "bias": 1}


class Item(Linear):
    """Branches on a value."""

    def forward(self, rows):
        out = super().forward(rows)
        return out if self.scale.item() > 0 else -out


class BatchMean(Linear):
    """Centres by the mean over the rows that happen to come together."""

    def forward(self, rows):
        out = super().forward(rows)
        return out - out.mean()


class BatchNorm(Linear):
    """Normalises by the batch's own statistics, in eval mode too."""

    def forward(self, rows):
        v = rows["factors"].flatten(-2)
        return super().forward(rows) + nn.functional.batch_norm(v, None, None, training=True).sum(
            -1
        )


class RunningStatistics(Linear):
    """Keeps batch-norm in train mode."""

    def build(self, fields):
        super().build(fields)
        self.norm = nn.BatchNorm1d(2 * len(fields))

    def forward(self, rows):
        self.norm.train()
        return super().forward(rows) + self.norm(rows["factors"].flatten(-2)).sum(-1)


class Buffer(Linear):
    """Conforms: a constant matrix in a buffer."""

    def build(self, fields):
        super().build(fields)
        self.register_buffer("turn", torch.eye(2).flip(0))

    def forward(self, rows):
        return super().forward(rows) + (rows["factors"] @ self.turn).square().sum((-2, -1))


class PlainTensor(Buffer):
    """The same in a tensor that follows no dtype."""

    def build(self, fields):
        Linear.build(self, fields)
        self.turn = torch.eye(2).flip(0)


class Norm(Linear):
    """Conforms: batch norm, whose running statistics adaptation leaves as they are."""

    def build(self, fields):
        super().build(fields)
        self.norm = nn.BatchNorm1d(2 * len(fields))

    def forward(self, rows):
        return super().forward(rows) + self.norm(rows["factors"].flatten(-2)).square().sum(-1)


class EvalAlone(Linear):
    """Has a gradient that is no number, in eval mode alone."""

    def forward(self, rows):
        out = super().forward(rows)
        return out if self.training else out + (0 * self.scale).sqrt()


class OverUsers(Linear):
    """Centres by a mean over all leading axes, users' too."""

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


class OnceDifferentiable(Linear):
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


class Detached(Linear):
    """A backward pass that runs twice, and is wrong the second time, without an error."""

    def forward(self, rows):
        return _DetachedSquare.apply(super().forward(rows))


class _DetachedSquare(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(values):
        return values.square()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, gradient):
        return 2 * gradient * ctx.saved_tensors[0].detach()


class Flash(Linear):
    """Attends over fields by a kernel of its own backward pass, as flash attention does."""

    def forward(self, rows):
        v = rows["factors"].unsqueeze(-3)  # (..., 1 head, F, D)
        with nn.attention.sdpa_kernel(nn.attention.SDPBackend.FLASH_ATTENTION):
            return super().forward(rows) + nn.functional.scaled_dot_product_attention(v, v, v).sum(
                (-3, -2, -1)
            )


class SinglePrecision(Linear):
    """Casts to a dtype of its own."""

    def forward(self, rows):
        return super().forward(rows).float()


class Share(Linear):
    """Divides by the tags' weights: nothing in an empty bag, nor in padding."""

    unpooled = ("tags",)

    def forward(self, rows):
        factors, weights = rows.entries("factors", "tags")
        return super().forward(rows) + (factors.sum(-1) * weights).sum(-1) / weights.sum(-1)


class PaddingAlone(Linear):
    """Is finite on every row that there is, and not on padding: its norm has no slope at 0."""

    unpooled = ("price",)

    def forward(self, rows):
        _, weights = rows.entries("linear", "price")
        scaled = rows["factors"] * weights.square().sum(-1)[..., None, None]
        return super().forward(rows) + scaled.square().sum((-2, -1)).sqrt()


class Counts(Linear):
    """Remembers how often it was called."""

    def forward(self, rows):
        self.calls = getattr(self, "calls", 0) + 1
        return super().forward(rows) * (1 + 0.1 * self.calls)


class GatingItem(DifferentiableSelector):
    """Branches on a value."""

    name = "gating-item"

    def build(self, fields, models):
        self.layer = nn.Linear(len(models), len(models))

    def tables(self):
        return {}

    def forward(self, rows):
        return self.layer(rows.base_logits) * (2 if self.layer.bias.sum().item() > 0 else 1)


class DeepReLU(Linear):
    """Conforms: its kinks are no breach, though finite differences trip over them."""

    def build(self, fields):
        super().build(fields)
        widths = (2 * len(fields), 400, 400, 400)
        layers = [part for a, b in pairwise(widths) for part in (nn.Linear(a, b), nn.ReLU())]
        self.deep = nn.Sequential(*layers, nn.Linear(400, 1))

    def forward(self, rows):
        return super().forward(rows) + self.deep(rows["factors"].flatten(-2)).squeeze(-1)


class FrozenNorm(Linear):
    """Conforms: batch-norm as a layer, whose statistics rest in eval mode."""

    def build(self, fields):
        super().build(fields)
        self.norm = nn.BatchNorm1d(2 * len(fields))

    def forward(self, rows):
        return super().forward(rows) + self.norm(rows["factors"].flatten(-2)).sum(-1)
