"""The files that a base model reads are those that its step was planned with, for as long as it reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bench.data.prepared.cache import file_digest
from bench.errors import DataError
from bench.job.steps import ReadFile
from bench.storage.file_state import file_state

__all__ = ["unchanged"]


@contextmanager
def unchanged(files: Mapping[str, ReadFile]) -> Iterator[None]:
    """Around all that reads them. DataError, with the file's name, where one is another than was planned, before or after;
    one that was written meanwhile is, whatever its content is afterwards."""
    before = {name: file_state(file.path) for name, file in files.items()}
    _check_content(files)
    yield
    for name, file in files.items():
        if file_state(file.path) != before[name]:
            raise _changed(name)
    _check_content(files)


def _check_content(files: Mapping[str, ReadFile]) -> None:
    for name, file in files.items():
        try:
            found = file_digest(file.path)
        except OSError as error:
            raise _changed(name) from error
        if found != file.sha256:
            raise _changed(name)


def _changed(name: str) -> DataError:
    return DataError(
        "was changed while the run went on; run again, and the steps that read it are planned anew",
        file=name,
    )
