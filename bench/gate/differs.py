"""What differs between two runs beside their figures, a line each."""

from __future__ import annotations

from collections.abc import Iterator

from bench.compare import Comparison

__all__ = ["differs"]

_DIGITS = 12  # of a digest


def differs(comparison: Comparison) -> Iterator[str]:
    """Machine, versions, code, settings, files, pools. Names are as they are: printers make them safe."""
    for one in comparison.conditions:
        yield f"{one.what}: {one.base} -> {one.candidate}"
    for code in comparison.code:
        yield f"code of {code.what}: {_short(code.base)} -> {_short(code.candidate)}"
    for what in comparison.code_unknown:
        yield f"code of metric {what}: not recorded"
    for file in comparison.files:
        yield f"file {file.file} of {file.model}: {_short(file.base)} -> {_short(file.candidate)}"
    settings = ((pair.method, pair.settings_change) for pair in comparison.pairs)
    for method, change in dict.fromkeys(settings):
        if change:
            yield f"settings of {method}: {change}"
    pools = ((pair.method, pair.pool_change) for pair in comparison.pairs)
    for method, change in dict.fromkeys(pools):
        if change:
            yield f"pool of {method}: {change}"


def _short(digest: str) -> str:
    return digest[:_DIGITS] or "absent"
