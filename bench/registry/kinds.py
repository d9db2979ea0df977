"""The kinds of plugins, as hooks and people name them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType

__all__ = ["KINDS", "did_you_mean"]

# kind (a hook's name without `bench_`) -> what one of them is called
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "models": "base model",
        "selectors": "selector",
        "meta_learners": "meta-learner",
        "datasets": "dataset",
        "protocols": "protocol",
        "metrics": "metric",
        "executors": "executor",
    }
)

_MOST = 20  # names in a message
_LONGEST = 100  # names beyond it are no slip of the finger, and matching is quadratic


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'deepfm'?` for the closest of the known names, `; there are: ...` where none is close."""
    known = list(known)
    if close := get_close_matches(name[:_LONGEST].lower(), known, n=1):
        return f"; did you mean {close[0]!r}?"
    more = f" and {len(known) - _MOST} more" if len(known) > _MOST else ""
    return (
        f"; there are: {', '.join(map(_plain, known[:_MOST]))}{more}"
        if known
        else "; there are none"
    )


def _plain(name: str) -> str:
    """A name from a file may hold a line end, which would forge a line of its own."""
    return name if name.isprintable() and len(name) <= _LONGEST else repr(name[:_LONGEST])
