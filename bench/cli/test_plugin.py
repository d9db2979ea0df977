"""`bench test-plugin`: the conformance kit over one plugin, or over all of a file that it has checks for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from bench.cli._common import KindChoice, echo_json, json_option, plugin_options
from bench.cli._output import echo, printable, say
from bench.cli._table import echo_table
from bench.errors import PluginError, PluginUnavailable
from bench.registry import KINDS, PluginInfo, Quarantined, Registry, load_registry
from bench.registry.used_plugin import UsedPlugin

if TYPE_CHECKING:
    from bench.testing import CheckResult

__all__ = ["command"]

CHECKED = ("models", "selectors", "datasets", "protocols", "metrics", "executors")


@click.command("test-plugin")
@click.argument("plugin", metavar="NAME|FILE")
@click.option("--kind", type=KindChoice(CHECKED), help="Check plugins of this kind alone.")
@plugin_options
@json_option
def command(
    plugin: str, kind: str | None, plugins: tuple[Path, ...], autoload: bool, as_json: bool
) -> None:
    """Check a plugin (NAME), or all of a FILE or folder, against the contract.

    Base models, selectors, datasets, protocols, metrics and executors are checked, each in processes that it may end.

    A name goes before a file or folder that is called the same. Exit code 1: a check failed."""
    registry = load_registry(plugins, autoload=autoload)
    is_file = _is_file(registry, plugin)
    registry = registry.extended([Path(plugin)] if is_file else [])
    found = _of_file(registry, Path(plugin)) if is_file else Found(registry.find(plugin))
    chosen = _chosen(found.plugins, plugin, (kind,) if kind else CHECKED)

    checked: list[Checked] = []
    for info in chosen:
        checked.append(_check(registry, info))
        if not as_json:
            _echo(checked[-1])
    refusals = [*found.refusals, *(one.refusal for one in checked if one.refusal)]
    if not any(one.results for one in checked):
        raise refusals[0]
    if as_json:
        echo_json({"plugins": [_as_dict(one) for one in checked]})
    _exit(checked, refusals)


class Found(NamedTuple):
    """`refusals`: of files of a folder that are quarantined."""

    plugins: Sequence[PluginInfo]
    refusals: Sequence[PluginError] = ()


class Checked(NamedTuple):
    """`refusal`: why it could not be checked; then there are no results."""

    info: PluginInfo
    results: Sequence[CheckResult]
    refusal: PluginError | None = None


def _check(registry: Registry, info: PluginInfo) -> Checked:
    from bench.testing import Target, check_apart  # numpy, which a mistyped name does without

    used = UsedPlugin(info.kind, info.name, info.address, info.origin, "")
    target = Target(used, tuple(map(str, registry.paths)))
    try:
        return Checked(info, check_apart(target, lambda result: _tell(info, result)))
    except PluginError as refusal:
        return Checked(info, [], refusal)


def _tell(info: PluginInfo, result: CheckResult) -> None:
    """All of them take half a minute, after which the table comes."""
    if result.status != "n/a":
        say(f"{info.name}: {result.name}: {result.status}")


def _exit(checked: Sequence[Checked], refusals: Sequence[PluginError]) -> None:
    """The others have been checked when one that can't be ends the command."""
    for refusal in refusals:
        say(str(refusal))
    if refusals:
        raise click.exceptions.Exit(refusals[0].exit_code)
    if any(result.status == "failed" for one in checked for result in one.results):
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
    *others, last = (f"{KINDS[kind]}s" for kind in kinds)
    wanted = f"{', '.join(others)} and {last}" if others else last
    run = "; a run is its test" if found and not {info.kind for info in found} & {*CHECKED} else ""
    raise PluginError(f"{plugin}: what is checked are {wanted}; there is {there}{run}")


def _of_file(registry: Registry, path: Path) -> Found:
    """PluginUnavailable where all that there is is quarantined."""
    found = [info for info in registry.infos() if not info.version and _lies_in(info.origin, path)]
    refusals = []
    for refused in registry.quarantined:
        if _lies_in(refused.origin, path):
            named = _named_apart(refused)
            found += named
            reason = f"{refused.origin} is quarantined: {refused.reason}"
            refusals += [] if named else [PluginUnavailable(reason)]
    if refusals and not found:
        raise refusals[0]
    return Found(found, refusals)


def _named_apart(refused: Quarantined) -> list[PluginInfo]:
    """A file is quarantined too where one of its plugins ends the process as it is made, or leaves a thread running; its
    checks tell which."""
    from bench.testing import named_apart  # as above

    named = named_apart(refused.origin)
    return [PluginInfo(one.kind, one.name, one.address, one.origin, "") for one in named]


def _lies_in(origin: str, path: Path) -> bool:
    return Path(origin).exists() and Path(origin).resolve().is_relative_to(path.resolve())


def _as_dict(checked: Checked) -> dict[str, Any]:
    info, results, refusal = checked
    return {
        "kind": info.kind,
        "name": info.name,
        "origin": info.origin,
        "checks": [result._asdict() for result in results],
        "refused": str(refusal) if refusal else None,
    }


def _echo(checked: Checked) -> None:
    info, results, refusal = checked
    if refusal:
        return  # told at the end
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
