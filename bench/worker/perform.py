"""What a worker does with a step: fit and ask plugins, under the harness's clock, and leave logits on disk."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
import torch._dynamo
from threadpoolctl import threadpool_limits

from bench.job.splits import commit_folder
from bench.job.steps import FitStep, parse_step
from bench.worker.clock import peak_rss_bytes
from bench.worker.fit_step import fit_step
from bench.worker.inputs import Progress, open_given
from bench.worker.select_step import select_step

__all__ = ["limit_threads", "perform"]


def limit_threads(threads: int) -> None:
    """Of torch and of every BLAS and OpenMP pool in the process."""
    torch.set_num_threads(threads)
    threadpool_limits(threads)


def perform(step_json: str, progress: Progress) -> None:
    """Do one step and leave its folder; raises what the plugin raises."""
    step = parse_step(step_json)
    given = open_given(step)
    done = fit_step(step, given, progress) if isinstance(step, FitStep) else select_step(step, given, progress)
    arrays, result = done
    result["cost"]["peak_rss_bytes"] = peak_rss_bytes()

    def fill(folder: Path) -> None:
        for name, content in arrays.items():
            if callable(content):
                content(folder / name)
            else:
                np.save(folder / f"{name}.npy", content, allow_pickle=False)
        (folder / "result.json").write_text(json.dumps(result, allow_nan=False), "utf-8")

    commit_folder(step.folder, fill)
