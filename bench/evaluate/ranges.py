"""What a figure of an analysis can be: an analysis that is read is checked for it."""

from typing import Annotated

from pydantic import Field

__all__ = ["Count", "Figure", "Loss", "PositiveCount", "Probability", "Share", "Size"]

Figure = Annotated[float, Field(allow_inf_nan=False)]
Loss = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Size = Annotated[float, Field(ge=0, allow_inf_nan=False)]  # of a difference, without its sign
Share = Annotated[float, Field(ge=0, le=1)]
Probability = Annotated[float, Field(gt=0, le=1)]  # of a test: no p is 0
Count = Annotated[int, Field(ge=0)]
PositiveCount = Annotated[int, Field(ge=1)]
