"""`bench test-plugin`: the conformance kit over one plugin, or over all base models and selectors of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli._common import echo_json, json_option, plugin_options, printable
from bench.errors import PluginError

if TYPE_CHECKING:
    from bench.registry import PluginInfo, Registry
    from bench.testing import CheckResult

__all__ = ["command"]

KINDS = ("models", "selectors")


@click.command("test-plugin")
@click.argument("plugin", metavar="NAME|FILE")
@plugin_options
@json_option
def command(plugin: str, plugins: tuple[Path, ...], autoload: bool, as_json: bool) -> None:
    """Check a base model or selector (NAME), or all of a FILE or folder, against the contract. Exit code 1: a check failed."""
    from bench.registry import load_registry

    is_file = Path(plugin).exists()
    registry = load_registry((*plugins, Path(plugin)) if is_file else plugins, autoload=autoload)
    chosen = _of_file(registry, plugin) if is_file else _named(registry, plugin)

    from bench.testing import check_plugin

    results = {}
    for info in chosen:
        results[info.name] = check_plugin(registry.load(info.kind, info.name))
        if not as_json:
            _show(info.name, results[info.name])
    if as_json:
        echo_json({name: [result._asdict() for result in found] for name, found in results.items()})
    if any(result.status == "failed" for found in results.values() for result in found):
        raise click.exceptions.Exit(1)


def _named(registry: Registry, name: str) -> list[PluginInfo]:
    for kind in KINDS:
        if name in registry.names(kind):
            return [registry.get(kind, name)]
    known = ", ".join(name for kind in KINDS for name in registry.names(kind))
    raise PluginError(f"no base model, selector or file {name!r}; there are {known}")


def _of_file(registry: Registry, file: str) -> list[PluginInfo]:
    origin = Path(file).resolve()
    for plugin in registry.quarantined:
        if Path(plugin.origin).resolve().is_relative_to(origin):
            raise PluginError(f"{plugin.origin} is quarantined: {plugin.reason}")
    infos = [info for kind in KINDS for info in registry.infos(kind)]
    found = [info for info in infos if Path(info.origin).resolve().is_relative_to(origin)]
    if not found:
        raise PluginError(
            f"{file} registers no base model and no selector; return some from bench_models or bench_selectors"
        )
    return found


def _show(name: str, results: list[CheckResult]) -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console()
    marks = {"passed": "[green]passed[/]", "failed": "[bold red]failed[/]", "n/a": "[dim]n/a   [/]"}
    console.print(f"[bold]{escape(printable(name))}[/]", highlight=False)
    for result in results:
        why = escape(printable(f"  ({result.reason})" if result.status == "n/a" else ""))
        console.print(f"  {marks[result.status]}  {result.name}[dim]{why}[/]", highlight=False)
        if result.status == "failed":
            console.print(f"          why: {escape(printable(result.reason))}", highlight=False, soft_wrap=True)
            console.print(f"          fix: {escape(printable(result.fix))}", highlight=False, soft_wrap=True)
