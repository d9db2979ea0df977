"""Base classes of differentiable plugins: nn.Modules of which the author writes build, tables and forward.

The interface, and what the harness does around it, is bench.interfaces.Differentiable."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor, nn

import bench.interfaces as interfaces
from bench.interfaces import Fields, Lookup
from bench.interfaces.models import CompiledForm

__all__ = ["CompiledForm", "DifferentiableModel", "DifferentiableSelector"]


class DifferentiableModel(nn.Module, interfaces.DifferentiableModel):
    """A base model as tables and a pure function of one example; full MetaSelector can adapt it.

    `compiled_form`: this very function is known to the harness, which then trains it by its compiled kernels. Tables are
    'linear' (width 1) and 'factors'. The deep form has its tower as `deep`: an nn.Sequential of Linear and ReLU, as often as
    you like, after any ReLU a Dropout or none, then a Linear to one output without bias. A subclass with a forward of its
    own is trained as any other. PluginError for a form that there is not, or a model that is built otherwise."""

    compiled_form: ClassVar[CompiledForm | None] = None

    def __init__(self, params: Any) -> None:
        nn.Module.__init__(self)
        self.params = params

    @abstractmethod
    def build(self, fields: Fields) -> None: ...
    @abstractmethod
    def tables(self) -> Mapping[str, int]: ...
    @abstractmethod
    def forward(self, rows: Lookup) -> Tensor: ...


class DifferentiableSelector(nn.Module, interfaces.DifferentiableSelector):
    """A selector as tables and a pure function of one example: gating when trained row by row, else meta-learned."""

    def __init__(self, params: Any) -> None:
        nn.Module.__init__(self)
        self.params = params

    @abstractmethod
    def build(self, fields: Fields, models: tuple[str, ...]) -> None: ...
    @abstractmethod
    def tables(self) -> Mapping[str, int]: ...
    @abstractmethod
    def forward(self, rows: Lookup) -> Tensor: ...
