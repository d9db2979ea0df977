"""A run's analyses, read, and why one can't be used."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from bench.errors import RecordError
from bench.evaluate import Analysis, Line, analysis_from_json, unlike_records
from bench.job.outcome import of_record
from bench.records import Run

__all__ = ["analysis_fault", "read_analysis", "usable_analysis"]

_RECORDED = ("complete", "part")  # statuses of a run that lacks no record of what it was asked for
_ANALYSED = ("base_model", "method")


def read_analysis(run: Run, place: str) -> Analysis | None:
    """Of DATASET/PROTOCOL; None where there is none. Raises RecordError for what is no analysis."""
    found = run.analyses.get(place)
    try:
        return None if found is None else analysis_from_json(found)
    except ValidationError as error:
        what = error.errors()[0]
        told = ": ".join(filter(None, (".".join(map(str, what["loc"])), what["msg"])))
        raise RecordError(
            f"{run.folder / 'analysis.json'}: no analysis of {place}: {told}"
        ) from error


def usable_analysis(run: Run, place: str, lines: Sequence[Line]) -> tuple[Analysis | None, str]:
    """The analysis, or why it can't be used; neither where there is none, and where it is by another metric than the run's
    primary. `lines`: what the records say."""
    try:
        analysis = read_analysis(run, place)
    except RecordError as error:
        return None, str(error)
    if analysis is None or analysis.primary != run.manifest["primary"]:
        return None, ""
    if fault := unlike_records(analysis, lines, run.manifest["seeds"]):
        path = run.folder / "analysis.json"
        return None, f"{path}: no analysis of {place}: {fault}; remove it and run the suite again"
    return analysis, ""


def analysis_fault(run: Run, of_places: Sequence[str]) -> str:
    """Why the run has no analysis that can be used, the first; "" where nothing is wrong. `of_places`: a section each."""
    return run.analysis_fault or next(filter(None, of_places), "") or _lacking(run)


def _lacking(run: Run) -> str:
    """Where a run that has all its records ended before it was analysed; nothing where there is an analysis, or nothing to
    analyse."""
    places = {
        f"{record['trial']['dataset']}/{record['trial']['protocol']}": None
        for record in run.records
        if of_record(record).ok and record["kind"] in _ANALYSED
    }
    missing = [place for place in places if place not in run.analyses]
    if not missing or run.manifest["status"] not in _RECORDED:
        return ""
    return f"there is none of {', '.join(missing)}; run the suite again, which makes it"
