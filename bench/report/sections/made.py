"""How a run was made, and the commands that make it again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from bench.report.content.model import Report
from bench.report.words.blocks import Block, Lines, Note, Terms
from bench.report.words.figures import listed
from bench.report.words.names import short, visible

__all__ = ["made_blocks"]


def made_blocks(report: Report) -> Iterator[Block]:
    """Commands first: a reader wants to do it again. Nothing where no record says with what it was made."""
    made = report.made
    if made is None:
        return
    where = "DATA being where its data lie"
    if made.plugins:
        where += ", and its plugins, named by --plugins, being there too"
    if made.suite_plugins:
        paths = listed(made.suite_plugins, None)
        where += f", and the plugins that its suite names ({paths}) being copied there, from the folder where the suite was"
    yield Note(f"To make it again, in the run's folder, {where}:")
    given = "".join(f" --plugins {_quoted(name)}" for name in made.plugins)
    yield Lines(
        (f"bench run suite.yaml --data-dir DATA{given} --out again", "bench compare . again")
    )
    if made.started:
        until = f", last ended {short(made.ended)}" if made.ended else ""
        yield Note(f"First begun {short(made.started)}{until}.")
    for place, machine in enumerate(made.machines, 1):
        told = ", ".join(f"{key} {short(value, 60)}" for key, value in machine)
        number = f", machine {place}" if len(made.machines) > 1 else ""
        yield Note(f"Computed on{number}: {told}.")
    if made.workers:
        yield Note(f"Steps were done by workers on {listed(made.workers)}.")
    if made.versions:
        yield Terms(
            tuple(
                (short(name), "; ".join(short(one, 60) for one in versions))
                for name, versions in sorted(made.versions.items())
            )
        )


def _quoted(name: str) -> str:
    """For a shell, from the run's folder: no option of the command."""
    shown = visible(name)
    return shlex.quote(f"./{shown}" if shown.startswith("-") else shown)
