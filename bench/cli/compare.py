"""`bench compare BASE CANDIDATE`: did quality or speed get worse?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli._common import echo_json, json_option

if TYPE_CHECKING:
    from bench.compare import Comparison, Difference, Pair
    from bench.report import Block, Cell, GridRow

__all__ = ["command"]


@click.command("compare")
@click.argument("base", type=click.Path(path_type=Path))
@click.argument("candidate", type=click.Path(path_type=Path))
@json_option
@click.pass_context
def command(ctx: click.Context, base: Path, candidate: Path, as_json: bool) -> None:
    """Compare two runs, BASE and CANDIDATE being their folders.

    Metrics may get worse by the tolerance that BASE's suite states (gate: {tolerance: {auc: 1e-6}}; 1e-6 for metrics that
    it doesn't name); bounds are shown and never judged. Ends with 1 where one got worse by more, with 4 where a trial of
    BASE is missing or failed (whatever the others say; not one that neither run was ever asked for), with 2 where the two
    were not scored on the same data, split and metrics."""
    from rich.console import Console

    from bench.compare import compare, to_json
    from bench.records import load
    from bench.report import print_blocks

    comparison = compare(load(base), load(candidate))
    if as_json:
        echo_json(to_json(comparison))
    else:
        print_blocks(_blocks(comparison), Console())
    ctx.exit(comparison.exit_code)


def _blocks(comparison: Comparison) -> Iterator[Block]:
    from bench.report import Heading, Note

    yield Heading(1, _verdict(comparison))
    places = list(dict.fromkeys((pair.dataset, pair.protocol) for pair in comparison.pairs))
    for place in places:
        pairs = [pair for pair in comparison.pairs if (pair.dataset, pair.protocol) == place]
        yield from _grid(" / ".join(place), pairs)
    yield from map(Note, _notes(comparison))


def _verdict(comparison: Comparison) -> str:
    found = (
        f"{len(comparison.pairs)} trials compared, {len(comparison.regressions)} figures regressed"
    )
    if not comparison.pairs:
        return "Incomplete: the runs have no result in common"
    if comparison.absent:
        return f"Incomplete: {len(comparison.absent)} trials can't be compared; {found}"
    part = " as far as it goes (BASE is a part of its suite)" if comparison.not_asked[0] else ""
    return f"{'Regressed' if comparison.regressions else 'Fine'}{part}: {found}"


def _grid(title: str, pairs: Sequence[Pair]) -> Iterator[Block]:
    """A row a method: the worst change of each metric over the seeds, and the CPU time's ratio."""
    from bench.report import Cell, Grid, GridRow, short

    metrics = list(dict.fromkeys(one.metric for pair in pairs for one in pair.differences))
    rows: list[GridRow] = []
    for method in dict.fromkeys(pair.method for pair in pairs):
        of_method = [pair for pair in pairs if pair.method == method]
        changes = [
            [one for pair in of_method for one in pair.differences if one.metric == name]
            for name in metrics
        ]
        name = f"{short(method)} (bound)" if of_method[0].kind == "bound" else short(method)
        rows.append(GridRow(name, (*map(_worst, changes), Cell(_ratios(of_method)))))
    heads = ("method", *(f"{short(metric)}\nchange" for metric in metrics), "CPU s\nratio")
    yield Grid(
        f"{title}: candidate minus base, the worst over seeds (! regressed)", heads, tuple(rows)
    )


def _worst(differences: Sequence[Difference]) -> Cell:
    from bench.report import Cell

    worse = [one for one in differences if one.verdict == "worse"]
    shown = max(worse or differences, key=_badness, default=None)
    text = (
        "–"
        if shown is None or shown.change is None
        else f"{shown.change:+.6f}"
        if shown.change
        else "0.000000"
    )
    return Cell(text, "!" if worse else " ")


def _badness(one: Difference) -> float:
    """The larger the worse: a lost figure most of all; without a known direction any change is bad."""
    if one.change is None:
        return math.inf if one.verdict == "worse" else -math.inf
    return (
        abs(one.change)
        if one.higher_is_better is None
        else -one.change
        if one.higher_is_better
        else one.change
    )


def _ratios(pairs: Sequence[Pair]) -> str:
    """The least and the most over seeds."""
    ratios = sorted(pair.cpu_ratio for pair in pairs if pair.cpu_ratio is not None)
    if not ratios:
        return "–"
    return "–".join(dict.fromkeys(f"{ratio:.2f}" for ratio in (ratios[0], ratios[-1])))


def _notes(comparison: Comparison) -> Iterator[str]:
    from bench.report import short

    for pair, one in comparison.regressions:
        place = (
            f"{short(pair.dataset)}/{short(pair.protocol)} {short(pair.method)}, seed {pair.seed}"
        )
        yield f"Regressed: {place}: {short(one.metric)} {one.base} -> {one.candidate} (tolerance {one.tolerance:g})."
    for absent in comparison.absent:
        place = f"{short(absent.dataset)}/{short(absent.protocol)} {short(absent.method)}, seed {absent.seed}"
        yield f"Not compared: {place}: {short(absent.reason, 200)}."
    for name, number in zip(("BASE", "CANDIDATE"), comparison.not_asked, strict=True):
        if number:
            yield f"{name} is a part of its suite: {number} of its trials {'was' if number == 1 else 'were'} never asked for."
    if comparison.added:
        yield f"CANDIDATE alone has {', '.join(map(short, comparison.added))}; not judged."
    if comparison.cpu_ratio is not None:
        yield f"CPU time, all pairs together: candidate takes {comparison.cpu_ratio:.2f} times that of base."
    for code in comparison.code:
        yield f"Code differs: {short(code.what, 100)}: {code.base[:12] or 'absent'} -> {code.candidate[:12] or 'absent'}."
    changed = dict.fromkeys(
        short(pair.method) for pair in comparison.pairs if not pair.same_settings
    )
    if changed:
        yield f"Settings differ: {', '.join(changed)}."
    pools: dict[str, dict[str, None]] = {}
    for pair in comparison.pairs:
        if pair.pool_change:
            pools.setdefault(pair.pool_change, {})[short(pair.method)] = None
    if pools:
        told = "; ".join(
            f"{', '.join(methods)} ({short(change, 200)})" for change, methods in pools.items()
        )
        yield f"Pool differs: {told}."
