"""Executors over engines that run on several machines: Dask (and with it SLURM and others), Ray."""

from __future__ import annotations

from bench import hookimpl

__all__: list[str] = []


@hookimpl
def bench_executors() -> dict[str, str]:
    return {"dask": "bench_executors.dask:DaskExecutor", "ray": "bench_executors.ray:RayExecutor"}
