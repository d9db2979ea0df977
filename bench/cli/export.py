"""`bench export RUN FILE`: a run's predictions with their keys, for other tools."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.errors import StorageError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["command"]


@click.command("export")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--method", "methods", multiple=True, help="Of this method or base model alone. Repeatable."
)
@click.option("--labels", is_flag=True, help="The labels of the tested rows too.")
@click.option(
    "--cache-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where prepared data are kept (or BENCH_CACHE).",
)
def command(
    run: Path, file: Path, methods: tuple[str, ...], labels: bool, cache_dir: Path | None
) -> None:
    """Write the predictions of the run in folder RUN to FILE (.parquet or .csv): a row for each tested row and trial.

    Columns: dataset, protocol, method, seed, user, item, order, label (with --labels), logit. Ids are those of the data, which
    have to be in the cache still."""
    if file.suffix.lower() not in (".parquet", ".csv"):
        raise click.BadParameter(f"{file.name!r} ends neither in .parquet nor in .csv")
    from bench.data import cache_dir as resolve_cache
    from bench.records import load
    from bench.run.exporting import predictions_table

    table = predictions_table(load(run), resolve_cache(cache_dir), methods, labels=labels)
    content = _written(table, file.suffix.lower())
    try:
        file.write_bytes(content)
    except OSError as error:
        raise StorageError(
            f"{file}: can't be written: {error.strerror}; choose another file"
        ) from error
    click.echo(f"{file}: {len(table):,} rows", err=True)


def _written(table: pa.Table, suffix: str) -> bytes:
    import pyarrow.csv as pa_csv
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    if suffix == ".csv":
        pa_csv.write_csv(table, buffer)
    else:
        pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()
