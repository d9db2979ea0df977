"""What selection regret is measured at, and what a measurement holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

__all__ = ["QUERY_ROWS", "SUPPORT_ROWS", "Regret"]

SUPPORT_ROWS = (0, 1, 2, 5, 10, 20, 50, 100)
QUERY_ROWS = 40


class Regret(NamedTuple):
    """Of D draws of the data, U test users each and S lengths of support; natural logarithm, means over query rows."""

    support_rows: tuple[int, ...]
    # (D, S, U) expected log loss less that of the user's planted expert
    methods: Mapping[str, np.ndarray]
    planted: np.ndarray  # (D, U) expected log loss of the planted expert less the optimum
    optimum: np.ndarray  # (D, U)
