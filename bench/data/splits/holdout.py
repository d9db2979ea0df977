"""What user-holdout and given share: whether base models know the users that are tested."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bench.interfaces import PluginParams, SplitProtocol

__all__ = ["HoldoutParams", "HoldoutProtocol"]


class HoldoutParams(PluginParams):
    setting: Literal["warm", "cold"] = Field(
        "cold",
        description="warm: base models see every user's support; cold: they see training users alone",
    )
    id_dropout: float = Field(
        0.3,
        ge=0,
        lt=1,
        description="cold: chance that a base model's training row hides its user's id",
    )


class HoldoutProtocol(SplitProtocol):
    """A user has one role: to train, to validate or to be tested."""

    kind = "user-holdout"
    Params = HoldoutParams
    params: HoldoutParams

    @property
    def setting(self) -> Literal["warm", "cold"]:
        return self.params.setting

    @property
    def id_dropout(self) -> float:
        return self.params.id_dropout if self.params.setting == "cold" else 0.0
