"""`bench describe`: what a plugin is, and its parameters."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import click

from bench.cli._common import KindChoice, echo_json, json_option, plugin_options, warn_quarantined
from bench.cli._output import echo, printable
from bench.cli._table import echo_table
from bench.errors import PluginError
from bench.registry import KINDS, PluginInfo, Registry, load_registry, summary

__all__ = ["command"]


@click.command("describe")
@click.argument("name")
@click.option(
    "--kind",
    type=KindChoice([kind.replace("_", "-") for kind in KINDS]),
    help="Where several kinds have the name.",
)
@plugin_options
@json_option
def command(
    name: str, kind: str | None, plugins: tuple[Path, ...], autoload: bool, as_json: bool
) -> None:
    """Show the summary of the plugin NAME and its parameters: type, default, range, meaning; and what to cite."""
    registry = load_registry(plugins, autoload=autoload)
    warn_quarantined(registry)
    info = _find(registry, name, kind.replace("-", "_") if kind else None)
    plugin = registry.load(info.kind, info.name)
    described = _describe(info, plugin)
    if as_json:
        echo_json(described)
    else:
        _echo(described)


def _find(registry: Registry, name: str, kind: str | None) -> PluginInfo:
    if kind is not None:
        return registry.get(kind, name)
    info, *others = registry.find(name)
    if others:
        kinds = ", ".join(plugin.kind.replace("_", "-") for plugin in (info, *others))
        raise PluginError(f"several plugins are called {name!r}; choose by --kind: {kinds}")
    return info


def _describe(info: PluginInfo, plugin: type[Any]) -> dict[str, Any]:
    from bench.registry.parameters import parameters  # pydantic, which `--help` does without

    params = getattr(plugin, "Params", None)
    return {
        **info._asdict(),
        "summary": summary(plugin),
        "citation": inspect.cleandoc(plugin.citation),
        "parameters": [parameter._asdict() for parameter in parameters(params)] if params else [],
    }


def _echo(described: dict[str, Any]) -> None:
    echo(printable(f"{described['name']} · {KINDS[described['kind']]} · {described['origin']}"))
    echo(printable(described["summary"]))
    echo()
    if described["parameters"]:
        rows = [tuple(parameter.values()) for parameter in described["parameters"]]
        echo_table(("parameter", "type", "default", "range", "meaning"), rows)
    else:
        echo("no parameters")
    if described["citation"]:
        echo(f"\nto cite:\n{printable(described['citation'])}")
