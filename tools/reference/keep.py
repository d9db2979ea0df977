"""A run without its arrays, and its figures."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from bench.records import load, record_path
from bench.report import build, write_figures

__all__ = ["draw", "keep"]

_FILES = ("manifest.json", "analysis.json", "data.json", "suite.yaml")


def keep(run: Path, into: Path) -> Path:
    """Copy a run, by its suite's name, in place of an earlier one. Ends the program where a trial has no result or there is no
    analysis."""
    found = load(run)
    if found.lacking or not all(line["record"] for line in found.manifest["trials"]):
        sys.exit(f"{run}: some trials have no result; a reference has all")
    if not found.analyses:
        sys.exit(f"{run}: {found.analysis_fault or 'it has no analysis'}; run the suite again")
    folder = into / str(found.manifest["suite"]["name"])
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "records").mkdir(parents=True)
    for name in _FILES:
        shutil.copyfile(run / name, folder / name)
    for record in found.records:
        path = record_path(run, record["id"])
        shutil.copyfile(path, folder / path.relative_to(run))
    return folder


def draw(run: Path, folder: Path) -> None:
    """Every figure as SVG, in place of earlier ones; `run` has its tables by user."""
    shutil.rmtree(folder, ignore_errors=True)
    found = load(run)
    for file in write_figures(build(found), found, folder):
        if file.suffix != ".svg":
            file.unlink()
