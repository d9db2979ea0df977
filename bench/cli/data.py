"""`bench data`: which datasets there are, fetching them into the cache, and what one holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from bench.cli._common import (
    echo_json,
    json_option,
    plugin_options,
    set_option,
    warn_quarantined,
)
from bench.cli._group import LazyGroup
from bench.cli._output import echo, printable, say
from bench.errors import PluginUnavailable, SuiteError

if TYPE_CHECKING:
    from bench.interfaces import Dataset
    from bench.registry import Registry

__all__ = ["command", "fetch_command", "info_command", "list_command"]

F = TypeVar("F", bound=Callable[..., Any])
_HERE = "bench.cli.data"

command = LazyGroup(
    "data",
    help="List datasets, fetch them, or show what one holds.",
    targets={
        "list": (
            f"{_HERE}:list_command",
            "List datasets, where they would come from, and which are prepared.",
        ),
        "fetch": (f"{_HERE}:fetch_command", "Download and prepare a dataset, or those of a suite."),
        "info": (
            f"{_HERE}:info_command",
            "Show what a dataset holds: rows, users, categories, what is missing.",
        ),
    },
)


def _place_options(function: F) -> F:
    """`--data-dir` and `--cache-dir` as `data_dir` and `cache_dir`, with those of plugins."""
    folder = click.Path(path_type=Path, file_okay=False, readable=False)
    existing = click.Path(path_type=Path, file_okay=False, exists=True)
    data = click.option(
        "--data-dir", type=existing, envvar="BENCH_DATA", help="Where datasets lie (or BENCH_DATA)."
    )
    cache = click.option(
        "--cache-dir", type=folder, help="Where prepared data are kept (or BENCH_CACHE)."
    )
    return data(cache(plugin_options(function)))


class _Use(NamedTuple):
    """A dataset as a suite or the command line names it; paths in it are below `base`."""

    name: str
    dataset: Dataset
    base: Path | None


@click.command("list")
@_place_options
@json_option
def list_command(
    plugins: tuple[Path, ...],
    autoload: bool,
    data_dir: Path | None,
    cache_dir: Path | None,
    as_json: bool,
) -> None:
    """List datasets: where each would come from, whether it is prepared, whether it can be downloaded."""
    from bench.cli._table import echo_table
    from bench.registry import load_registry

    registry = load_registry(plugins, autoload=autoload)
    warn_quarantined(registry)
    rows = [
        _status(registry, info.name, data_dir, cache_dir) for info in registry.infos("datasets")
    ]
    if as_json:
        echo_json({"datasets": rows})
        return
    words = {True: "yes", False: "no", None: "-"}
    echo_table(
        ("dataset", "prepared", "download", "comes from"),
        [
            (row["name"], words[row["prepared"]], words[row["downloadable"]], row["from"])
            for row in rows
        ],
    )


@click.command("fetch")
@click.argument("name", metavar="NAME|SUITE")
@set_option
@_place_options
def fetch_command(
    name: str,
    overrides: tuple[str, ...],
    plugins: tuple[Path, ...],
    autoload: bool,
    data_dir: Path | None,
    cache_dir: Path | None,
) -> None:
    """Download and prepare the dataset NAME, or every dataset of the suite file SUITE, into the cache."""
    for use, interactions in _prepared(name, overrides, plugins, autoload, data_dir, cache_dir):
        echo(printable(f"{use.name}: {len(interactions):,} rows in {interactions.folder}"))


@click.command("info")
@click.argument("name", metavar="NAME|SUITE")
@set_option
@_place_options
@json_option
def info_command(
    name: str,
    overrides: tuple[str, ...],
    plugins: tuple[Path, ...],
    autoload: bool,
    data_dir: Path | None,
    cache_dir: Path | None,
    as_json: bool,
) -> None:
    """Show what the dataset NAME, or each dataset of the suite file SUITE, holds; it is prepared if need be."""
    from bench.cli._data_facts import echo_facts, facts

    found = {
        use.name: facts(held)
        for use, held in _prepared(name, overrides, plugins, autoload, data_dir, cache_dir)
    }
    if as_json:
        echo_json({"datasets": found})
    else:
        echo_facts(found)


def _prepared(
    name: str,
    overrides: tuple[str, ...],
    plugins: tuple[Path, ...],
    autoload: bool,
    data_dir: Path | None,
    cache: Path | None,
) -> Iterator[tuple[_Use, Any]]:
    from bench.data import cache_dir, prepare
    from bench.registry import load_registry

    registry = load_registry(plugins, autoload=autoload)
    warn_quarantined(registry)
    for use in _uses(name, overrides, registry, plugins):
        report = _reporter(use)
        yield (
            use,
            prepare(
                use.dataset, data_dir=data_dir, cache=cache_dir(cache), base=use.base, report=report
            ),
        )


def _uses(
    name: str, overrides: tuple[str, ...], registry: Registry, plugins: tuple[Path, ...]
) -> list[_Use]:
    """The datasets of a suite, where `name` is the file of one; else the dataset of that name."""
    from bench.suite import load_datasets

    path = Path(name)
    if path.suffix.lower() in (".yaml", ".yml") or path.is_file():
        suite = load_datasets(path, registry, plugins, overrides)
        return [
            _Use(each, _make(suite.registry, spec.use, dict(spec.params)), suite.folder)
            for each, spec in suite.datasets.items()
        ]
    if overrides:
        raise SuiteError(f"--set sets values of a suite, and {name!r} is the name of a dataset")
    dataset = _without_settings(registry, name)
    if dataset is None:
        raise SuiteError(f"dataset {name!r} needs settings; name it in a suite file and give that")
    return [_Use(name, dataset, None)]


def _make(registry: Registry, name: str, params: Mapping[str, Any]) -> Dataset:
    plugin = registry.load("datasets", name)
    dataset: Dataset = plugin(plugin.Params.model_validate_json(json.dumps(params)))
    return dataset


def _without_settings(registry: Registry, name: str) -> Dataset | None:
    """The dataset with the settings that it has by default; None where some have none."""
    from pydantic import ValidationError

    try:
        return _make(registry, name, {})
    except ValidationError:
        return None


def _reporter(use: _Use) -> Callable[[str], None]:
    label = "" if use.name == use.dataset.name else f"{use.name}: "
    return lambda line: say(label + line)


def _status(
    registry: Registry, name: str, data_dir: Path | None, cache: Path | None
) -> dict[str, Any]:
    from bench.data import cache_dir, status
    from bench.data.prepared.locate import is_local, location

    unknown = {"name": name, "prepared": None, "downloadable": None}
    try:
        dataset = _without_settings(registry, name)
    except PluginUnavailable as error:
        return {**unknown, "from": str(error)}
    if dataset is None:
        return {**unknown, "from": "what a suite says"}
    state = status(dataset, data_dir=data_dir, cache=cache_dir(cache))
    likely = state.source or next(
        (s for s in dataset.sources() if not is_local(s)), dataset.sources()[0]
    )
    missing = "" if state.source or state.downloadable else " (not there)"
    return {
        "name": name,
        "prepared": state.prepared,
        "downloadable": state.downloadable,
        "from": location(likely) + missing,
    }
