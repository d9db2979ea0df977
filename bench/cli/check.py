"""`bench check`: is a suite right? Runs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from bench.cli._common import (
    echo_json,
    json_option,
    plugin_options,
    set_option,
    warn_quarantined,
)
from bench.cli._local_files import missing_files
from bench.cli._output import echo, printable, say
from bench.errors import PluginUnavailable
from bench.registry import Registry, load_registry
from bench.suite import BOUNDS, Suite, load, registry_of, used_plugins

__all__ = ["command"]

_ROWS = ("methods", "base_models", "bounds")


@click.command("check")
@click.argument("suite", type=click.Path(path_type=Path))
@set_option
@plugin_options
@json_option
def command(
    suite: Path,
    overrides: tuple[str, ...],
    plugins: tuple[Path, ...],
    autoload: bool,
    as_json: bool,
) -> None:
    """Check the suite file SUITE: every error with its line and column. Exit 4 where it uses an unavailable plugin."""
    registry = load_registry(plugins, autoload=autoload)
    warn_quarantined(registry)
    checked = load(suite, registry, overrides=overrides)
    told, registry = registry, registry_of(checked, registry)
    warn_quarantined(registry, told)
    unavailable = list(_unavailable(checked, registry))
    notes = [*_notes(checked), *missing_files(checked, registry)]
    counts = _counts(checked)
    if as_json:
        echo_json({"suite": checked.name, **counts, "unavailable": unavailable, "notes": notes})
    else:
        echo(printable(f"{suite}: {'incomplete' if unavailable else 'OK'}: {_in_words(counts)}"))
        for said in (*unavailable, *(f"note: {note}" for note in notes)):
            say(f"{suite}: {said}")
    if unavailable:
        raise click.exceptions.Exit(PluginUnavailable.exit_code)


def _unavailable(suite: Suite, registry: Registry) -> Iterator[str]:
    for kind, name in [
        *used_plugins(suite),
        *(("metrics", spec.use) for spec in suite.computed.values()),
        *([("executors", suite.executor.use)] if suite.executor else []),
    ]:
        try:
            registry.load(kind, name)
        except PluginUnavailable as error:
            yield str(error)


def _notes(suite: Suite) -> Iterator[str]:
    """What is no fault, and may not be meant."""
    if len(suite.seeds) < 2:
        yield "one seed: how results vary over seeds stays unknown, verdicts over seeds will be withheld; give 2 or more"


def _counts(suite: Suite) -> dict[str, Any]:
    """As many trials as a run has: a base model alone is one too, and so are the bounds."""
    counts = {
        "datasets": len(suite.datasets),
        "protocols": len(suite.protocols),
        "methods": len(suite.methods),
        "base_models": len(suite.base_models),
        "bounds": len(BOUNDS),
        "seeds": len(suite.seeds),
    }
    rows = sum(counts[kind] for kind in _ROWS)
    return {**counts, "trials": counts["datasets"] * counts["protocols"] * rows * counts["seeds"]}


def _in_words(counts: dict[str, Any]) -> str:
    said = {many: _many(number, many.replace("_", " ")) for many, number in counts.items()}
    rows = f"({' + '.join(said[kind] for kind in _ROWS if counts[kind])})"
    return f"{said['datasets']} x {said['protocols']} x {rows} x {said['seeds']} = {said['trials']}"


def _many(number: int, many: str) -> str:
    return f"{number} {many.removesuffix('s') if number == 1 else many}"
