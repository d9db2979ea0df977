"""A dataset under test: read from files that are at hand; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.data.encoding.encode import encode
from bench.data.prepared.cache import file_digest
from bench.data.prepared.locate import find, is_local, location, roots
from bench.interfaces import Dataset, Tables
from bench.testing.sampled import Arrays, Sampled, joined
from bench.testing.verdicts import NotApplicable

__all__ = ["DatasetSubject"]


class _Ready(NamedTuple):
    source: str
    files: Mapping[str, Path]


class DatasetSubject(Sampled):
    """A dataset class with the settings to test it under."""

    @cached_property
    def made(self) -> Dataset:
        made = self.plugin(self.params)
        assert isinstance(made, Dataset)
        return made

    def sample(self) -> np.ndarray:
        return joined(list(encode(replace(self).read()).arrays.values()))

    def handed(self) -> Arrays:
        """Digests of its files."""
        return {
            str(path): np.frombuffer(file_digest(path).encode(), np.uint8)
            for path in self._ready().files.values()
        }

    def exercise(self) -> None:
        self.read()

    def read(self) -> Tables:
        """Where its files are at hand."""
        return self.made.read(*self._ready())

    def _ready(self) -> _Ready:
        """The first source whose files are below the current folder or BENCH_DATA, or that needs none."""
        places = roots(Path.cwd(), None)
        local = [source for source in self.made.sources() if is_local(source)]
        for source in local:
            found = find(source, places)
            if not isinstance(found, str):
                return _Ready(source.name, found)
        wanted = " or ".join(map(location, local)) or "nothing but downloads"
        raise NotApplicable(
            f"no file of it is at hand, nothing is downloaded; it wants {wanted}, below the current folder or BENCH_DATA"
        )
