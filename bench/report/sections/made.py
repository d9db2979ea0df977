"""How a run was made, and the commands that make it again."""

from __future__ import annotations

from collections.abc import Iterator

from bench.report.content.model import Report
from bench.report.words.blocks import Block, Lines, Note, Terms
from bench.report.words.names import short

__all__ = ["made_blocks"]

_COMMANDS = ("bench run suite.yaml --data-dir DATA --out again", "bench compare . again")


def made_blocks(report: Report) -> Iterator[Block]:
    """Commands first: a reader wants to do it again. Nothing where no record says with what it was made."""
    made = report.made
    if made is None:
        return
    yield Note(
        "To make it again, in the run's folder, DATA being where its data lie (and with --plugins, if it had some):"
    )
    yield Lines(_COMMANDS)
    if made.started:
        until = f", last ended {short(made.ended)}" if made.ended else ""
        yield Note(f"First begun {short(made.started)}{until}.")
    for machine in made.machines:
        told = ", ".join(f"{key} {short(value, 60)}" for key, value in machine)
        yield Note(f"Computed on: {told}.")
    if made.versions:
        yield Terms(
            tuple(
                (short(name), "; ".join(short(one, 60) for one in versions))
                for name, versions in sorted(made.versions.items())
            )
        )
