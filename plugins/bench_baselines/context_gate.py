"""A gate that reads the user's support: adaptation in one forward pass, without gradients.

Statistics of the support are the user's representation, as the aggregate of a context set is in conditional neural processes
(Garnelo et al., ICML 2018); here they are given (`_support`), not learned."""

from __future__ import annotations

import copy
import math
from typing import Annotated, NamedTuple

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from bench.data.views.by_user import user_of_row
from bench.interfaces import Context, PluginParams, Selection, Selector, Tasks
from bench.learn import History
from bench.learn.network.losses import mixture_cross_entropy
from bench_baselines._adam import Adam
from bench_baselines._losses import known_labels
from bench_baselines._perceptron import Perceptron
from bench_baselines._support import SupportStatistics, has_support


class ContextGate(Selector):
    """An MLP from a row's base logits and statistics of the user's support to weights (after Garnelo et al. 2018).

    Trained on training users' query; the epoch that does best on validation users' query is kept, the start, which is the
    average, among them. In training a share of users is shown without support, so that having none is nothing new."""

    name = "context-gate"
    citation = """
        @inproceedings{garnelo2018conditional,
          author = {Garnelo, Marta and Rosenbaum, Dan and Maddison, Christopher and Ramalho, Tiago and Saxton, David and
            Shanahan, Murray and Teh, Yee Whye and Rezende, Danilo and Eslami, S. M. Ali},
          title = {Conditional Neural Processes},
          booktitle = {Proceedings of the 35th International Conference on Machine Learning},
          pages = {1704--1713},
          year = {2018}
        }
    """

    class Params(PluginParams):
        hidden: tuple[Annotated[int, Field(ge=1, le=8192)], ...] = Field(
            (32,), description="widths of the hidden layers; none is a linear gate"
        )
        epochs: int = Field(
            30, ge=1, le=10000, description="at most so many passes over the training rows"
        )
        patience: int = Field(
            3, ge=1, description="epochs without a better validation log loss before training stops"
        )
        learning_rate: float = Field(5e-3, gt=0, le=10, description="of Adam")
        batch_size: int = Field(1024, ge=1, description="rows a step")
        support_dropout: float = Field(
            0.1,
            ge=0,
            le=1,
            description="share of training users who are shown without support, anew in each epoch",
        )

    params: Params
    history: History
    details: dict[str, int]

    def fit(self, train: Tasks, valid: Tasks, context: Context) -> None:
        self._statistics = SupportStatistics.fit(train)
        base_logits = train.query_base_logits.astype(np.float64)
        self._centre, self._scale = base_logits.mean(axis=0), base_logits.std(axis=0) + 1e-6
        models = len(train.models)
        generator = torch.Generator().manual_seed(context.seed)
        gate = Perceptron((2 * models + 3, *self.params.hidden, models), generator)
        examples, held_out = self._examples(train), self._examples(valid)
        adam = Adam(gate.parameters(), self.params.learning_rate)
        losses, self._gate = [_mean_loss(gate, held_out)], copy.deepcopy(gate)
        while (
            len(losses) <= self.params.epochs
            and len(losses) - 1 - _best(losses) < self.params.patience
        ):
            self._one_epoch(gate, adam, examples, generator)
            losses.append(_mean_loss(gate, held_out))
            if not math.isfinite(losses[-1]):
                break
            if _best(losses) == len(losses) - 1:
                self._gate = copy.deepcopy(gate)
        epochs = len(losses) - 1
        self.history = History(epochs, _best(losses), tuple(losses[1:]), epochs * len(train.query))
        self.details = {"candidates": len(losses)}

    def predict(self, tasks: Tasks) -> Selection:
        inputs = torch.from_numpy(self._inputs(tasks).astype(np.float32))
        with torch.no_grad():
            return Selection(weights=self._gate(inputs).double().softmax(dim=-1).numpy())

    def _one_epoch(
        self,
        gate: Perceptron,
        adam: Adam,
        examples: _Examples,
        generator: torch.Generator,
    ) -> None:
        users = int(examples.users.max()) + 1
        hidden = torch.rand(users, generator=generator) < self.params.support_dropout
        for batch in torch.split(
            torch.randperm(len(examples.labels), generator=generator), self.params.batch_size
        ):
            inputs, base_logits = examples.inputs[batch], examples.base_logits[batch]
            inputs[hidden[examples.users[batch]], base_logits.shape[1] :] = 0
            loss = mixture_cross_entropy(gate(inputs), base_logits, examples.labels[batch]).mean()
            gate.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()

    def _inputs(self, tasks: Tasks) -> np.ndarray:
        """(n, 2 K + 3): standardised base logits, statistics of the user's support, whether there is one."""
        base_logits = (tasks.query_base_logits - self._centre) / self._scale
        user = np.column_stack([self._statistics.of(tasks), has_support(tasks)])
        return np.column_stack([base_logits, user[user_of_row(tasks.query_ptr)]])

    def _examples(self, tasks: Tasks) -> _Examples:
        columns = self._inputs(tasks), tasks.query_base_logits, known_labels(tasks.query)
        inputs, base_logits, labels = (
            torch.from_numpy(column.astype(np.float32)) for column in columns
        )
        return _Examples(
            inputs, base_logits, labels, torch.from_numpy(user_of_row(tasks.query_ptr))
        )


class _Examples(NamedTuple):
    inputs: Tensor  # (n, 2 K + 3)
    base_logits: Tensor  # (n, K)
    labels: Tensor  # (n,)
    users: Tensor  # (n,) int64


def _mean_loss(gate: Perceptron, examples: _Examples) -> float:
    with torch.no_grad():
        losses = mixture_cross_entropy(gate(examples.inputs), examples.base_logits, examples.labels)
    return float(losses.double().mean())


def _best(losses: list[float]) -> int:
    """The epoch with the lowest loss, the first of a tie; 0 is before the first."""
    return int(np.nanargmin(losses))
