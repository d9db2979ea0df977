"""The checks that a plugin of any kind has to pass. Each returns where the plugin passes, else raises Failed."""

from __future__ import annotations

import random
import sys

import numpy as np

from bench import bibtex
from bench.registry.global_state import GlobalState, kept
from bench.testing.left_behind import Standing
from bench.testing.sampled import Sampled, apart
from bench.testing.verdicts import Failed, NotApplicable

__all__ = ["citation", "determinism", "global_state", "inputs_unchanged", "nothing_left"]

_COPY = "copy an array before you write into it (np.array(x), x.copy()); others read it after you"


def citation(subject: Sampled) -> str:
    """Says the keys of its entries."""
    declared = subject.plugin.citation
    if not declared.strip():
        raise NotApplicable("it declares none")
    try:
        return ", ".join(entry.key for entry in bibtex.entries(declared))
    except ValueError as error:
        raise Failed(
            f"its citation is no BibTeX: {error}",
            "write one or several entries and nothing else, each with a key, an author, a title and a year",
        ) from error


def determinism(subject: Sampled) -> None:
    """Whatever the random states of the process are."""
    first, second = (_sample_after_seeding(subject, seed) for seed in (1, 2))
    if difference := apart(first, second):
        raise Failed(
            f"asked twice in one process, it gives {difference}",
            "draw every random number from the seed that you are handed (in build, torch's generator is seeded for you)",
        )


def inputs_unchanged(subject: Sampled) -> None:
    before = subject.handed()
    try:
        subject.exercise()
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        raise Failed(f"it writes into what it is handed: {error}", _COPY) from error
    after = subject.handed()
    changed = [what for what, array in before.items() if array.tobytes() != after[what].tobytes()]
    if changed:
        raise Failed(f"it changed {', '.join(changed)}", _COPY)


def global_state(subject: Sampled) -> None:
    """Random states may be used up (a DataLoader draws from torch's), but not set: two that differ before differ after."""
    with kept():  # what libraries set when they are first imported is not the plugin's doing
        subject.sample()
    before = GlobalState(with_random=False)
    _sample_after_seeding(subject, 1)
    first = GlobalState()
    _sample_after_seeding(subject, 2)
    seeded = [name for name in _random_states() if name not in first.changes()]
    if changed := [*before.changes(), *seeded]:
        raise Failed(
            f"its calls changed {', '.join(changed)}",
            "use generators of your own (numpy.random.default_rng(context.seed), torch.Generator) and leave settings alone",
        )


def nothing_left(subject: Sampled) -> None:
    standing = Standing()
    subject.sample()
    if left := standing.since():
        raise Failed(
            f"it left {', '.join(left)} running",
            "end what you start before you return: join threads, close pools, wait for processes; they take time from "
            "whatever is measured next",
        )


def _sample_after_seeding(subject: Sampled, seed: int) -> np.ndarray:
    random.seed(seed)
    np.random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)
    return subject.sample()


def _random_states() -> list[str]:
    """As bench.registry.global_state names them."""
    torch = ["torch's random state"] if "torch" in sys.modules else []
    return ["python's random state", "numpy's random state", *torch]
