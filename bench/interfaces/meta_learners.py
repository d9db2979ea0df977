"""Meta-learners: the rule by which parameters adapt to a user."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, Self

from bench.interfaces.plugin import Plugin, PluginParams

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Block", "Episodes", "Learnable", "MetaLearner"]


@dataclass(frozen=True)
class Block:
    """Support or query of a chunk of users, padded to n rows a user. Keys: "selector", and "pool" where it is adapted."""

    # bench.learn's RowIndex (U, n, E): where each entry lies among the users' own rows
    entries: Mapping[str, Any]
    # (U, n, E - categorical fields) of the entries that are not categorical
    weights: Mapping[str, Tensor]
    labels: Tensor  # (U, n)
    mask: Tensor  # (U, n) 1 where there is a row
    base_logits: Tensor | None  # (U, n, K); None where the pool is adapted


@dataclass(frozen=True)
class Episodes:
    """A chunk of users of like length. A rule hands it on and need not look inside."""

    users: int
    # (U, R) int64: joint entries that a user's support and query touch, each once; padded
    rows: Mapping[str, Tensor]
    support: Block
    query: Block

    def part(self, part: Literal["support", "query"]) -> Block:
        return self.support if part == "support" else self.query


class Learnable(Protocol):
    """A selector, or a selector and its pool, as one pure function; `adapt:` in the suite decides which leaves move."""

    def parameters(self) -> dict[str, Tensor]:
        """Master leaves: 'selector/net.0.weight', 'fm/factors', 'fm/bias'."""
        ...

    def per_user(self, parameters: Mapping[str, Tensor], batch: Episodes) -> dict[str, Tensor]:
        """Dense leaves (U, *shape); tables (U, R, width): only the R rows that a user's support and query touch."""
        ...

    def adapted(self) -> tuple[str, ...]:
        """The leaves that `adapt` and `frozen_fields` let move."""
        ...

    def head(self) -> tuple[str, ...]:
        """The leaves of the selector's last layer; PluginError where it has none."""
        ...

    def only(self, leaves: Iterable[str]) -> Learnable:
        """The same with no other leaves adapted (the outer loop trains as before)."""
        ...

    def loss(
        self, per_user: Mapping[str, Tensor], batch: Episodes, part: Literal["support", "query"]
    ) -> Tensor:
        """(U,) mean cross-entropy of the mixture; 0 where a user has no such rows."""
        ...

    def gradients(
        self, loss: Tensor, per_user: Mapping[str, Tensor], *, create_graph: bool
    ) -> dict[str, Tensor]:
        """Of each user's own loss, for the adapted leaves; zero where the loss does not depend on one."""
        ...

    def rates(self, start: Mapping[str, float]) -> dict[str, Tensor]:
        """A rate for each adapted leaf. `start`: group ('selector', 'bias', 'dense', 'user', 'item', 'context') to its
        first value. Dense: the leaf's own shape; table: (F, width), a field's rows share a rate."""
        ...

    def spread(self, rates: Mapping[str, Tensor], batch: Episodes) -> dict[str, Tensor]:
        """What a rule multiplies gradients by: dense (1, *shape); table (U, R, width), row r has its own field's rate."""
        ...


class MetaLearner(Plugin):
    """The rule only; the harness draws episodes, steps the outer optimiser, stops early and saves."""

    meta_trained: ClassVar[bool] = True  # False: no outer steps (fine-tune)

    def candidates(self) -> Sequence[PluginParams]:
        """Settings of which the harness keeps the best on validation users' query (fine-tune: steps by rates)."""
        return (self.params,)

    def learned(self, learnable: Learnable) -> dict[str, Tensor]:
        """Extra outer parameters and their first values, e.g. the rates."""
        return {}

    @abstractmethod
    def adapt(
        self,
        learnable: Learnable,
        outer: Mapping[str, Tensor],
        batch: Episodes,
        *,
        training: bool,
    ) -> dict[str, Tensor]:
        """Every leaf per user after adaptation. `outer` holds the master leaves and the learned ones."""

    @classmethod
    def adapt_each(
        cls,
        rules: Sequence[Self],
        learnable: Learnable,
        outers: Sequence[Mapping[str, Tensor]],
        batch: Episodes,
    ) -> Iterator[tuple[int, dict[str, Tensor]]]:
        """What each of the `rules`, one a candidate and each with its own `outers`, adapts to at test time: the rule's number
        and every leaf per user, in any order. By default each on its own; candidates that share steps may take them once."""
        for number, (rule, outer) in enumerate(zip(rules, outers, strict=True)):
            yield number, rule.adapt(learnable, outer, batch, training=False)

    def outer_loss(
        self, learnable: Learnable, outer: Mapping[str, Tensor], batch: Episodes
    ) -> Tensor:
        """(U,) what the outer step brings down; default: the query loss after adaptation."""
        return learnable.loss(self.adapt(learnable, outer, batch, training=True), batch, "query")
