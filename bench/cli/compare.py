"""`bench compare BASE CANDIDATE`: did quality or speed get worse?"""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli._common import echo_json, json_option
from bench.cli._output import console

__all__ = ["command"]


@click.command("compare")
@click.argument("base", type=click.Path(path_type=Path, readable=False))
@click.argument("candidate", type=click.Path(path_type=Path, readable=False))
@json_option
@click.pass_context
def command(ctx: click.Context, base: Path, candidate: Path, as_json: bool) -> None:
    """Compare two runs, BASE and CANDIDATE being their folders.

    Each trial is judged by itself: a figure may regress in any one seed. bench gate judges what is beyond chance, over
    users and seeds.

    Metrics may get worse by the tolerance that BASE's suite states (gate: {tolerance: {auc: 1e-6}}; 1e-6 for metrics that
    it doesn't name); bounds are shown and never judged. What differs between the runs is said first. CPU times are compared
    where machine, threads and versions of what computes are the same.

    Ends with 1 where a metric got worse by more in any one seed, with 4 where a trial of BASE is missing or failed (whatever
    the others say; not one that neither run was ever asked for), with 2 where the two were not scored on the same data,
    split and metrics."""
    from bench.cli._compare_words import blocks
    from bench.compare import compare, to_json
    from bench.records import load
    from bench.report import print_blocks

    comparison = compare(load(base), load(candidate))
    if as_json:
        echo_json(to_json(comparison))
    else:
        print_blocks(blocks(comparison), console())
    ctx.exit(comparison.exit_code)
