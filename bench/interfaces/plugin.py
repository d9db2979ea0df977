"""What every plugin is: a class with a name, a docstring and settings."""

from __future__ import annotations

from abc import ABC
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

__all__ = ["Plugin", "PluginParams"]


class PluginParams(BaseModel):
    """A plugin's settings: strict, frozen; every field has a range and a description, and a default unless it has none by
    nature (a table's path). Lists are tuples, so that settings are hashable; the suite validates in pydantic's JSON mode,
    in which strict models still take a YAML list for a tuple."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Plugin(ABC):
    """Base of every class that a hook names. The harness makes each as `cls(params)`; the author reads `self.params`.

    `citation`: what a paper that uses it has to cite, as BibTeX entries, one or several; "" where there is nothing. A subclass
    has its base's. `bench report --bibtex` makes a bibliography of it."""

    name: ClassVar[str]
    citation: ClassVar[str] = ""
    Params: ClassVar[type[PluginParams]] = PluginParams

    def __init__(self, params: Any) -> None:  # Any: each class narrows it to its own Params
        self.params = params
