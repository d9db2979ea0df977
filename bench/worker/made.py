"""What a step has made, before it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["PARAMETERS", "Made"]

PARAMETERS = "parameters.safetensors"


@dataclass(frozen=True)
class Made:
    """`arrays` by file name, logits among them; the rest is for the record, as JSON."""

    arrays: Mapping[str, np.ndarray]
    cost: Mapping[str, Any]
    details: Mapping[str, Any]
    valid_logloss: float | None = None  # of a method, on validation users' query
    # what computed, beside what every record names
    software: Mapping[str, str] = field(default_factory=dict)
    # of a base model that a meta-learner may start from
    save_parameters: Callable[[Path], None] | None = None
