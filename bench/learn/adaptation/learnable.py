"""The adaptation engine: a selector, or a selector and its pool, as one pure function of per-user parameters.

Each user's table rows are gathered once; a plugin's function of one user is mapped over users with torch.func.vmap.
Nothing here is approximate: meta-gradients equal a plain loop."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from bench.adapt_sets import BASE_MODELS, SELECTOR, named
from bench.data.views.interactions import Interactions
from bench.errors import PluginError
from bench.interfaces import Block, Episodes
from bench.learn.adaptation.hard_selection import one_model_a_user
from bench.learn.inner_loop import CompiledMixture, KernelName
from bench.learn.network.lookup import Rows
from bench.learn.network.losses import mixture_cross_entropy, mixture_logits
from bench.learn.network.network import Network
from bench.settings import Select

__all__ = ["Learnable"]

SIDES = ("user", "item", "context")
Leaves = Mapping[str, Tensor]


class Learnable:
    """bench.interfaces.Learnable. `pool` is given where base models are adapted too; else tasks carry base logits.

    What no entry of `adapt` names (bench.adapt_sets) stays as it is: neither users nor the outer loop move it.

    `kernel`: for tests and timing, how what the kernels know is adapted."""

    def __init__(
        self,
        interactions: Interactions,
        selector: Network,
        pool: Mapping[str, Network] | None = None,
        frozen_fields: tuple[str, ...] = (),
        adapt: tuple[str, ...] = (SELECTOR, BASE_MODELS),
        select: Select = "soft",
        kernel: KernelName = "numba",
    ) -> None:
        self.networks: dict[str, Network] = {SELECTOR: selector, **(pool or {})}
        self._pool, self._select = tuple(pool or ()), select
        self._fields = interactions.fields
        self._frozen = torch.tensor([field.name in frozen_fields for field in self._fields])
        self._sides = torch.tensor([SIDES.index(field.side) for field in self._fields])
        sizes = [interactions.sizes[field.name] for field in interactions.fields]
        self._ends = torch.tensor(sizes).cumsum(0)  # (F,) of the fields' entries in the joint index
        self._trained = self._named(adapt)
        self._only = self._trained  # what `only` has left of them
        for network in self.networks.values():
            network.eval()
        self.compiled = None if kernel == "autograd" else CompiledMixture.of(selector, pool or {})

    @property
    def chunk_users(self) -> int | None:
        """How many users are best adapted together; None: as bench.learn.adaptation.windows has it."""
        return None if self.compiled is None else self.compiled.chunk_users

    @cached_property
    def _places(self) -> dict[str, tuple[str, str]]:
        """Leaf of the whole to (network, leaf of the network)."""
        return {
            f"{name}/{leaf}": (name, leaf)
            for name, network in self.networks.items()
            for leaf in network.leaves()
        }

    def parameters(self) -> dict[str, Tensor]:
        """Master leaves; those that stay as they are take no gradient."""
        leaves = {
            f"{name}/{leaf}": value
            for name, network in self.networks.items()
            for leaf, value in network.leaves().items()
        }
        return {
            leaf: value if leaf in self._trained else value.detach()
            for leaf, value in leaves.items()
        }

    def adapted(self) -> tuple[str, ...]:
        all_frozen = bool(self._frozen.all())
        return tuple(
            leaf
            for leaf in self._places
            if leaf in self._only and not (all_frozen and self._is_table(leaf))
        )

    def only(self, leaves: Iterable[str]) -> Learnable:
        """The same, with no other leaves adapted; what the outer loop trains stays as it is."""
        narrowed = copy.copy(self)
        narrowed._only = self._only.intersection(leaves)
        return narrowed

    def head(self) -> tuple[str, ...]:
        """The leaves of the selector's last layer: of the last of its modules, in their order there, that has parameters of
        its own."""
        names = [name for name, _ in self.networks[SELECTOR].plugin.named_parameters()]
        if not names:
            kind = type(self.networks[SELECTOR].plugin).__name__
            raise PluginError(
                f"selector {kind} has no layer whose parameters could be adapted alone: it has only tables"
            )
        last = names[-1].rpartition(".")[0]
        return tuple(f"{SELECTOR}/{name}" for name in names if name.rpartition(".")[0] == last)

    def tables(self) -> tuple[str, ...]:
        """The leaves that are tables; their gradients are sparse."""
        return tuple(leaf for leaf in self._places if self._is_table(leaf))

    def per_user(self, parameters: Leaves, batch: Episodes) -> dict[str, Tensor]:
        def own(leaf: str) -> Tensor:
            value = parameters[leaf]
            if self._is_table(leaf):
                # (U, R, width)
                return F.embedding(batch.rows[self._component(leaf)], value, sparse=True)
            return value.expand(batch.users, *value.shape)

        return {leaf: own(leaf) for leaf in self._places}

    def loss(self, per_user: Leaves, batch: Episodes, part: Literal["support", "query"]) -> Tensor:
        block = batch.part(part)
        if block.mask.shape[1] == 0:
            return block.mask.sum(1)
        if self.compiled is not None:
            return self.compiled.loss(per_user, block)
        scores, base_logits = self._outputs(per_user, block)
        losses = mixture_cross_entropy(scores, base_logits, block.labels) * block.mask
        return losses.sum(1) / block.mask.sum(1).clamp(min=1)

    def predict(self, per_user: Leaves, batch: Episodes) -> tuple[Tensor, Tensor]:
        """Query logits (U, Q) of the mixture and weights (U, Q, K); padding has no meaning. `select: hard`: of the user's
        single best model."""
        outputs = self._outputs if self.compiled is None else self.compiled.outputs
        scores, base_logits = outputs(per_user, batch.query)
        weights = scores.softmax(-1)
        if self._select == "soft":
            return mixture_logits(scores, base_logits), weights
        counted = (weights * batch.query.mask.unsqueeze(-1)).flatten(0, 1)
        user = torch.arange(batch.users).repeat_interleave(weights.shape[1])
        chosen = one_model_a_user(counted, user).reshape(weights.shape)
        return (chosen * base_logits).sum(-1), chosen

    def gradients(self, loss: Tensor, per_user: Leaves, *, create_graph: bool) -> dict[str, Tensor]:
        names = self.adapted()
        leaves = [per_user[name] for name in names]
        if not names or not loss.requires_grad:
            return {name: torch.zeros_like(leaf) for name, leaf in zip(names, leaves, strict=True)}
        found = torch.autograd.grad(
            loss.sum(), leaves, create_graph=create_graph, materialize_grads=True
        )
        return dict(zip(names, found, strict=True))

    def rates(self, start: Mapping[str, float]) -> dict[str, Tensor]:
        parameters = self.parameters()
        return {leaf: self._rate(leaf, parameters[leaf], start) for leaf in self.adapted()}

    def spread(self, rates: Leaves, batch: Episodes) -> dict[str, Tensor]:
        def spread(leaf: str, rate: Tensor) -> Tensor:
            if not self._is_table(leaf):
                return rate.unsqueeze(0)
            # (U, R)
            field = torch.bucketize(batch.rows[self._component(leaf)], self._ends, right=True)
            return F.embedding(field, rate) * (~self._frozen[field]).unsqueeze(-1).to(rate.dtype)

        return {leaf: spread(leaf, rate) for leaf, rate in rates.items()}

    def moving_fields(self, batch: Episodes) -> dict[str, Tensor]:
        """By component, of each of the users' own rows (U, R): its field, or F where that is frozen."""

        def of_rows(rows: Tensor) -> Tensor:
            field = torch.bucketize(rows, self._ends, right=True)
            return field.masked_fill(self._frozen[field], len(self._ends))

        return {component: of_rows(rows) for component, rows in batch.rows.items()}

    def _named(self, adapt: tuple[str, ...]) -> frozenset[str]:
        """The leaves that the entries name; PluginError for one that names none."""
        found = {entry: named(entry, self._places) for entry in adapt}
        for entry, leaves in found.items():
            if not leaves and entry not in (
                BASE_MODELS,
                *self.networks,
            ):  # a whole network may have no parameters
                raise PluginError(f"adapt names {entry!r}, but there are {', '.join(self._places)}")
        return frozenset(leaf for leaves in found.values() for leaf in leaves)

    def groups(self, batch: Episodes) -> dict[str, dict[str, Tensor]]:
        """Of every adapted leaf: its groups (of bench.settings.PARAMETER_GROUPS) and which of its values (U, ...) are of each:
        bool, () where all of a dense leaf, (U, R, 1) of a table; padding and frozen fields are in none."""
        rows = {component: self._row_groups(batch.rows[component]) for component in batch.rows}

        def of_leaf(leaf: str) -> dict[str, Tensor]:
            name, own = self._places[leaf]
            group = self.networks[name].group(own)
            if group != "table":
                return {SELECTOR if name == SELECTOR else group: torch.ones((), dtype=torch.bool)}
            by_side = rows[self._component(leaf)]
            return (
                {SELECTOR: torch.stack([*by_side.values()]).any(0)} if name == SELECTOR else by_side
            )

        return {leaf: of_leaf(leaf) for leaf in self.adapted()}

    def _row_groups(self, rows: Tensor) -> dict[str, Tensor]:
        """Side to which of the rows (U, R) are of its fields, (U, R, 1). A user's entries ascend; what pads does not."""
        field = torch.bucketize(rows, self._ends, right=True)
        ascends = torch.cat(
            [torch.ones_like(rows[:, :1], dtype=torch.bool), rows[:, 1:] > rows[:, :-1]], dim=1
        )
        moves = ascends & ~self._frozen[field]
        return {
            side: (moves & (self._sides[field] == place)).unsqueeze(-1)
            for place, side in enumerate(SIDES)
        }

    def _rate(self, leaf: str, value: Tensor, start: Mapping[str, float]) -> Tensor:
        name, own = self._places[leaf]
        group = self.networks[name].group(own)
        if group != "table":
            return torch.full_like(
                value, start[SELECTOR if name == SELECTOR else group], requires_grad=False
            )
        by_field = [start[SELECTOR if name == SELECTOR else field.side] for field in self._fields]
        return torch.tensor(by_field, dtype=value.dtype).unsqueeze(-1).repeat(1, value.shape[-1])

    def _outputs(self, per_user: Leaves, block: Block) -> tuple[Tensor, Tensor]:
        """Scores and base logits, both (U, n, K)."""
        base_logits = block.base_logits
        if self._pool:
            base_logits = torch.stack(
                self._outputs_of(self._pool, "pool", per_user, block, None), dim=-1
            )
        assert base_logits is not None, "tasks carry base logits where the pool is not adapted"
        # A copy for the plugin: what it does to it in place is not what is mixed.
        (scores,) = self._outputs_of((SELECTOR,), "selector", per_user, block, base_logits.clone())
        return scores, base_logits

    def _outputs_of(
        self,
        names: tuple[str, ...],
        component: str,
        per_user: Leaves,
        block: Block,
        base_logits: Tensor | None,
    ) -> list[Tensor]:
        """Each network's outputs for the chunk; all tables of the networks are looked up in one product."""
        index, weights = block.entries[component], block.weights[component]
        tables = [f"{name}/{table}" for name in names for table in self.networks[name].widths]
        pooled: dict[str, Tensor] = {}
        if tables:
            # (U * R, sum of widths)
            own = torch.cat([per_user[table] for table in tables], dim=-1).flatten(0, 1)
            widths = [per_user[table].shape[-1] for table in tables]
            pooled = dict(zip(tables, index.pooled(own).split(widths, dim=-1), strict=True))
        outputs = []
        for name in names:
            network = self.networks[name]
            leaves = {leaf: per_user[f"{name}/{leaf}"] for leaf in network.leaves()}
            own_tables = {
                table: leaves[table].flatten(0, 1)
                for table in network.widths
                if network.plugin.unpooled
            }
            rows = Rows(
                {table: pooled[f"{name}/{table}"] for table in network.widths},
                network.unpooled_rows(index, own_tables),
            )
            dense = {leaf: value for leaf, value in leaves.items() if leaf not in network.widths}
            outputs.append(network.call_by_user(dense, rows, weights, base_logits))
        return outputs

    def _is_table(self, leaf: str) -> bool:
        name, own = self._places[leaf]
        return self.networks[name].group(own) == "table"

    @staticmethod
    def _component(leaf: str) -> str:
        return "selector" if leaf.startswith(f"{SELECTOR}/") else "pool"
