"""Whether steps could run by an executor now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.cli._health import Finding
from bench.cli._output import say
from bench.errors import BenchError
from bench.registry import load_registry

__all__ = ["findings"]


def findings(
    name: str | None, settings: Sequence[str], plugins: tuple[Path, ...], autoload: bool
) -> Iterator[Finding]:
    """None where no executor is asked about."""
    if name is None and not settings:
        return
    from bench.run.executor_choice import (
        choose_executor,
    )  # with torch, which may be what is missing

    check = f"executor {name or 'local'}"
    try:
        registry = load_registry(plugins, autoload=autoload)
        chosen = choose_executor(registry, name, settings, say=say)
        try:
            yield Finding(check, "ok", chosen.made().check())
        finally:
            chosen.close(kill=True)
    except BenchError as error:
        found, _, fix = str(error).rpartition("; ")
        yield Finding(check, "fail", *((found, fix) if found else (fix,)))
