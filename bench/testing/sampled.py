"""What the checks need of a plugin of any kind: everything that it does in a run, done once, and what it was handed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.interfaces import Plugin, PluginParams

__all__ = ["Arrays", "Sampled", "apart", "joined"]

Arrays = Mapping[str, np.ndarray]  # by what they are, for people


@dataclass(frozen=True)
class Sampled(ABC):
    """A plugin class with the settings to test it under, and a folder for what it writes."""

    plugin: type[Plugin]
    params: PluginParams
    scratch: Path

    @abstractmethod
    def sample(self) -> np.ndarray:
        """What a new one gives, under one seed: an array of one axis or more."""

    @abstractmethod
    def handed(self) -> Arrays:
        """What `exercise` hands it, as it is now; a copy."""

    @abstractmethod
    def exercise(self) -> None:
        """Hand it what `handed` tells of."""


def apart(one: np.ndarray, other: np.ndarray) -> str:
    """In words, how far apart two samples are; "" where they are the same bytes."""
    if one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes():
        return ""
    if one.shape != other.shape or one.dtype.kind != "f":
        return "something else"
    return f"values up to {np.nanmax(np.abs(one.astype(float) - other.astype(float))):.3g} apart"


def joined(arrays: list[np.ndarray]) -> np.ndarray:
    """End to end, as float64."""
    return np.concatenate([np.asarray(array, dtype=np.float64).ravel() for array in arrays])
