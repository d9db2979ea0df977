"""What commands share: options, JSON, and what they say of plugins."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bench.cli._output import echo, say

if TYPE_CHECKING:
    from bench.registry import Registry

__all__ = [
    "JSON_ASKED",
    "KindChoice",
    "echo_json",
    "executor_options",
    "json_option",
    "plugin_options",
    "seeds_option",
    "set_option",
    "warn_quarantined",
]

JSON_ASKED = "bench.json"  # key in the context's meta
F = TypeVar("F", bound=Callable[..., Any])


def plugin_options(command: F) -> F:
    """`--plugins FILE|DIR` (repeatable) as `plugins: tuple[Path, ...]`; `--no-plugin-autoload` as `autoload: bool`."""
    plugins = click.option(
        "--plugins",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="FILE|DIR",
        help="Load a plugin from a file, a package folder, or a folder of either. Repeatable.",
    )
    autoload = click.option(
        "--no-plugin-autoload",
        "autoload",
        is_flag=True,
        flag_value=False,
        default=True,
        help="Leave installed third-party plugins out.",
    )
    return plugins(autoload(command))


def executor_options(command: F) -> F:
    """`--executor NAME` as `executor: str | None`; `--executor-set a.b=1` (repeatable) as `executor_set: tuple[str, ...]`."""
    chosen = click.option(
        "--executor",
        metavar="NAME",
        help="Where steps run: local, inline, dask, ray or a plugin.  [default: the suite's, or local]",
    )
    settings = click.option(
        "--executor-set",
        multiple=True,
        metavar="KEY=VALUE",
        help="Set a parameter of the executor (bench describe EXECUTOR lists them). Repeatable.",
    )
    return chosen(settings(command))


def json_option(command: F) -> F:
    """`--json` as `as_json: bool`. Remembered, so that an error is JSON too."""
    return click.option(
        "--json", "as_json", is_flag=True, callback=_remember_json, help="Print JSON."
    )(command)


def _remember_json(ctx: click.Context, _: click.Parameter, value: bool) -> bool:
    ctx.meta[JSON_ASKED] = value  # shared by a context and those above it
    return value


def set_option(command: F) -> F:
    """`--set a.b=1` (repeatable) as `overrides: tuple[str, ...]`."""
    return click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="PATH=VALUE",
        help="Set a value of the suite, e.g. methods.gating.selector.hidden=[64]. Repeatable.",
    )(command)


class KindChoice(click.Choice[str]):
    """A kind of plugin; what is none is told which one it may have been."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from bench.registry import did_you_mean

        known = [str(choice) for choice in self.choices]
        if value not in known:
            self.fail(f"{value!r} is no kind of plugin{did_you_mean(value, known)}", param, ctx)
        return super().convert(value, param, ctx)


def seeds_option(command: F) -> F:
    """`--seeds 0,1` as `seeds: tuple[int, ...]`."""
    return click.option(
        "--seeds", callback=_numbers, metavar="0,1,…", help="Seeds to run instead of the suite's."
    )(command)


def _numbers(_: click.Context, __: click.Parameter, value: str | None) -> tuple[int, ...]:
    """`0,1,2` as seeds."""
    if value is None:
        return ()
    try:
        seeds = tuple(int(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a list of whole numbers like 0,1,2") from None
    if min(seeds) < 0 or len(set(seeds)) < len(seeds):
        raise click.BadParameter("seeds are different whole numbers from 0 on")
    return seeds


def echo_json(value: Any) -> None:
    """Print a value as strict JSON in ASCII. What HTML would read as markup is escaped too: whoever embeds it in a page
    embeds no tag."""
    text = json.dumps(value, indent=2, allow_nan=False)
    # strings alone have these
    echo(text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026"))


def warn_quarantined(registry: Registry, told: Registry | None = None) -> None:
    """Say on stderr what was left out, but for what was told of another registry already. Before anything is looked for: it
    may be missing for this reason."""
    for plugin in registry.quarantined:
        if told is None or plugin not in told.quarantined:
            say(f"warning: plugin {plugin.origin} is quarantined: {plugin.reason}")
