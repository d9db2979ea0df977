"""Whom a sentence about the least or the most is of: all that tie there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

__all__ = ["all_highest", "all_lowest"]

T = TypeVar("T")


def all_lowest(items: Iterable[T], key: Callable[[T], float]) -> Sequence[T]:
    """Of one item at least, in their order."""
    every = list(items)
    least = min(map(key, every))
    return [one for one in every if key(one) == least]


def all_highest(items: Iterable[T], key: Callable[[T], float]) -> Sequence[T]:
    return all_lowest(items, lambda one: -key(one))
