"""`bench gate BASE CANDIDATE`: may this change go in? With `--speed`, versions are run; else two runs are read."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli._common import echo_json, json_option
from bench.cli._gate_speed import check_given, speed_options, speed_result
from bench.cli._output import console, echo
from bench.cli._whole_file import encoded, write_whole
from bench.errors import BenchError, NoRunError, StorageError
from bench.storage.remedy import remedy

if TYPE_CHECKING:
    from bench.gate import Aspect, GateResult

__all__ = ["command"]

_SUMMARY = "GITHUB_STEP_SUMMARY"  # where GitHub Actions keeps a step's Markdown


@click.command("gate")
@click.argument("base")
@click.argument("candidate")
@click.option(
    "--aspect",
    "aspects",
    multiple=True,
    type=click.Choice(["quality", "memory"]),
    help="Judge this alone. Repeatable; both where none is given.",
)
@click.option("--all", "every", is_flag=True, help="Show what is ok, too.")
@click.option("--junit", metavar="FILE", help="Write JUnit XML: a test case a figure.")
@click.option(
    "--markdown",
    metavar="FILE",
    help="Write Markdown to a file, for a comment; - prints it instead of the table.",
)
@click.option(
    "--github",
    is_flag=True,
    help="Annotate, and add Markdown to $GITHUB_STEP_SUMMARY if it is set.",
)
@speed_options
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    base: str,
    candidate: str,
    aspects: tuple[Aspect, ...],
    every: bool,
    junit: str | None,
    markdown: str | None,
    github: bool,
    as_json: bool,
    speed: bool,
    **of_speed: Any,
) -> None:
    """Judge the run CANDIDATE by the run BASE, both being folders, and by the margins that BASE's suite states (gate:).

    Every metric of every method is held against its margin, over users and seeds, adjusted for their number (Holm); peak
    memory where both were computed alike. What did not change at all is ok.

    With --speed, BASE and CANDIDATE are two versions, which run --suite on this machine in turns, or files of
    pytest-benchmark: folders, globs or a.json,b.json.

    Ends with 0 where all is ok, with 1 where something regressed: it is worse by more than its margin, beyond chance; with 3
    where that can be neither said nor excluded; with 4 where a figure is missing on one side (whatever the others say); with
    2 where the runs were not scored on the same data, split and metrics, or are one folder."""
    check_given(ctx, of_speed, speed=speed)
    if speed and aspects:
        raise click.UsageError("--aspect is of two runs; --speed judges time and memory", ctx)
    with _annotated(github):
        result = (
            speed_result(base, candidate, of_speed)
            if speed
            else _of_runs(Path(base), Path(candidate), aspects)
        )
    _write_files(result, junit, markdown, every=every)
    if github:
        _add_summary(result, every=every)
    _print(result, every=every, as_json=as_json, as_markdown=markdown == "-", github=github)
    ctx.exit(result.exit_code)


def _of_runs(base: Path, candidate: Path, aspects: tuple[Aspect, ...]) -> GateResult:
    from bench.gate import RUN_ASPECTS, check_apart, gate_runs
    from bench.records import load

    for path in (base, candidate):
        _check_folder(path)
    runs = load(base), load(candidate)
    check_apart(base, candidate)
    return gate_runs(*runs, aspects or RUN_ASPECTS)


def _check_folder(path: Path) -> None:
    """Raises NoRunError for what only --speed could judge."""
    if not path.is_dir():
        what = "a file" if path.exists() else "not there"
        raise NoRunError(
            f"{path}: {what}, where the folder of a run belongs; git refs and other versions, and files of "
            "pytest-benchmark, are judged with --speed"
        )


@contextmanager
def _annotated(github: bool) -> Iterator[None]:
    """What can't be compared is said on the pull request, too."""
    from bench.gate.print import error_annotation

    try:
        yield
    except BenchError as error:
        if github:
            echo(error_annotation(str(error)))
        raise


def _write_files(
    result: GateResult, junit: str | None, markdown: str | None, *, every: bool
) -> None:
    from bench.gate.print import to_junit, to_markdown

    if junit is not None:
        write_whole(Path(junit), encoded(to_junit(result)))
    if markdown is not None and markdown != "-":
        write_whole(Path(markdown), encoded(to_markdown(result, every=every)))


def _add_summary(result: GateResult, *, every: bool) -> None:
    from bench.gate.print import to_markdown

    if os.environ.get(_SUMMARY):
        _append(Path(os.environ[_SUMMARY]), encoded(to_markdown(result, every=every)))


def _print(
    result: GateResult, *, every: bool, as_json: bool, as_markdown: bool, github: bool
) -> None:
    """To a runner of GitHub's, what stands at the start of a line may be a command: between the marks it is text, so that no
    name of a method gives one."""
    from bench.gate import to_json
    from bench.gate.print import annotation_lines, gate_blocks, to_markdown
    from bench.report import print_blocks

    if as_json:
        echo_json(to_json(result))
        return
    mark = secrets.token_hex(16)
    if github:
        echo(f"::stop-commands::{mark}")
    if as_markdown:
        echo(to_markdown(result, every=every), nl=False)
    else:
        print_blocks(gate_blocks(result, every=every), console())
    if github:
        echo(f"::{mark}::")
        for line in annotation_lines(result):
            echo(line)


def _append(path: Path, data: bytes) -> None:
    try:
        with path.open("ab") as file:
            file.write(data)
    except OSError as error:
        raise StorageError(
            f"{path}: can't be written: {error.strerror}; {remedy(error, 'choose another file')}"
        ) from error
