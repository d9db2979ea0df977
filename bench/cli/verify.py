"""`bench verify RUN...`: is a run's folder what was written?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli._common import echo_json, json_option
from bench.cli._output import echo, printable

if TYPE_CHECKING:
    from bench.records.findings import Finding, Verified

__all__ = ["command"]


@click.command("verify")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path, readable=False))
@click.option(
    "--repair",
    "repairing",
    is_flag=True,
    help="Put right what needs no run: list records that a copy brought in, remove what is left over.",
)
@json_option
@click.pass_context
def command(ctx: click.Context, runs: tuple[Path, ...], repairing: bool, as_json: bool) -> None:
    """Check the folders RUNS of runs: every record, blob, manifest and analysis by its digest, what one names of another, and
    what nothing names. Of several runs also whether two have different results of one trial.

    Ends with 0 where all is whole, with 4 where a trial that was asked for lacks a result, with 5 where a file is damaged or
    missing, or a trial has two results. What is left over is told of and no fault."""
    from bench.records.repair import repair
    from bench.records.verify import conflicts_between, verify

    done = {run: repair(run) for run in runs} if repairing else {}
    found = [verify(run) for run in runs]
    between = conflicts_between(runs)
    codes = [one.exit_code for one in found]
    code = max(*codes, 5 if between else 0)
    if as_json:
        told = [{**_as_dict(one), "repaired": done.get(one.folder, [])} for one in found]
        echo_json({"exit_code": code, "runs": told, "between": [one._asdict() for one in between]})
    else:
        for one in found:
            _echo(one, done.get(one.folder, []))
        for finding in between:
            _echo_finding(finding)
    ctx.exit(code)


def _as_dict(one: Verified) -> dict[str, Any]:
    return {
        "run": str(one.folder),
        "exit_code": one.exit_code,
        "counts": dict(one.counts),
        "findings": [finding._asdict() for finding in one.findings],
    }


def _echo(one: Verified, done: list[str]) -> None:
    for line in done:
        echo(printable(f"repaired: {line}"))
    for finding in one.findings:
        _echo_finding(finding)
    counts = ", ".join(f"{number:,} {what}" for what, number in one.counts.items())
    echo(printable(f"{one.folder}: {_VERDICT[one.exit_code]}: {counts}"))


_VERDICT = {0: "whole", 4: "incomplete", 5: "not whole"}


def _echo_finding(finding: Finding) -> None:
    line = f"{finding.kind}: {finding.file}: {finding.what}; {finding.fix}"
    echo(printable(line.replace("\n", r"\n")))
