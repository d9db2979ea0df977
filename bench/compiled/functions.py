"""Functions that numba compiles when they are first called, and keeps on disk for every later process.

A compiled function may call compiled functions of its own folder, and what is in this one, alone: what is kept is keyed by the
sources of both, so that none is ever run after an edit of something that it calls."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any, TypeVar, cast

from numba import njit
from numba.core import config
from numba.core.caching import FunctionCache
from numba.core.sigutils import normalize_signature

from bench.cache_folder import cache_dir
from bench.compiled.telling import compiles

__all__ = ["compiled", "inlined"]

Function = TypeVar("Function", bound=Callable[..., Any])
PREFIX = "compiled-"


def compiled(function: Function, *, inlined: bool = False) -> Function:
    """`function` by numba: it releases the GIL, divides as numpy does (x / 0 is infinite or NaN), and checks no bounds. The
    function as Python is its `py_func`, to be held against it."""
    source = cast(FunctionType, function).__code__.co_filename
    folder = _folder(Path(source).parent)
    options: dict[str, Any] = {
        "nogil": True,
        "error_model": "numpy",
        "boundscheck": False,
        "forceinline": inlined,
    }
    if folder is None:
        return cast(Function, njit(**options)(function))
    made = njit(**options)(function)
    with _keeping_in(folder):
        made._cache = _Kept(function)  # type: ignore[no-untyped-call]
    return cast(Function, made)


def inlined(function: Function) -> Function:
    """`compiled`, and put into what calls it: for what is done once a row, where handing arrays over would cost more."""
    return compiled(function, inlined=True)


class _Kept(FunctionCache):
    """As numba keeps functions, but none stops a caller: what can't be read is compiled anew, what can't be written is not
    kept."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        found = self._load(sig, target_context)
        if found is None:
            compiles()
        return found

    def _load(self, sig: Any, target_context: Any) -> Any:
        try:
            found: Any = super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except Exception:  # damaged: by a disk, or a machine that stopped
            with suppress(OSError):
                self.flush()  # type: ignore[no-untyped-call]
            return None
        # two processes that compile at once may give two functions one file
        asked, _ = normalize_signature(sig)  # type: ignore[no-untyped-call]
        return found if found is not None and tuple(found.signature.args) == asked else None

    def save_overload(self, sig: Any, data: Any) -> None:
        with suppress(OSError):
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]


@contextmanager
def _keeping_in(folder: Path) -> Iterator[None]:
    """A function that is decorated meanwhile is kept in `folder`; where a plugin's are kept is not changed."""
    settings: Any = config  # which mypy knows nothing of
    before = settings.CACHE_DIR
    settings.CACHE_DIR = str(folder)
    try:
        yield
    finally:
        settings.CACHE_DIR = before


@cache
def _folder(sources: Path) -> Path | None:
    """Where the functions of these sources are kept: beside them, like Python's own compiled files, else in the cache folder;
    None where neither can be written."""
    name = PREFIX + _digest(sources)
    beside = sources / "__pycache__"
    for parent in (beside, cache_dir(None) / "compiled"):
        try:
            (parent / name).mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(parent / name, os.W_OK):
            if parent == beside:
                _remove_older(parent, name)
            return parent / name
    return None


def _remove_older(parent: Path, name: str) -> None:
    """Nobody has the sources of those that lie beside the present ones."""
    for older in parent.glob(PREFIX + "*"):
        if older.name != name:
            shutil.rmtree(older, ignore_errors=True)


def _digest(sources: Path) -> str:
    digest = hashlib.sha256()
    for file in (*sorted(sources.glob("*.py")), *sorted(Path(__file__).parent.glob("*.py"))):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
