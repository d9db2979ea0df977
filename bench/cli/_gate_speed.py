"""`bench gate --speed`: its options, and the result."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bench.cli._output import say

if TYPE_CHECKING:
    from bench.gate import GateResult

__all__ = ["check_given", "speed_options", "speed_result"]

F = TypeVar("F", bound=Callable[..., Any])


def _share(_: click.Context, __: click.Parameter, value: str | None) -> float | None:
    """`10%` or `0.1`."""
    if value is None:
        return None
    text = value.strip()
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = math.nan
    if not 0 <= share < math.inf:
        raise click.BadParameter(f"{value!r} is no share like 10% or 0.1")
    if share >= 1 and not text.endswith("%"):
        raise click.BadParameter(f"{value!r} is {share:.0%}; write 10% or 0.1 for a tenth")
    return share


_OPTIONS = (
    click.option(
        "--suite",
        type=click.Path(path_type=Path),
        help="The suite to time, on both sides. Without it BASE and CANDIDATE are files of pytest-benchmark.",
    ),
    click.option(
        "--plugins",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="FILE|DIR",
        help="Load a plugin that the suite does not name, from each side's own tree. Repeatable.",
    ),
    click.option(
        "--launches",
        type=click.IntRange(1, 1000),
        help="Processes a side; fewer than 5 judge nothing. [default: 5]",
    ),
    click.option(
        "--blocks", type=click.IntRange(1, 1000), help="Runs in each process. [default: 3]"
    ),
    click.option(
        "--margin",
        callback=_share,
        metavar="SHARE",
        help="How much slower it may be: 10%. [default: BASE's suite says]",
    ),
    click.option(
        "--threads", type=click.IntRange(1, 1024), help="Threads of each step. [default: 1]"
    ),
    click.option(
        "--time-limit",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="Begin nothing that would end later, and judge what there is.",
    ),
    click.option(
        "--data-dir",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="BENCH_DATA",
        help="Where datasets lie (or BENCH_DATA).",
    ),
)


def speed_options(command: F) -> F:
    """`--speed` as `speed: bool`, and the options that go with it."""
    for option in reversed(_OPTIONS):
        command = option(command)
    speed = click.option(
        "--speed",
        is_flag=True,
        help="Judge time and memory: run both sides here. Each is a git ref, a folder with a checkout, a wheel or a "
        "virtual environment.",
    )
    return speed(command)


def speed_result(base: str, candidate: str, given: dict[str, Any]) -> GateResult:
    """What runs is told on stderr."""
    from bench.gate.speed import SpeedOptions, gate_speed

    asked = {name: value for name, value in given.items() if value is not None}
    return gate_speed(base, candidate, SpeedOptions(**asked), say)


def check_given(ctx: click.Context, given: dict[str, Any], *, speed: bool) -> None:
    """An option of --speed says nothing without it. Those of a suite say nothing of files."""
    wanted = {name for name in given if given[name] is not None and _is_typed(ctx, name)}
    if not speed and wanted:
        raise click.UsageError(f"{_flag(min(wanted))} is an option of --speed", ctx)
    unused = sorted(wanted - {"margin", "suite"})
    if speed and given["suite"] is None and unused:
        raise click.UsageError(
            f"{_flag(unused[0])} is of a suite that is run; give that with --suite", ctx
        )


def _is_typed(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
