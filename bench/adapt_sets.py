"""`adapt:` of a meta-learner: which leaves its entries name. A leaf is 'NETWORK/LEAF', as in bench.interfaces.Learnable."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["BASE_MODELS", "SELECTOR", "adapts_base_models", "named"]

SELECTOR, BASE_MODELS = "selector", "base_models"


def named(entry: str, leaves: Iterable[str]) -> list[str]:
    """The leaves that an entry names: `selector`, `base_models`, a base model, or a part of one of them.

    A part is `deepfm/factors`, a table or a parameter, or `deepfm/deep`, a module with all that is in it."""
    return [leaf for leaf in leaves if _names(entry, *leaf.rpartition("/")[::2])]


def adapts_base_models(entries: Iterable[str]) -> bool:
    """Whether some entry names more than the selector."""
    return any(entry != SELECTOR and not entry.startswith(f"{SELECTOR}/") for entry in entries)


def _names(entry: str, network: str, leaf: str) -> bool:
    if entry == BASE_MODELS:
        return network != SELECTOR
    of, _, part = entry.rpartition("/")
    return entry == network or (of == network and f"{leaf}.".startswith(f"{part}."))
