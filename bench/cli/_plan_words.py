"""What is said of a plan: by the last line of `bench plan`, and as a run goes. Words for times and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.run.preview import Preview

__all__ = [
    "duration",
    "many",
    "planned_in_words",
    "steps_in_words",
    "time_left",
    "trials_in_words",
]


def trials_in_words(found: Preview) -> str:
    """How many there are, recorded and to run."""
    states = [planned.state for planned in found.trials]
    counts = {state: states.count(state) for state in ("recorded", "to run", "unavailable")}
    said = [
        f"{number} {state}" for state, number in counts.items() if number or state != "unavailable"
    ]
    return f"{many(len(states), 'trial')}: {', '.join(said)}"


def steps_in_words(found: Preview) -> str:
    """Counts, and how long what is left takes."""
    left = sum(step.to_run for step in found.steps)
    cached = sum(step.cached for step in found.steps)
    said = [f"{cached} cached", f"{left} to run"]
    if unneeded := len(found.steps) - cached - left:
        said.append(f"{unneeded} not needed any more")
    steps = f"{many(len(found.steps), 'step')}: {', '.join(said)}"
    if not any(planned.state != "recorded" for planned in found.trials):
        return f"{steps}; nothing is left to run"
    return f"{steps}, {_duration(found, left)}" if left else steps


def _duration(found: Preview, left: int) -> str:
    if found.never_timed == left:
        return "how long is unknown: no step like them was timed yet"
    about = f"{'~' if found.rough else 'about '}{duration(found.seconds)}"
    time = f"{about} with {many(found.workers, 'worker')}"
    time += ", judging by other data or settings" if found.rough else ""
    return f"{time}, and {found.never_timed} never timed" if found.never_timed else time


def planned_in_words(steps: int, trials: int, reused: int) -> str:
    """What a run is about to do. `trials`: those that are not recorded yet."""
    whole = many(trials + reused, "trial")
    if not trials:
        return f"{whole}: recorded already; nothing is left to run"
    before = f"{reused} recorded already, " if reused else ""
    if not steps:
        return f"{whole}: {before}{trials} to score; all steps are in the cache"
    return f"{whole}: {before}{trials} to run, in {many(steps, 'step')}"


def time_left(seconds: float, *, rough: bool, unknown: int) -> str:
    """`about 3 min left`; `~` where other data or settings alone tell it; nothing where nothing is left."""
    about = [f"{'~' if rough else 'about '}{duration(seconds)} left"] if seconds else []
    rest = [f"{many(unknown, 'step')} never timed"] if unknown else []
    return " and ".join(about + rest)


def duration(seconds: float) -> str:
    """As exact as an estimate is."""
    if seconds < 1:
        return "1 s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def many(number: int, what: str) -> str:
    """`1 step`, `2 steps`."""
    return f"{number} {what}{'s' * (number != 1)}"
