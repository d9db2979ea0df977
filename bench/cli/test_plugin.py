"""`bench test-plugin`: the conformance kit over one plugin, or over all base models and selectors of a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli._common import echo_json, json_option, plugin_options
from bench.cli._output import echo, printable
from bench.cli._table import echo_table
from bench.errors import PluginError, PluginUnavailable
from bench.registry import KINDS, PluginInfo, Registry, load_registry

if TYPE_CHECKING:
    from bench.testing import CheckResult

__all__ = ["command"]

CHECKED = ("models", "selectors")


@click.command("test-plugin")
@click.argument("plugin", metavar="NAME|FILE")
@click.option("--kind", type=click.Choice(CHECKED), help="Check plugins of this kind alone.")
@plugin_options
@json_option
def command(
    plugin: str, kind: str | None, plugins: tuple[Path, ...], autoload: bool, as_json: bool
) -> None:
    """Check a base model or selector (NAME), or all of a FILE or folder, against the contract.

    A name goes before a file or folder that is called the same. Exit code 1: a check failed."""
    registry = load_registry(plugins, autoload=autoload)
    is_file = _is_file(registry, plugin)
    registry = registry.extended([Path(plugin)] if is_file else [])
    found = _of_file(registry, Path(plugin)) if is_file else registry.find(plugin)
    chosen = _chosen(found, plugin, (kind,) if kind else CHECKED)

    from bench.testing import check_plugin  # torch, which a mistyped name does without

    checked = []
    for info in chosen:
        results = check_plugin(registry.load(info.kind, info.name))
        checked.append((info, results))
        if not as_json:
            _echo(info, results)
    if as_json:
        echo_json({"plugins": [_as_dict(info, results) for info, results in checked]})
    if any(result.status == "failed" for _, results in checked for result in results):
        raise click.exceptions.Exit(1)


def _is_file(registry: Registry, plugin: str) -> bool:
    """The current folder is never loaded unasked: what has a plugin's name is not looked for there."""
    if any(info.name == plugin for info in registry.infos()):
        return False
    return Path(plugin).exists() or Path(plugin).suffix == ".py" or Path(plugin).name != plugin


def _chosen(found: Sequence[PluginInfo], plugin: str, kinds: Sequence[str]) -> list[PluginInfo]:
    """Those of the kinds asked for, one at least."""
    if chosen := [info for info in found if info.kind in kinds]:
        return chosen
    there = ", ".join(f"{KINDS[info.kind]} {info.name!r}" for info in found) or "no plugin"
    wanted = " and ".join(f"{KINDS[kind]}s" for kind in kinds)
    raise PluginError(f"{plugin}: what is checked are {wanted}; there is {there}")


def _of_file(registry: Registry, path: Path) -> list[PluginInfo]:
    for refused in registry.quarantined:
        if _lies_in(refused.origin, path):
            raise PluginUnavailable(f"{refused.origin} is quarantined: {refused.reason}")
    return [info for info in registry.infos() if not info.version and _lies_in(info.origin, path)]


def _lies_in(origin: str, path: Path) -> bool:
    return Path(origin).exists() and Path(origin).resolve().is_relative_to(path.resolve())


def _as_dict(info: PluginInfo, results: Sequence[CheckResult]) -> dict[str, Any]:
    return {
        "kind": info.kind,
        "name": info.name,
        "origin": info.origin,
        "checks": [result._asdict() for result in results],
    }


def _echo(info: PluginInfo, results: Sequence[CheckResult]) -> None:
    echo(printable(f"{info.name} · {KINDS[info.kind]} · {info.origin}"))
    rows = [
        (result.name, result.status, "; ".join(filter(None, (result.reason, result.fix))))
        for result in _said_once(results)
    ]
    echo_table(("check", "result", "reason; fix"), rows)
    echo()


def _said_once(results: Sequence[CheckResult]) -> list[CheckResult]:
    """What several checks failed by, at length in the first of them."""
    first: dict[tuple[str, str], str] = {}
    said = []
    for result in results:
        name = (
            first.setdefault((result.reason, result.fix), result.name)
            if result.status == "failed"
            else result.name
        )
        again = result._replace(reason=f"as in the check {name!r}", fix="")
        said.append(result if name == result.name else again)
    return said
