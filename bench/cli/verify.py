"""`bench verify RUN...`: is a run's folder what was written, and what do two make together?"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli._common import echo_json, json_option
from bench.cli._output import echo, printable

if TYPE_CHECKING:
    from bench.records.findings import Finding, Verified

__all__ = ["command"]

_FOLDER = click.Path(path_type=Path, readable=False)


@click.command("verify")
@click.argument("runs", nargs=-1, required=True, type=_FOLDER)
@click.option(
    "--merge",
    "merging",
    metavar="THERE",
    type=_FOLDER,
    help="Take what the run in THERE was asked for, and has of it, into RUN; or copy nothing, and say why.",
)
@click.option(
    "--repair",
    "repairing",
    is_flag=True,
    help="Put right what needs no run: list records that a copy brought in, remove what is left over.",
)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    runs: tuple[Path, ...],
    merging: Path | None,
    repairing: bool,
    as_json: bool,
) -> None:
    """Check the folders RUNS of runs: every record, blob, manifest and analysis by its digest, what one names of another, and
    what nothing names. Of several runs also whether two have different results of one trial, and what the first would be with
    each of the others merged into it.

    Ends with 0 where all is whole, with 4 where a trial that was asked for lacks a result, with 5 where a file is damaged or
    missing, or a trial has two results; --merge with 2 where THERE is no run of the same suite. What is left over is told of
    and no fault."""
    from bench.records.repair import repair
    from bench.records.together import together
    from bench.records.verify import conflicts_between, verify

    merged = _merge(ctx, runs, merging, as_json) if merging else ()
    done = {run: repair(run) for run in runs} if repairing else {}
    found = [verify(run) for run in runs]
    between = conflicts_between(runs)
    pairs = [pair for other in runs[1:] if (pair := together(runs[0], other)) is not None]
    codes = [one.exit_code for one in found]
    code = max(*codes, 5 if between else 0)
    if as_json:
        told = [{**_as_dict(one), "repaired": done.get(one.folder, [])} for one in found]
        echo_json(
            {
                "exit_code": code,
                "runs": told,
                "between": [one._asdict() for one in between],
                "together": [pair.as_dict() for pair in pairs],
                "merged": list(merged),
            }
        )
        ctx.exit(code)
    for line in merged:
        echo(printable(f"merged: {line}"))
    for one in found:
        _echo(one, done.get(one.folder, []))
    _echo_findings(between)
    for pair in pairs:
        # faults of one run alone and conflicts are told above
        _echo_findings(one for one in (*pair.refused, *pair.outranked) if one.kind == "stray")
        echo(printable(str(pair)))
    ctx.exit(code)


def _merge(
    ctx: click.Context, runs: tuple[Path, ...], there: Path, as_json: bool
) -> tuple[str, ...]:
    """What was done. Ends the command where nothing was, with 5 for a fault and 2 for a run of another suite."""
    from bench.records.findings import FAULTS
    from bench.records.merge import merge

    if len(runs) > 1:
        raise click.UsageError(
            "--merge takes one run into one other: bench verify RUN --merge THERE", ctx
        )
    if runs[0].resolve() == there.resolve():
        raise click.UsageError(f"--merge: {there} is the same folder; name another run", ctx)
    refused, done = merge(runs[0], there)
    if refused:
        code = 5 if any(finding.kind in FAULTS for finding in refused) else 2
        if as_json:
            echo_json({"exit_code": code, "refused": [one._asdict() for one in refused]})
        else:
            _echo_findings(refused)
            echo(printable(f"{runs[0]}: nothing was copied from {there}"))
        ctx.exit(code)
    return done


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
    _echo_findings(one.findings)
    counts = ", ".join(f"{number:,} {what}" for what, number in one.counts.items())
    echo(printable(f"{one.folder}: {_VERDICT[one.exit_code]}: {counts}"))


_VERDICT = {0: "whole", 4: "incomplete", 5: "not whole"}


def _echo_findings(findings: Iterable[Finding]) -> None:
    for finding in findings:
        line = f"{finding.kind}: {finding.file}: {finding.what}; {finding.fix}"
        echo(printable(line.replace("\n", r"\n")))
