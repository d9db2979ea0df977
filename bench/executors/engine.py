"""An executor over an engine that people run already: where each step goes, what goes with it, and what becomes of it. What is
an engine's own, how a call reaches one of its workers, is in four methods of a subclass."""

from __future__ import annotations

import math
import time
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, ClassVar, Literal, NamedTuple
from uuid import uuid4

from pydantic import Field

from bench.errors import ExecutorError
from bench.executors.at_worker import own_cache, reads
from bench.executors.orders import Answer, Done, Facts, Order, facts, facts_as_json, inputs_of
from bench.interfaces import Executor, PluginParams, StepEvent
from bench.job.outcome import Outcome
from bench.job.steps import FitStep, SelectStep, parse_step, to_text
from bench.storage.kept import KeptFolder, discard
from bench.storage.parcels import unpack
from bench.storage.trouble import writing

__all__ = ["EngineExecutor", "EngineParams", "Slot", "WorkerGone"]

_LOOK_S = 1.0  # between two looks at which workers are there
_SEEN_WITHIN_S = 30.0  # a network's disk shows what another machine wrote
_MOST_SENT = 3  # times that inputs are sent for one try of a step
_NO_WORKERS_S = 60.0


class EngineParams(PluginParams):
    """What all engines have."""

    disk: Literal["shared", "own"] = Field(
        "shared",
        description="shared: workers see the host's cache, under the same path. own: each has a cache of its own, and what a "
        "step reads is sent there",
    )
    worker_cache: str | None = Field(
        None, description="with disk=own, where a worker keeps its cache [its user's cache folder]"
    )


class WorkerGone(Exception):  # noqa: N818 - an end, and no error of who asks
    """One worker does not answer, and others may."""


class Slot(NamedTuple):
    """Where one step at a time may run: the worker's name in its engine, and which of that worker's places it is."""

    worker: str
    place: int = 0


class _Running(NamedTuple):
    number: int  # of the handing over: what is told of an earlier one is not of this
    step: FitStep | SelectStep
    sent: int  # how often inputs went with it


class _Worker(NamedTuple):
    facts: Facts
    cache: Path | None
    holds: set[str]  # names of inputs that it was seen to have


