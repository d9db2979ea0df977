"""`gate:` of a suite: by how much a figure may be worse before a gate stops the change."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "DEFAULT_QUALITY",
    "RELATIVE_QUALITY",
    "Aspect",
    "GateException",
    "GateMargins",
    "matches",
]

Aspect = Literal["quality", "throughput", "memory"]
Margin = Annotated[float, Field(ge=0, allow_inf_nan=False)]

# Of metrics whose scale is known. In click-through rates differences of .001 in AUC and log loss count (Song et al., AutoInt,
# CIKM 2019); AUC moves about twice as much as log loss from one training to the next.
DEFAULT_QUALITY: Mapping[str, float] = {"auc": 2e-3, "gauc": 2e-3, "logloss": 1e-3}
RELATIVE_QUALITY = 0.01  # of the base's figure, where nothing is known of a metric's scale


class _Margins(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    quality: Mapping[str, Margin] = Field({}, description="by metric, in the metric's own unit")


class GateException(_Margins):
    """Other margins for some figures. Names are as the suite has them; * stands for any characters, ? for one."""

    dataset: str = "*"
    protocol: str = "*"
    method: str = "*"
    throughput: Margin | None = Field(None, description="share by which it may be slower")
    memory: Margin | None = Field(None, description="share by which it may be larger")

    def is_about(self, dataset: str, protocol: str, method: str) -> bool:
        """Whether its three names match."""
        return (
            matches(self.dataset, dataset)
            and matches(self.protocol, protocol)
            and matches(self.method, method)
        )


class GateMargins(_Margins):
    """What `bench gate` allows. Where several exceptions are about a figure, the last one that has a margin of it counts."""

    throughput: Margin = Field(0.10, description="share by which it may be slower")
    memory: Margin = Field(0.05, description="share by which it may be larger")
    exceptions: tuple[GateException, ...] = Field((), strict=False)  # a manifest has a list

    def margin(
        self, aspect: Aspect, measure: str, dataset: str, protocol: str, method: str
    ) -> float | None:
        """Of quality in the metric's own unit, of throughput and memory a share of the base. `measure` is a metric's name,
        and counts for quality alone. None: a metric of which neither the suite nor DEFAULT_QUALITY says anything; it may be
        worse by RELATIVE_QUALITY of the base's figure."""
        for one in reversed(self.exceptions):
            own = _own(one, aspect, measure)
            if own is not None and one.is_about(dataset, protocol, method):
                return own
        own = _own(self, aspect, measure)
        return DEFAULT_QUALITY.get(measure) if own is None else own


def matches(pattern: str, name: str) -> bool:
    """Brackets are themselves, since names have them: `fm [wide]`."""
    return fnmatchcase(name, pattern.replace("[", "[[]"))


def _own(margins: GateMargins | GateException, aspect: Aspect, measure: str) -> float | None:
    if aspect == "quality":
        return margins.quality.get(measure)
    return margins.throughput if aspect == "throughput" else margins.memory
