"""Datasets: MovieLens 100K, 1M and latest-small, any table in a file of CSV, JSON lines or Parquet, and a generated one."""

from bench import hookimpl

__all__ = ["bench_datasets"]


@hookimpl
def bench_datasets() -> dict[str, str]:
    return {
        "movielens-100k": "bench_data.movielens:MovieLens100K",
        "movielens-1m": "bench_data.movielens:MovieLens1M",
        "movielens-latest-small": "bench_data.movielens:MovieLensLatestSmall",
        "synthetic": "bench_data.synthetic:Synthetic",
        "table": "bench_data.table:Table",
    }
