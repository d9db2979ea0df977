"""A dataset, prepared: found in the cache, or read from the first source that can serve it, encoded and kept."""

from __future__ import annotations

import hashlib
import inspect
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from bench.data.encoding.encode import encode
from bench.data.prepared import store
from bench.data.prepared.asked import ask_sources, ask_tables
from bench.data.prepared.cache import Report, file_digest, locked, slug, sweep_cache
from bench.data.prepared.download import archive_name, extract, fetch
from bench.data.prepared.locate import find, is_local, location, roots
from bench.data.views.interactions import Interactions
from bench.errors import DownloadError
from bench.interfaces import Dataset, Source
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
    asked; DownloadError: no source could serve; StorageError: the cache can't be written."""
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
    files: Mapping[str, Path] | None  # None: to be downloaded


@dataclass(frozen=True)
class _Place:
    dataset: Dataset
    roots: Sequence[Path]
    cache: Path
    report: Report

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
                return _Origin(
                    source, {name: file_digest(path) for name, path in found.items()}, found
                ), []
            failures.append(found)
        return None, failures

    def download(self, failures: list[str]) -> Interactions:
        """From the first URL that serves."""
        for source in ask_sources(self.dataset):
            if is_local(source):
                continue
            try:
                return self.make(_remote(source))
            except DownloadError as error:
                self.report(f"{self.dataset.name}: {source.name}: {error}")
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
        with self._files(origin) as files:
            encoded = encode(ask_tables(self.dataset, origin.source.name, files))
        about = {
            "name": self.dataset.name,
            "source": {"name": _name(origin), "sha256": dict(origin.sha256)},
        }
        with writing(self.cache):
            store.write(folder, encoded, about)

    @contextmanager
    def _files(self, origin: _Origin) -> Iterator[Mapping[str, Path]]:
        """Those at hand, or unpacked from a download for as long as they are read."""
        if origin.files is not None:
            yield origin.files
            return
        with ExitStack() as stack:
            with writing(self.cache):
                unpacked = temporary_folder(self.cache / "work" / slug(self.dataset.name))
                archive = fetch(origin.source, self.cache / "downloads")
                files = extract(archive, origin.source.members, stack.enter_context(unpacked))
            yield files

    def folder(self, origin: _Origin) -> Path:
        """Named by all that the prepared table depends on."""
        depends = {
            "format": store.FORMAT,
            "dataset": self.dataset.name,
            "params": self.dataset.params.model_dump(mode="json"),
            "source": origin.source.name,
            "sha256": origin.sha256,
            "code": _code_digests(type(self.dataset)),
        }
        key = hashlib.sha256(
            json.dumps(depends, sort_keys=True, allow_nan=False).encode()
        ).hexdigest()
        return self.cache / "data" / f"{slug(self.dataset.name)}-{key[:24]}"


def _remote(source: Source) -> _Origin:
    return _Origin(source, {archive_name(source): source.sha256}, None)


def _name(origin: _Origin) -> str:
    return origin.source.name or next(iter(origin.sha256), "generated")


def _code_digests(plugin: type[Any]) -> list[str]:
    """Of the code that turns files into arrays: reading, encoding and storing, and that of the plugin and its base classes."""
    data = Path(__file__).parent.parent
    files = {
        file for room in ("tables", "encoding", "prepared") for file in (data / room).glob("*.py")
    }
    for base in plugin.__mro__:
        if base.__module__.partition(".")[0] not in ("bench", "abc", "builtins"):
            files |= _code_files(base)
    return sorted(file_digest(file) for file in files)


def _code_files(plugin: type[Any]) -> set[Path]:
    """The plugin's package, or its file where it is a single one."""
    file = Path(inspect.getfile(plugin))
    package = sys.modules[plugin.__module__].__package__
    return (
        set(file.parent.glob("*.py"))
        if package and package == plugin.__module__.rpartition(".")[0]
        else {file}
    )
