"""A run as tables: of pandas, and by user of Arrow too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.errors import RecordError
from bench.records.blobs import read_table
from bench.records.manifest_file import trial_of
from bench.records.user_columns import user_column

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd
    import pyarrow as pa

    from bench.records.run import Run

__all__ = ["trials_frame", "users_frame", "users_table"]


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
    frame: pd.DataFrame = users_table(run).to_pandas()
    return frame


def users_table(run: Run) -> pa.Table:
    """A row for each dataset, protocol, seed, method and test user: the columns of `USER_COLUMNS`, each field with a
    `description` and what a `null` says as metadata. Columns that a dataset has none of are null. Raises RecordError where
    there is no analysis, or its tables are missing or damaged."""
    import pyarrow as pa

    if not run.user_tables:
        why = run.analysis_fault or "it has no analysis"
        raise RecordError(f"{run.folder}: no tables by user: {why}; run the suite again")
    places = {
        f"{line['dataset']}/{line['protocol']}": (line["dataset"], line["protocol"])
        for line in run.manifest["trials"]
    }
    tables = []
    for place, (dataset, protocol) in places.items():
        if place in run.user_tables:
            table = read_table(run.folder, run.user_tables[place])
            for name, value in (("protocol", protocol), ("dataset", dataset)):
                table = table.add_column(0, name, pa.array([value] * len(table), pa.string()))
            tables.append(table)
    return _described(pa.concat_tables(tables, promote_options="permissive"))


def _described(table: pa.Table) -> pa.Table:
    import pyarrow as pa

    return table.cast(pa.schema([_with_meaning(field) for field in table.schema]))


def _with_meaning(field: pa.Field) -> pa.Field:
    known = user_column(field.name)
    if known is None:
        return field
    return field.with_metadata({"description": known.meaning, "null": known.null})
