"""`bench data`: which datasets there are, fetch them, look at them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bench.cli._common import echo_json, json_option, plugin_options
from bench.cli._table import echo_table

if TYPE_CHECKING:
    from bench.data import Interactions
    from bench.registry import Registry

__all__ = ["command"]

F = TypeVar("F", bound=Callable[..., Any])
_SUITE_ENDS = (".yaml", ".yml")
_PLAIN = ("rows", "users", "items", "positives")


def _place_options(command: F) -> F:
    data = click.option(
        "--data-dir",
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        envvar="BENCH_DATA",
        help="Where datasets lie (or BENCH_DATA).",
    )
    cache = click.option(
        "--cache-dir", type=click.Path(path_type=Path, file_okay=False), help="Where prepared data are kept."
    )
    return data(cache(command))


@click.group("data")
def command() -> None:
    """Datasets: list them, fetch them, look at them."""


@command.command("list")
@_place_options
@plugin_options
@json_option
def list_(
    data_dir: Path | None, cache_dir: Path | None, plugins: tuple[Path, ...], autoload: bool, as_json: bool
) -> None:
    """List datasets and where each would come from here."""
    from bench.data import cache_dir as resolve_cache
    from bench.data import whereabouts
    from bench.registry import load_registry

    registry = load_registry(plugins, autoload=autoload)
    found = []
    for name in registry.names("datasets"):
        plugin = registry.load("datasets", name)
        needs = [key for key, field in plugin.Params.model_fields.items() if field.is_required()]
        where = (
            f"needs {', '.join(needs)}, in a suite"
            if needs
            else whereabouts(plugin(plugin.Params()), data_dir, resolve_cache(cache_dir))
        )
        found.append({"name": name, "where": where, "summary": (plugin.__doc__ or "").strip().splitlines()[0]})
    if as_json:
        echo_json({"datasets": found})
    else:
        echo_table(("name", "where", "what"), [(one["name"], one["where"], one["summary"]) for one in found])


@command.command("fetch")
@click.argument("what", metavar="NAME|SUITE")
@_place_options
@plugin_options
def fetch(what: str, data_dir: Path | None, cache_dir: Path | None, plugins: tuple[Path, ...], autoload: bool) -> None:
    """Download what has to be downloaded and prepare it: a dataset by NAME, or those of SUITE (a .yaml file)."""
    for name, interactions in _prepared(what, data_dir, cache_dir, plugins, autoload).items():
        click.echo(f"{name}: {len(interactions):,} rows in {interactions.folder}")


@command.command("info")
@click.argument("what", metavar="NAME|SUITE")
@_place_options
@plugin_options
@json_option
def info(
    what: str,
    data_dir: Path | None,
    cache_dir: Path | None,
    plugins: tuple[Path, ...],
    autoload: bool,
    as_json: bool,
) -> None:
    """Count what is in a dataset (by NAME) or in those of SUITE (a .yaml file): rows, users, values and missing cells of each
    field, repeated rows."""
    from bench.data import describe

    found = {
        name: describe(interactions)
        for name, interactions in _prepared(what, data_dir, cache_dir, plugins, autoload).items()
    }
    if as_json:
        echo_json({"datasets": found})
        return
    for position, (name, facts) in enumerate(found.items()):
        if position:
            click.echo()
        _echo(name, facts)


def _echo(name: str, facts: Mapping[str, Any]) -> None:
    lines = [(key.replace("_", " "), f"{facts[key]:,}") for key in _PLAIN]
    lines += [
        (key.replace("_", " "), f"{value:,}")
        for key, value in facts.items()
        if isinstance(value, int) and key not in _PLAIN and value
    ]
    low, *middle, high = facts["rows_per_user"]
    lines += [
        ("rows a user", f"{low:,.0f} to {high:,.0f}, quartiles {', '.join(f'{value:,.0f}' for value in middle)}"),
        ("label", facts["label"]),
        ("order", facts["order"] or "none: a seeded one"),
        ("source", str(facts["source"].get("name", ""))),
        ("digest", facts["digest"]),
    ]
    echo_table((name, ""), lines)
    click.echo()
    echo_table(
        ("field", "kind", "side", "values", "missing"),
        [
            (
                field["name"],
                field["kind"],
                field["side"],
                f"{facts['categories'][field['name']]:,}" if field["name"] in facts["categories"] else "",
                f"{facts['missing'].get(field['name'], 0):,}",
            )
            for field in facts["fields"]
        ],
    )


def _prepared(
    what: str, data_dir: Path | None, cache_dir: Path | None, plugins: tuple[Path, ...], autoload: bool
) -> dict[str, Interactions]:
    from bench.data import cache_dir as resolve_cache
    from bench.data import prepare
    from bench.registry import load_registry

    registry = load_registry(plugins, autoload=autoload)
    cache = resolve_cache(cache_dir)
    if what.lower().endswith(_SUITE_ENDS):
        return _of_suite(Path(what), registry, plugins, data_dir, cache)
    plugin = registry.load("datasets", what)
    needs = [key for key, field in plugin.Params.model_fields.items() if field.is_required()]
    if needs:
        raise click.UsageError(f"dataset {what!r} needs {', '.join(needs)}: name a suite that has them")
    return {what: prepare(plugin(plugin.Params()), data_dir=data_dir, cache=cache, report=_say)}


def _of_suite(
    file: Path, registry: Registry, plugins: tuple[Path, ...], data_dir: Path | None, cache: Path
) -> dict[str, Interactions]:
    from bench.run import Watcher
    from bench.run.divisions import prepare_all
    from bench.suite import load

    class Telling(Watcher):
        def say(self, text: str) -> None:
            _say(text)

    suite = load(file, registry, plugins=plugins)
    return prepare_all(suite, registry.extended((*plugins, *suite.plugins)), data_dir, cache, Telling())


def _say(text: str) -> None:
    click.echo(text, err=True)
