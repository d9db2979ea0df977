"""Random states and settings that all plugins of a process share: looked at, compared, and put back."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

import numpy as np
import torch

__all__ = ["GlobalState"]

_NAMES = {
    "torch_random": "torch's random state",
    "numpy_random": "numpy's random state",
    "python_random": "python's random state",
    "dtype": "torch's default dtype",
    "threads": "torch's threads",
}


class GlobalState(NamedTuple):
    torch_random: torch.Tensor
    numpy_random: Any
    python_random: Any
    dtype: torch.dtype
    threads: int

    @classmethod
    def now(cls) -> GlobalState:
        return cls(
            torch.random.get_rng_state(),
            np.random.get_state(),
            random.getstate(),
            torch.get_default_dtype(),
            torch.get_num_threads(),
        )

    def restore(self) -> None:
        torch.random.set_rng_state(self.torch_random)
        np.random.set_state(self.numpy_random)
        random.setstate(self.python_random)
        torch.set_default_dtype(self.dtype)
        torch.set_num_threads(self.threads)

    def differences(self, other: GlobalState) -> list[str]:
        """What changed, in words."""
        pairs = zip(self._fields, self, other, strict=True)
        return [_NAMES[field] for field, one, two in pairs if _plain(one) != _plain(two)]


def _plain(value: Any) -> Any:
    """Comparable: arrays as bytes."""
    if isinstance(value, torch.Tensor):
        return value.numpy().tobytes()
    if isinstance(value, tuple):
        return tuple(part.tobytes() if isinstance(part, np.ndarray) else part for part in value)
    return value
