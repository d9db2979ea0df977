"""What differs between two runs beside their figures, a line each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bench.compare import Comparison

__all__ = ["differs"]

_DIGITS = 12  # of a digest


def differs(comparison: Comparison) -> Iterator[str]:
    """Machine, versions, code, settings, files, pools. Names are as they are: printers make them safe."""
    for one in comparison.conditions:
        yield f"{one.what}: {one.base} -> {one.candidate}"
    yield from _code(comparison)
    for what in comparison.code_unknown:
        yield f"code: of metric {what} not recorded"
    for file in comparison.files:
        yield f"file: {file.model}: {file.file} {_short(file.base)} -> {_short(file.candidate)}"
    settings = ((pair.settings_change, pair.method) for pair in comparison.pairs)
    yield from (f"settings: {names}: {change}" for change, names in _together(settings))
    pools = ((pair.pool_change, pair.method) for pair in comparison.pairs)
    yield from (f"pool: {names}: {change}" for change, names in _together(pools))


def _code(comparison: Comparison) -> Iterator[str]:
    """Plugins of one package change together: said once. A plugin is called `NAME (ORIGIN)`."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for code in comparison.code:
        name, space, origin = code.what.partition(" (")
        alike.setdefault((space + origin, code.base, code.candidate), []).append(name)
    for (origin, base, candidate), names in alike.items():
        yield f"code: {', '.join(names)}{origin}: {_short(base)} -> {_short(candidate)}"


def _together(changes: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Each change that there is, with the methods that have it."""
    alike: dict[str, dict[str, None]] = {}
    for change, method in changes:
        if change:
            alike.setdefault(change, {})[method] = None
    for change, methods in alike.items():
        yield change, ", ".join(methods)


def _short(digest: str) -> str:
    return digest[:_DIGITS] or "absent"
