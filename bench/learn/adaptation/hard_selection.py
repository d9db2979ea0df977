"""Hard selection: a user's single best model instead of a mixture for each row."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["one_model_a_user"]


def one_model_a_user(weights: Tensor, users: Tensor) -> Tensor:
    """(n, K) one-hot: the model with the user's largest mean weight over these rows, the first where several have it.

    weights (n, K), 0 in rows that don't count; users (n,) int64, from 0 on."""
    totals = torch.zeros(
        int(users.max()) + 1 if len(users) else 0, weights.shape[-1], dtype=torch.float64
    )
    totals.index_add_(0, users, weights.double())
    return F.one_hot(totals.argmax(-1), weights.shape[-1])[users].to(weights.dtype)
