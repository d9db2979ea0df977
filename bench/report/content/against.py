"""`bench report --against METHOD`: a run's analyses, held against another method by the resamples that the run keeps."""

from __future__ import annotations

from typing import Any

from bench.errors import BenchError
from bench.evaluate import BEST_SINGLE, analysis_to_json, held_against
from bench.evaluate.inference.kept_resamples import unpack
from bench.records import Run, read_blob
from bench.registry import did_you_mean
from bench.report.content.analyses import read_analysis

__all__ = ["run_against"]


def run_against(run: Run, method: str) -> Run:
    """The run with differences from `method` in its analyses. Raises BenchError for no method of the run, and where the run
    keeps no resamples, RecordError where they are damaged."""
    known = [
        BEST_SINGLE,
        *dict.fromkeys(
            trial["method"] for trial in run.manifest["trials"] if trial["kind"] != "bound"
        ),
    ]
    if method not in known:
        raise BenchError(
            f"--against {method!r} is no base model or method of this run{did_you_mean(method, known)}"
        )
    if method == BEST_SINGLE:
        return run._replace(
            analyses={place: one | {"chosen": None} for place, one in run.analyses.items()}
        )
    return run._replace(
        analyses={place: _against(run, place, one, method) for place, one in run.analyses.items()}
    )


def _against(run: Run, place: str, found: dict[str, Any], method: str) -> dict[str, Any]:
    if found.get("chosen") == method:
        return found
    kept = found.get("kept_resamples")
    if kept is None:
        raise BenchError(
            f"{run.folder / 'analysis.json'}: {place} keeps no resamples to hold methods against {method!r} by: it is of an "
            "earlier version, or fewer than two methods have a value; remove the file and run the suite again"
        )
    analysis = read_analysis(run, place)
    assert analysis is not None, "one of the run's"
    resampled = unpack(kept, read_blob(run.folder, kept["blob"]))
    return analysis_to_json(held_against(analysis, resampled, method))
