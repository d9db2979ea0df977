"""What a worker of an engine does with an order, whichever engine it is: it refuses what it can't do as the host would, fills
its own cache where it has one, has a step server do the step, and answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from tarfile import TarError
from threading import Lock, Timer
from typing import Any

from bench.cache_folder import cache_dir
from bench.errors import StorageError
from bench.executors.orders import PLUGINS, Answer, Done, Input, Order
from bench.executors.step_server import StepServer
from bench.job.outcome import Outcome, of_error
from bench.job.steps import FitStep, SelectStep, parse_step, to_text
from bench.registry.used import other_code
from bench.storage.kept import KeptFolder, discard
from bench.storage.parcels import pack, unpack
from bench.storage.trouble import blamed

__all__ = ["WorkerSide", "own_cache", "reads"]

_LOG = 64 * 2**10  # bytes of a log that go back to the host
_IDLE_S = 60.0  # after which a step server ends: whoever had it may be gone


def own_cache(folder: str | None = None) -> str:
    """Where this worker keeps what it is sent."""
    return str((Path(folder) if folder else cache_dir(None) / "worker").absolute())


def reads(token: str, text: str) -> bool:
    """Whether this worker sees what the host has written there."""
    try:
        return Path(token).read_text("utf-8") == text
    except OSError:
        return False


class WorkerSide:
    """One step at a time: as many of these as steps at a time. `close` may be called by another thread."""

    def __init__(self) -> None:
        self._server: StepServer | None = None
        self._closed = False
        self._whole: set[tuple[Path, str]] = set()  # folders that were found to be so
        self._one = Lock()  # an order that was given up may go on while the next one comes
        self._idle: Timer | None = None

    def perform(
        self, order: str, parcels: Mapping[str, bytes], progress: Callable[[str], object]
    ) -> Done:
        """Raises StepServerGone where the process that does the step is lost, with its server."""
        given = Order.model_validate_json(order)
        step = parse_step(given.step, given.cache)
        with self._one:
            self._wake()
            try:
                return self._done(given, step, parcels, progress)
            except (OSError, TarError, StorageError) as error:
                trouble = _trouble(error, step.cache, given.worker)
                return _answer(outcome=of_error(trouble).model_dump_json())
            finally:
                if not self._closed:
                    self._rest()

    def close(self) -> None:
        """End the step that runs, and do no other."""
        self._closed = True
        self._wake()
        self._end_server()

    def _rest(self) -> None:
        """Nothing is asked for now."""
        self._idle = Timer(_IDLE_S, self._end_server)
        self._idle.daemon = True
        self._idle.start()

    def _wake(self) -> None:
        if self._idle is not None:
            self._idle.cancel()

    def _end_server(self) -> None:
        if self._server is not None:
            self._server.close()

    def _done(
        self,
        order: Order,
        step: FitStep | SelectStep,
        parcels: Mapping[str, bytes],
        progress: Callable[[str], object],
    ) -> Done:
        lacking = [one.name for one in order.inputs if not self._brought(one, step.cache, parcels)]
        if lacking:
            return _answer(lacking=tuple(lacking))
        step = _at_home(step, order)
        if other := other_code(step.plugins, step.plugin_paths):
            return _answer(refused=f"{other} is not what this run has: install the same there")
        outcome = self._serving().perform(to_text(step), progress)
        if order.cache is None:
            return _answer(outcome=outcome)
        ok = Outcome.model_validate_json(outcome).ok
        parcel = pack(sorted(step.folder.iterdir())) if ok else b""
        return _answer(parcel, outcome=outcome, log=_log(step.folder))

    def _brought(self, needed: Input, cache: Path, parcels: Mapping[str, bytes]) -> bool:
        """Whether it lies in the cache, put there where its parcel was brought."""
        folder = cache / needed.name
        if self._holds(folder, needed):
            return True
        if needed.name not in parcels:
            return False
        discard(folder)
        unpack(parcels[needed.name], folder)
        if not self._holds(folder, needed):
            raise StorageError(f"{folder}: is not what was sent; run again")
        return True

    def _holds(self, folder: Path, needed: Input) -> bool:
        if not needed.digest:
            return folder.exists()
        kept = KeptFolder(folder)
        if (folder, needed.digest) not in self._whole:
            if not kept.exists() or kept.damage(needed.without) or kept.digest != needed.digest:
                return False
            self._whole.add((folder, needed.digest))
        return kept.exists()

    def _serving(self) -> StepServer:
        if self._server is None or not self._server.alive:
            self._end_server()
            self._server = StepServer()
        if self._closed:  # meanwhile
            self._server.close()
        return self._server


def _answer(parcel: bytes = b"", **said: Any) -> Done:
    return Done(Answer(**said).model_dump_json(), parcel)


def _log(folder: Path) -> str:
    log = folder.with_name(f"{folder.name}.log")
    return log.read_bytes()[-_LOG:].decode("utf-8", "replace") if log.exists() else ""


def _at_home(step: FitStep | SelectStep, order: Order) -> FitStep | SelectStep:
    """The step with the places that its inputs have here."""
    places = {one.path: step.cache / one.name / one.path.name for one in order.inputs}
    plugins = [one for one in order.inputs if one.name.startswith(f"{PLUGINS}/")]
    paths = tuple(places[one.path] for one in plugins)
    changes: dict[str, Any] = {"plugin_paths": paths, "worker": order.worker}
    if isinstance(step, FitStep):
        files = step.files.items()
        changes["files"] = {n: f._replace(path=places.get(f.path, f.path)) for n, f in files}
    return step.model_copy(update=changes)


def _trouble(error: Exception, cache: Path, worker: str) -> StorageError:
    """Of the cache, whatever it is; which worker's is said first."""
    found = blamed(error, cache)
    what = found if isinstance(found, StorageError) else f"cache {cache}: {error}"
    return StorageError(f"worker {worker}: {what}")
