"""Runs in time with known figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.records import Run

Records = list[dict[str, Any]]
Edit = Callable[[Records, dict[str, Any]], None]
MakeRun = Callable[..., Run]


def runs_of(
    make_run: MakeRun,
    shifts: Sequence[float],
    edits: dict[int, Edit] | None = None,
    seeds: tuple[int, ...] = (0,),
) -> list[Run]:
    """A run a shift, which fm's log loss and CPU time take; `edits`: of single runs, after that."""
    return [
        make_run(seeds, _edit(place, shift, (edits or {}).get(place)))._replace(
            folder=Path(f"/runs/run-{place:03d}")
        )
        for place, shift in enumerate(shifts)
    ]


def _edit(place: int, shift: float, further: Edit | None) -> Edit:
    def edit(records: Records, manifest: dict[str, Any]) -> None:
        manifest["started"] = f"2026-{1 + place // 28:02d}-{1 + place % 28:02d}T10:00:00+00:00"
        for one in records:
            one["environment"] = {"processor": "P1", "cores": 2}
            if one["trial"]["method"] == "fm":
                one["metrics"]["logloss"]["value"] += shift
                one["cost"]["own"]["train_cpu_s"] *= 1 + shift
        if further is not None:
            further(records, manifest)

    return edit


def identity(**told: Any) -> Edit:
    def edit(records: Records, _: dict[str, Any]) -> None:
        for one in records:
            one["identity"] |= told

    return edit


def of_one_step(records: Records, _: dict[str, Any]) -> None:
    """Each method's step is the same in every run: costs alike are one measurement."""
    for one in records:
        one["identity"]["steps"] = [one["trial"]["method"]]


def otava_script(folder: Path, body: str) -> Path:
    """An environment whose `bin/python` is a script with that body."""
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\n{body}\n")
    python.chmod(0o755)
    return folder
