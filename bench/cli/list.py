"""`bench list`: plugins, where they come from, and what was left out. Imports no model and no torch."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli._common import KindChoice, echo_json, json_option, plugin_options
from bench.cli._output import echo
from bench.cli._table import echo_table
from bench.registry import KINDS, Registry, load_registry

__all__ = ["command"]


@click.command("list")
@click.argument(
    "kind",
    required=False,
    metavar="[KIND]",
    type=KindChoice([kind.replace("_", "-") for kind in KINDS]),
)
@plugin_options
@json_option
def command(kind: str | None, plugins: tuple[Path, ...], autoload: bool, as_json: bool) -> None:
    """List plugins, where they come from, and what is quarantined and why.

    KIND is models, selectors, meta-learners, datasets, protocols, metrics or executors."""
    registry = load_registry(plugins, autoload=autoload)
    chosen = kind.replace("-", "_") if kind else None
    if as_json:
        echo_json(_as_dict(registry, chosen))
    else:
        _echo(registry, chosen)


def _as_dict(registry: Registry, kind: str | None) -> dict[str, list[dict[str, str]]]:
    return {
        "plugins": [info._asdict() for info in registry.infos(kind)],
        "quarantined": [plugin._asdict() for plugin in registry.quarantined],
    }


def _echo(registry: Registry, kind: str | None) -> None:
    echo_table(
        ("name", "kind", "origin"),
        [(info.name, KINDS[info.kind], info.origin) for info in registry.infos(kind)],
    )
    if registry.quarantined:
        echo()
        echo_table(
            ("quarantined", "reason"),
            [(plugin.origin, plugin.reason) for plugin in registry.quarantined],
        )
