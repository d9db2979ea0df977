"""Whether a run did what it was asked for, as an error for programs that go on with its figures."""

from __future__ import annotations

from bench.errors import IncompleteRunError
from bench.job.outcome import of_record
from bench.records import Run

__all__ = ["incomplete"]

_NAMED = 3  # trials that the message names
_REASON_CAP = 300  # characters


def incomplete(run: Run) -> IncompleteRunError | None:
    """What to raise where trials that were asked for have no result; None where all have."""
    lacking = run.lacking
    if not lacking and run.wanted != frozenset():
        return None
    if not lacking:
        return IncompleteRunError(f"{run.folder}: no trial was asked for; leave out `only`", run)
    records = {record["id"]: record for record in run.records}
    told = []
    for line in lacking[:_NAMED]:
        record = records.get(line["record"])
        outcome = None if record is None else of_record(record)
        how = "no record" if outcome is None else f"{outcome.label}: {outcome.reason[:_REASON_CAP]}"
        place = f"{line['dataset']}/{line['protocol']} {line['method']} seed {line['seed']}"
        told.append(f"{place}: {how}")
    if len(lacking) > _NAMED:
        told.append(f"{len(lacking) - _NAMED} more")
    asked = len(run.wanted) if run.wanted is not None else len(run.manifest["trials"])
    return IncompleteRunError(
        f"{run.folder}: {len(lacking)} of {asked} trials have no result: {'; '.join(told)}; mend that and run again, or go on "
        "without them with allow_incomplete=True",
        run,
    )
