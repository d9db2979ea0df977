"""What stands in a digest for an installed library: its version, and the content of one that is from no package index.

A library from a package index is known by its version. One that was installed from a folder, a repository or a file (pip and
uv note that in `direct_url.json`, PEP 610) may change under one version: it counts by the hashes of its files as well."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import (
    Distribution,
    PackageNotFoundError,
    distribution,
    packages_distributions,
)
from pathlib import Path

__all__ = ["installed_library"]

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def installed_library(name: str, places: Sequence[str]) -> str:
    """`distribution==version` of a top-level module that was found at these places, and what else tells one content from
    another; nothing for a module that lies outside of the folders of installed libraries."""
    if not any(place.startswith(_folders()) for place in places):
        return ""
    return _told(name) or next(filter(None, map(_told, _providers().get(name, ()))), "")


@cache
def _providers() -> Mapping[str, Sequence[str]]:
    """A top-level name's distributions. It reads the list of files of everything that is installed."""
    return packages_distributions()


@cache
def _folders() -> tuple[str, ...]:
    paths = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    paths |= {path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")}
    return tuple(sorted(f"{path}{os.sep}" for path in paths))


@cache
def _told(name: str) -> str:
    of = _found(name)
    if of is None:
        return ""
    local = _not_of_an_index(of, {})
    return f"{name}=={of.version}" + "".join(f"+{one}:{local[one]}" for one in sorted(local))


def _found(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _not_of_an_index(of: Distribution, found: dict[str, str]) -> dict[str, str]:
    """The content of it and of what it requires, by name, where they are not of an index."""
    name = of.metadata["Name"]
    if name in found or not of.read_text("direct_url.json"):
        return found
    found[name] = _content(of)
    for requirement in of.requires or ():
        named = _NAME.match(requirement)
        if named and (required := _found(named.group())):
            _not_of_an_index(required, found)
    return found


def _content(of: Distribution) -> str:
    """Over the hashes that its list of files has, of its modules and data: not of what the installer wrote for this place."""
    total = hashlib.sha256()
    for file in sorted(of.files or ()):
        if file.hash is not None and not _is_of_the_installer(file.parts):
            total.update(f"{file.as_posix()}\0{file.hash.value}\0".encode())
    return total.hexdigest()


def _is_of_the_installer(parts: Sequence[str]) -> bool:
    return parts[0] == ".." or parts[0].endswith(".dist-info")