class EngineExecutor(Executor):
    """Steps go to free slots, one to each, and to no queue of the engine's: a step that a worker takes along when it is lost
    is submitted again by the harness, with the reason. What counts is the commit of a step's folder; done twice is harmless.

    A worker whose Python, packages or code are not the host's is refused by name, and so is one that does not see the cache
    where it should. Labels that are withheld never leave the host."""

    keeps_limits: ClassVar[bool] = True
    counts_workers: ClassVar[bool] = True
    Params: ClassVar[type[PluginParams]] = EngineParams

    def __init__(self, params: Any, workers: int = 1) -> None:
        super().__init__(params, workers)
        self._counts = workers == 0
        self._waiting: deque[str] = deque()
        self._running: dict[Slot, _Running] = {}
        self._workers: dict[str, _Worker] = {}  # those that were greeted
        self._told: SimpleQueue[tuple[int, str, Any]] = SimpleQueue()
        self._numbers = count()
        self._looked, self._had_workers = -math.inf, time.monotonic()
        self._slots: list[Slot] = []

    # -- what is the engine's

    @abstractmethod
    def _find_slots(self, threads: int) -> list[Slot]:
        """Those that there are now, for steps of so many threads, taken ones too. Raises ExecutorError where the engine is
        lost."""

    @abstractmethod
    def _ask(self, worker: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function of the harness there, at once, whatever runs. Raises ExecutorError, WorkerGone."""

    @abstractmethod
    def _begin(self, number: int, slot: Slot, order: str, parcels: Mapping[str, bytes]) -> None:
        """Have WorkerSide.perform called there. What it says is told by `_progress` and `_done`, its loss by `_lost`, under
        this number, by any thread. Raises ExecutorError, WorkerGone."""

    def _forget(self, number: int) -> None:
        """Nothing more is asked of what was begun: it has ended, or its worker is gone."""

    @abstractmethod
    def _shut(self) -> None:
        """End this run's processes at the workers, with what runs in them, and let go of the engine."""

    # -- what it tells

    def _progress(self, number: int, text: str) -> None:
        self._told.put((number, "progress", text))

    def _done(self, number: int, done: Done) -> None:
        self._told.put((number, "done", done))

    def _lost(self, number: int, reason: str) -> None:
        self._told.put((number, "lost", reason))

    # -- the contract

    def submit(self, step: str) -> None:
        self._waiting.append(step)

    def events(self) -> Iterator[StepEvent]:
        while self._waiting or self._running:
            yield from self._place()
            yield from self._heard()
            yield from self._lost_meanwhile()

    def close(self, *, kill: bool = False) -> None:
        self._waiting.clear()
        try:
            if not kill:
                for _ in self.events():
                    pass
        finally:
            self._shut()

    def _place(self) -> Iterator[StepEvent]:
        """Begin what waits, as far as there is room."""
        while self._waiting:
            step = parse_step(self._waiting[0])
            free = self._free(step.resources.threads)
            if free is None:
                return
            self._waiting.popleft()
            gone = self._send(free, step)
            yield StepEvent(step.id, "started", "")
            yield from gone

    def _free(self, threads: int) -> Slot | None:
        if time.monotonic() - self._looked > _LOOK_S:
            self._look(threads)
        return next((slot for slot in self._slots if slot not in self._running), None)

    def _look(self, threads: int) -> None:
        self._looked = time.monotonic()
        self._slots = self._find_slots(threads)
        if self._counts:
            self.workers = max(1, len(self._slots))
        if self._slots:
            self._had_workers = self._looked
        elif self._looked - self._had_workers > _NO_WORKERS_S and not self._running:
            raise ExecutorError(
                f"executor {self.name!r}: no worker for {_NO_WORKERS_S:.0f} s; start one, and run again: what is done is kept"
            )

    def _send(self, slot: Slot, step: FitStep | SelectStep, sent: int = 0) -> list[StepEvent]:
        """Hand a step over; what is to be told where its worker is not there. `sent`: how often its inputs went before."""
        running = self._running[slot] = _Running(next(self._numbers), step, sent + 1)
        try:
            self._hand_over(slot, running)
        except WorkerGone as gone:
            return [self._gone(slot, f"does not answer: {gone}")]
        return []

    def _hand_over(self, slot: Slot, running: _Running) -> None:
        """With those inputs that the worker was not seen to have."""
        step = running.step
        worker = self._workers.get(slot.worker) or self._greet(slot.worker, step.cache)
        inputs = tuple(inputs_of(step, own_disk=worker.cache is not None))
        order = Order(
            step=to_text(step), worker=worker.facts.host, cache=worker.cache, inputs=inputs
        )
        with writing(step.cache):
            parcels = {one.name: one.packed() for one in inputs if one.name not in worker.holds}
        worker.holds.update(parcels)
        self._begin(running.number, slot, order.model_dump_json(), parcels)

    # -- who works

    def _greet(self, name: str, cache: Path) -> _Worker:
        """A worker's first step is to come. Raises ExecutorError where it is not to have one, WorkerGone."""
        found = Facts.model_validate_json(self._ask(name, facts_as_json))
        if how := facts().unlike(found):
            raise ExecutorError(f"executor {self.name!r}: worker {name} on {found.host} {how}")
        own = None
        if self.params.disk == "own":
            own = Path(self._ask(name, own_cache, self.params.worker_cache))
        elif not self._sees(name, cache):
            raise ExecutorError(
                f"executor {self.name!r}: worker {name} on {found.host} does not see the cache {cache}: mount it there under "
                "that path, choose one that is with --cache-dir, or have inputs sent: --executor-set disk=own"
            )
        self._workers[name] = _Worker(found, own, set())
        return self._workers[name]

    def _sees(self, name: str, cache: Path) -> bool:
        text = uuid4().hex
        token = cache / "work" / f"token-{text}"
        with writing(cache):
            token.parent.mkdir(parents=True, exist_ok=True)
            token.write_text(text, "utf-8")
        try:
            return bool(self._ask(name, reads, str(token), text))
        finally:
            token.unlink(missing_ok=True)

    def _lost_meanwhile(self) -> Iterator[StepEvent]:
        """Steps whose worker is not there any more, whatever the engine says of them."""
        if not self._running or time.monotonic() - self._looked <= _LOOK_S:
            return
        self._look(next(iter(self._running.values())).step.resources.threads)
        for slot in self._running.keys() - {*self._slots}:
            yield self._gone(slot, "is not there any more")

    def _gone(self, slot: Slot, reason: str) -> StepEvent:
        number, step, _ = self._running.pop(slot)
        self._forget(number)
        self._slots = [one for one in self._slots if one.worker != slot.worker]
        worker = self._workers.pop(slot.worker, None)
        where = "" if worker is None else f" on {worker.facts.host}"
        return StepEvent(step.id, "gone", f"worker {slot.worker}{where} {reason}")

    # -- what comes back

    def _heard(self) -> Iterator[StepEvent]:
        """What was told: waited for, not for long."""
        with suppress(Empty):
            told = [self._told.get(timeout=_LOOK_S)]
            while True:
                yield from self._of(*told.pop())
                told.append(self._told.get_nowait())

    def _of(self, number: int, kind: str, what: Any) -> Iterator[StepEvent]:
        found = [one for one in self._running.items() if one[1].number == number]
        if not found:
            return  # of a step that was given up
        ((slot, running),) = found
        if kind == "lost":
            yield self._gone(slot, what)
        elif kind == "progress":
            yield StepEvent(running.step.id, "progress", what)
        else:
            yield from self._answered(slot, running, Done(*what))

    def _answered(self, slot: Slot, running: _Running, done: Done) -> Iterator[StepEvent]:
        answer, step = Answer.model_validate_json(done.answer), running.step
        where = f"executor {self.name!r}: worker {slot.worker}"
        if answer.refused:
            raise ExecutorError(f"{where}: {answer.refused}")
        if answer.lacking:
            if running.sent >= _MOST_SENT:
                raise ExecutorError(f"{where} goes on losing what it is sent; is its disk full?")
            self._workers[slot.worker].holds.difference_update(answer.lacking)
            yield from self._send(slot, step, running.sent)
            return
        del self._running[slot]
        self._forget(running.number)
        if Outcome.model_validate_json(answer.outcome).ok:
            self._bring_home(step, done.parcel, where)
        elif answer.log:
            _log_of(step).write_text(answer.log, "utf-8")
        yield StepEvent(step.id, "ended", answer.outcome)

    def _bring_home(self, step: FitStep | SelectStep, parcel: bytes, where: str) -> None:
        """Have what a step left in the host's cache."""
        kept = KeptFolder(step.folder)
        if parcel and (not kept.exists() or kept.damage()):
            with writing(step.cache):
                discard(step.folder)
                unpack(parcel, step.folder)
        until = time.monotonic() + _SEEN_WITHIN_S
        while not KeptFolder(step.folder).looks_whole():
            if time.monotonic() > until:
                raise ExecutorError(
                    f"{where} says that it has left {step.folder}, which is not seen here; is the cache one disk for both? "
                    "Else have inputs sent: --executor-set disk=own"
                )
            time.sleep(_LOOK_S / 10)


def _log_of(step: FitStep | SelectStep) -> Path:
    return step.folder.with_name(f"{step.folder.name}.log")
