"""`bench export RUN FILE`: a run's predictions with their keys, or its table by user, for other tools."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli._whole_file import write_whole

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.records import Run

__all__ = ["command"]


@click.command("export")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--method", "methods", multiple=True, help="Of this method or base model alone. Repeatable."
)
@click.option(
    "--users", is_flag=True, help="A row for each test user instead of one for each prediction."
)
@click.option("--labels", is_flag=True, help="The labels of the tested rows too.")
@click.option(
    "--cache-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where prepared data are kept (or BENCH_CACHE).",
)
def command(
    run: Path,
    file: Path,
    methods: tuple[str, ...],
    users: bool,
    labels: bool,
    cache_dir: Path | None,
) -> None:
    """Write the predictions of the run in folder RUN to FILE (.parquet or .csv): a row for each tested row and trial.

    Columns: dataset, protocol, method, seed, user, item, order, label (with --labels), logit. Ids are those of the data, which
    have to be in the cache still. With --users a row for each test user and trial: losses, best and chosen model, weights."""
    if file.suffix.lower() not in (".parquet", ".csv"):
        raise click.BadParameter(f"{file.name!r} ends neither in .parquet nor in .csv")
    if users and labels:
        raise click.UsageError("--labels are of rows: leave out --users or --labels")
    from bench.records import load

    loaded = load(run)
    table = (
        _by_user(loaded, methods)
        if users
        else _predictions(loaded, cache_dir, methods, labels=labels)
    )
    write_whole(file, _written(table, file.suffix.lower()), f"{len(table):,} rows")


def _by_user(run: Run, methods: Sequence[str]) -> pa.Table:
    from bench.run.exporting import users_of

    return users_of(run, methods)


def _predictions(run: Run, cache: Path | None, methods: Sequence[str], *, labels: bool) -> pa.Table:
    from bench.data import cache_dir
    from bench.run.exporting import predictions_table

    return predictions_table(run, cache_dir(cache), methods, labels=labels)


def _written(table: pa.Table, suffix: str) -> bytes:
    import pyarrow.csv as pa_csv
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    if suffix == ".csv":
        pa_csv.write_csv(table, buffer)
    else:
        pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()
