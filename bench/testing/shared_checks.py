"""The checks that a plugin of any kind has to pass. Each returns where the plugin passes, else raises Failed."""

from __future__ import annotations

from bench.registry.global_state import GlobalState, kept
from bench.testing.left_behind import Standing
from bench.testing.sampled import Sampled, apart
from bench.testing.verdicts import Failed

__all__ = ["determinism", "global_state", "inputs_unchanged", "nothing_left"]

_COPY = "copy an array before you write into it (np.array(x), x.copy()); others read it after you"


def determinism(subject: Sampled) -> None:
    if difference := apart(subject.sample(), subject.sample()):
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
    with kept():  # what libraries set when they are first imported is not the plugin's doing
        subject.sample()
    before = GlobalState()
    subject.sample()
    if changed := before.changes():
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
