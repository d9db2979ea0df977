"""`bench check`: is a suite right? Runs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from bench.cli._common import echo_json, json_option, plugin_options, printable, warn_quarantined
from bench.errors import PluginUnavailable
from bench.registry import Registry, load_registry
from bench.suite import Suite, load, used_plugins

__all__ = ["command"]


@click.command("check")
@click.argument("suite", type=click.Path(path_type=Path))
@plugin_options
@json_option
def command(suite: Path, plugins: tuple[Path, ...], autoload: bool, as_json: bool) -> None:
    """Check the suite file SUITE: every error with its line and column. Exit 4 where it uses an unavailable plugin."""
    registry = load_registry(plugins, autoload=autoload)
    checked = load(suite, registry)
    registry = registry.extended(checked.plugins)
    warn_quarantined(registry)
    unavailable = list(_unavailable(checked, registry))
    counts = _counts(checked)
    if as_json:
        echo_json({"suite": checked.name, **counts, "unavailable": unavailable})
    else:
        click.echo(printable(f"{suite}: {'incomplete' if unavailable else 'OK'}: {_in_words(counts)}"))
        for reason in unavailable:
            click.echo(printable(f"{suite}: {reason}"), err=True)
    if unavailable:
        raise click.exceptions.Exit(PluginUnavailable.exit_code)


def _unavailable(suite: Suite, registry: Registry) -> Iterator[str]:
    for kind, name in [
        *used_plugins(suite),
        *(("metrics", metric) for metric in suite.metrics if metric != "relaimpr"),
    ]:
        try:
            registry.load(kind, name)
        except PluginUnavailable as error:
            yield str(error)


def _counts(suite: Suite) -> dict[str, Any]:
    counts = {
        "datasets": len(suite.datasets),
        "protocols": len(suite.protocols),
        "methods": len(suite.base_models) + len(suite.methods),  # a base model alone is a method
        "seeds": len(suite.seeds),
    }
    return {**counts, "trials": counts["datasets"] * counts["protocols"] * counts["methods"] * counts["seeds"]}


def _in_words(counts: dict[str, Any]) -> str:
    factors = [f"{counts[many]} {many if counts[many] > 1 else many[:-1]}" for many in list(counts)[:4]]
    return f"{' x '.join(factors)} = {counts['trials']} trial{'s' * (counts['trials'] > 1)}"
