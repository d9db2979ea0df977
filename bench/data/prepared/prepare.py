"""A dataset, prepared: found in the cache, or read from the first source that can serve it, encoded and kept."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from bench.data.encoding.encode import encode
from bench.data.prepared import store
from bench.data.prepared.asked import ask_sources, ask_tables
from bench.data.prepared.cache import Report, file_digest, locked, slug, sweep_cache
from bench.data.prepared.download import archive_name, extract, fetch
from bench.data.prepared.locate import find, is_local, location, roots
from bench.data.tables.room import OnDisk
from bench.data.views.interactions import Interactions
from bench.errors import DataError, DownloadError
from bench.interfaces import Dataset, Source
from bench.registry.local import loaded_digest
from bench.registry.sources import digest, plugin_digest, plugin_sources
from bench.storage.file_state import FileState, file_state
from bench.storage.temporary import temporary_folder
from bench.storage.trouble import writing

__all__ = ["Status", "prepare", "status"]


def prepare(
    dataset: Dataset,
    *,
    data_dir: Path | None,
    cache: Path,
    base: Path | None = None,
    report: Report = lambda _: None,
) -> Interactions:
    """The dataset's interactions, from `cache` if they are there and intact.

    Sources are tried in order. Local files are looked for below `base` (the suite's folder), then below `data_dir` (else
    the environment's BENCH_DATA). `report` gets a line on which source served. DataError: a file that can't be read as
    asked, or that is changed while it is read; DownloadError: no source could serve; StorageError: the cache can't be
    written."""
    place = _Place(dataset, roots(base, data_dir), cache, report)
    origin, failures = place.ready()
    if origin and store.is_intact(place.folder(origin)):
        report(f"{dataset.name}: already prepared, from {location(origin.source)}")
        return place.open(place.folder(origin))
    with locked(cache, dataset.name, report):
        return place.make(origin) if origin else place.download(failures)


class Status(NamedTuple):
    """Where a dataset stands, nothing fetched or prepared."""

    source: Source | None  # that serves without a download
    prepared: bool
    downloadable: bool


def status(
    dataset: Dataset, *, data_dir: Path | None, cache: Path, base: Path | None = None
) -> Status:
    """As `prepare` would find it."""
    place = _Place(dataset, roots(base, data_dir), cache, lambda _: None)
    origin, _ = place.ready()
    prepared = origin is not None and store.is_intact(place.folder(origin))
    downloadable = any(not is_local(source) for source in ask_sources(dataset))
    return Status(origin.source if origin else None, prepared, downloadable)


@dataclass(frozen=True)
class _Origin:
    """A source and what identifies its content: the sha256 of each file, or of the archive that is or would be downloaded."""

    source: Source
    sha256: Mapping[str, str]
    files: Mapping[str, _File] | None  # None: to be downloaded


class _File(NamedTuple):
    """A file as it was before its digest was taken."""

    path: Path
    state: FileState | None

    def is_still(self, sha256: str) -> bool:
        return file_state(self.path) == self.state and file_digest(self.path) == sha256


@dataclass(frozen=True)
class _Place:
    dataset: Dataset
    roots: Sequence[Path]
    cache: Path
    report: Report

    @cached_property
    def _code(self) -> list[str]:
        return _code_digests(type(self.dataset), _imported_digest)

    def ready(self) -> tuple[_Origin | None, list[str]]:
        """The first source that serves without a download, files at hand or prepared before; and why others don't."""
        failures = []
        for source in ask_sources(self.dataset):
            if not is_local(source):
                remote = _remote(source)
                if store.is_intact(self.folder(remote)):
                    return remote, []
                continue
            found = find(source, self.roots)
            if not isinstance(found, str):
                files = {name: _File(path, file_state(path)) for name, path in found.items()}
                sha256 = {name: file_digest(path) for name, path in found.items()}
                return _Origin(source, sha256, files), []
            failures.append(found)
        return None, failures

    def download(self, failures: list[str]) -> Interactions:
        """From the first URL that serves."""
        remote = [source for source in ask_sources(self.dataset) if not is_local(source)]
        for source, other in zip_longest(remote, remote[1:]):
            try:
                return self.make(_remote(source))
            except DownloadError as error:
                instead = "" if other is None else f"; taking {location(other)} instead"
                self.report(f"{self.dataset.name}: {source.name}: {error}{instead}")
                failures.append(f"{source.name}: {error}")
        # in words, of a dataset that can't be downloaded
        where = getattr(self.dataset, "where", "")
        reasons = [*dict.fromkeys(failures), *filter(None, [where])]
        fix = "put the files there, or give their folder as --data-dir DIR or BENCH_DATA"
        raise DownloadError(f"{self.dataset.name}: {'; '.join(reasons)}; {fix}")

    def make(self, origin: _Origin) -> Interactions:
        """Prepare unless another process just did. The lock is held."""
        folder = self.folder(origin)
        sweep_cache(self.cache)
        if not store.is_intact(folder):
            with writing(self.cache):
                if aside := store.set_aside(folder):
                    self.report(
                        f"{self.dataset.name}: the cache was damaged; kept as {aside}, and prepared again"
                    )
            self._write(origin, folder)
            self.report(f"{self.dataset.name}: prepared from {location(origin.source)}")
        return self.open(folder)

    def open(self, folder: Path) -> Interactions:
        interactions = Interactions.open(folder)
        for warning in interactions.meta["warnings"]:
            self.report(f"{self.dataset.name}: warning: {warning}")
        return interactions

    def _write(self, origin: _Origin, folder: Path) -> None:
        about = {
            "name": self.dataset.name,
            "source": {"name": _name(origin), "sha256": dict(origin.sha256)},
        }
        with self._work() as work:
            with self._files(origin) as files, self._blaming_change(origin):
                tables = ask_tables(self.dataset, origin.source.name, files)
                with writing(self.cache):
                    encoded = encode(tables, OnDisk(work))
            self._check_unchanged(origin)
            with writing(self.cache):
                store.write(folder, encoded, about)

    @contextmanager
    def _work(self) -> Iterator[Path]:
        """A folder for as long as it is needed."""
        with ExitStack() as stack:
            with writing(self.cache):
                folder = temporary_folder(self.cache / "work" / slug(self.dataset.name))
                work = stack.enter_context(folder)
            yield work

    @contextmanager
    def _blaming_change(self, origin: _Origin) -> Iterator[None]:
        """What is wrong with data that change while they are read is that."""
        try:
            yield
        except DataError:
            self._check_unchanged(origin)
            raise

    def _check_unchanged(self, origin: _Origin) -> None:
        """What was read has to be what is said of it: files, and the code that reads."""
        for name, file in (origin.files or {}).items():
            if not file.is_still(origin.sha256[name]):
                raise DataError("was changed while it was read; run again", file=name)
        if self._code != _code_digests(type(self.dataset), plugin_digest):
            raise DataError(
                f"dataset {self.dataset.name!r}: its code was changed while it read; run again"
            )

    @contextmanager
    def _files(self, origin: _Origin) -> Iterator[Mapping[str, Path]]:
        """Those at hand, or unpacked from a download for as long as they are read."""
        if origin.files is not None:
            yield {name: file.path for name, file in origin.files.items()}
            return
        with self._work() as unpacked:
            with writing(self.cache):
                archive = fetch(origin.source, self.cache / "downloads")
                files = extract(archive, origin.source.members, unpacked)
            yield files

    def folder(self, origin: _Origin) -> Path:
        """Named by all that the prepared table depends on."""
        depends = {
            "format": store.FORMAT,
            "dataset": self.dataset.name,
            "params": self.dataset.params.model_dump(mode="json"),
            "source": origin.source.name,
            "sha256": origin.sha256,
            "code": self._code,
        }
        key = hashlib.sha256(
            json.dumps(depends, sort_keys=True, allow_nan=False).encode()
        ).hexdigest()
        return self.cache / "data" / f"{slug(self.dataset.name)}-{key[:24]}"


def _remote(source: Source) -> _Origin:
    return _Origin(source, {archive_name(source): source.sha256}, None)


def _name(origin: _Origin) -> str:
    return origin.source.name or next(iter(origin.sha256), "generated")


def _code_digests(plugin: type[Any], of_module: Callable[[str], str]) -> list[str]:
    """Of the code that turns files into arrays: reading, encoding and storing, and that of the plugin and its base classes
    (`of_module`), with what they import."""
    data = Path(__file__).parent.parent
    own = [
        file for room in ("tables", "encoding", "prepared") for file in (data / room).glob("*.py")
    ]
    strangers = {
        base.__module__: Path(inspect.getfile(base))
        for base in plugin.__mro__
        if base.__module__.partition(".")[0] not in ("bench", "abc", "builtins")
    }
    theirs = {
        of_module(module) if _is_found(module, file) else digest([file])
        for module, file in strangers.items()
    }
    return sorted([*map(file_digest, own), *theirs])


def _is_found(module: str, file: Path) -> bool:
    """Whether a module is where its name leads to: one of a script, or made by hand, is not."""
    return file.resolve() in {path.resolve() for path in plugin_sources(module)}


def _imported_digest(module: str) -> str:
    """Of the code that was imported, where that is known."""
    return loaded_digest(module) or plugin_digest(module)
