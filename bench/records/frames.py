"""A run as pandas tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.errors import RecordError
from bench.records.blobs import read_table
from bench.records.manifest_file import trial_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from bench.records.run import Run

__all__ = ["trials_frame", "users_frame"]


def trials_frame(run: Run) -> pd.DataFrame:
    """As `Run.frame` says."""
    import pandas as pd

    records = {record["id"]: record for record in run.records}
    rows = [
        {
            **trial_of(line),
            "kind": line["kind"],
            "status": line["status"] or ("missing" if line["asked"] else "not asked"),
            **dict(_figures(records.get(line["record"], {}))),
        }
        for line in run.manifest["trials"]
    ]
    return pd.DataFrame(rows)


def _figures(record: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    for name, score in record.get("metrics", {}).items():
        yield name, score["value"]
    cost = record.get("cost", {})
    yield from cost.get("own", {}).items()
    for name, value in cost.get("total", {}).items():
        yield f"total_{name}", value


def users_frame(run: Run) -> pd.DataFrame:
    """As `Run.users` says."""
    import pandas as pd

    if not run.user_tables:
        why = run.analysis_fault or "it has no analysis"
        raise RecordError(f"{run.folder}: no tables by user: {why}; run the suite again")
    frames: list[pd.DataFrame] = []
    for place, digest in run.user_tables.items():
        frame = read_table(run.folder, digest).to_pandas()
        dataset, _, protocol = place.partition("/")
        frame.insert(0, "protocol", protocol)
        frame.insert(0, "dataset", dataset)
        frames.append(frame)
    joined: pd.DataFrame = pd.concat(frames, ignore_index=True)
    return joined
