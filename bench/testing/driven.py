"""An executor, driven as a run does it: what it tells is held against the contract, and what is gone is handed over again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from threading import Thread
from typing import Any

from bench.executors.step_ends import TRIES
from bench.interfaces import Executor, StepEvent
from bench.job.outcome import Outcome
from bench.job.steps import FitStep, to_text
from bench.testing.verdicts import Failed

__all__ = ["Driven", "beside"]

_ORDER = "of every step tell that it started, progress, and then ended or gone, once: see Executor.events"
_AT_ONCE = 2  # steps handed over before the first event


class Driven:
    """`ended`: what each step came to, by its id; `gone`: how often its worker was lost."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self.ended: dict[str, Outcome] = {}
        self.gone: Counter[str] = Counter()
        self._steps: dict[str, FitStep] = {}
        self._started: set[str] = set()

    def submit(self, step: FitStep) -> None:
        self._steps[step.id] = step
        self.executor.submit(to_text(step))

    def run(self, steps: Iterable[FitStep]) -> dict[str, Outcome]:
        """Two at first, and another as each ends. What all came to."""
        waiting = list(steps)
        while waiting or self._steps.keys() - self.ended.keys():
            for step in waiting[:_AT_ONCE]:
                self.submit(step)
            waiting = waiting[_AT_ONCE:]
            for event in self.executor.events():
                self.heed(event)
                if event.kind == "ended" and waiting:
                    self.submit(waiting.pop(0))
            if left := self._steps.keys() - self.ended.keys():
                raise Failed(f"events() stopped before {', '.join(sorted(left))} ended", _ORDER)
        return self.ended

    def heed(self, event: StepEvent) -> None:
        step, kind = event.step, event.kind
        if step not in self._steps or step in self.ended:
            raise Failed(
                f"it tells {kind} of a step that it was not given or that has ended", _ORDER
            )
        if (step in self._started) == (kind == "started"):
            twice = "twice that a step started" if kind == "started" else f"{kind} before started"
            raise Failed(f"it tells {twice}", _ORDER)
        if kind == "started":
            self._started.add(step)
        elif kind == "ended":
            self.ended[step] = _outcome(event.detail)
        elif kind == "gone":
            self._submit_again(event)

    def _submit_again(self, event: StepEvent) -> None:
        self._started.discard(event.step)
        self.gone[event.step] += 1
        if self.gone[event.step] >= TRIES:
            raise Failed(f"a step was gone {TRIES} times: {event.detail}", "see the worker's log")
        self.submit(self._steps[event.step])


def _outcome(text: str) -> Outcome:
    try:
        return Outcome.model_validate_json(text)
    except ValueError as error:
        raise Failed(
            f"a step ended with what is no outcome: {text[:60]!r}",
            "hand on what bench.worker.perform gave",
        ) from error


class beside:  # noqa: N801 - used as a word
    """A function in a thread, while what is inside `with` goes on; what it raises is raised at the end."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._raised: list[BaseException] = []
        self._thread = Thread(target=self._call, args=(function, arguments), daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._thread.join(None if kind is None else 1)
        if self._raised:
            raise self._raised[0]

    def _call(self, function: Callable[..., Any], arguments: Sequence[Any]) -> None:
        try:
            function(*arguments)
        except BaseException as error:
            self._raised.append(error)
