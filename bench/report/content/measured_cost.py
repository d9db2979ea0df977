"""What a method cost, from the harness's own clock: CPU seconds count all threads, warm-up is not in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.report.content.model import Cost

__all__ = ["SHORTEST", "cost"]

Record = Mapping[str, Any]
SHORTEST = 1e-3  # CPU seconds; a rate over less says nothing


def cost(records: Sequence[Record]) -> Cost:
    """Of the records of one method, a seed each."""
    own = [record["cost"].get("own", {}) for record in records]
    total = [record["cost"].get("total", {}) for record in records]
    return Cost(
        train_rows_per_s=_rate(own, "train_rows", "train_cpu_s"),
        predict_rows_per_s=_rate(own, "predict_rows", "predict_cpu_s"),
        own_cpu_s=_mean_sum(own, "train_cpu_s", "predict_cpu_s"),
        own_wall_s=_mean_sum(own, "train_wall_s", "predict_wall_s"),
        total_cpu_s=_mean_sum(total, "train_cpu_s", "predict_cpu_s"),
        total_wall_s=_mean_sum(total, "train_wall_s", "predict_wall_s"),
        peak_rss_bytes=max(
            (one["peak_rss_bytes"] for one in own if one.get("peak_rss_bytes") is not None),
            default=None,
        ),
        total_train_cpu_s=_mean(
            [one["train_cpu_s"] for one in total if one.get("train_cpu_s") is not None]
        ),
        own_predict_cpu_s=_mean(
            [took for done, took in _both(own, "predict_rows", "predict_cpu_s") if done]
        ),
    )


def _rate(costs: Sequence[Record], rows: str, seconds: str) -> float | None:
    """Rows of all seeds over seconds of all seeds; None where there are no rows or it was over too soon to time."""
    pairs = _both(costs, rows, seconds)
    done, took = sum(done for done, _ in pairs), sum(took for _, took in pairs)
    return done / took if done and took >= SHORTEST else None


def _mean_sum(costs: Sequence[Record], first: str, second: str) -> float | None:
    return _mean([a + b for a, b in _both(costs, first, second)])


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _both(costs: Sequence[Record], first: str, second: str) -> list[tuple[float, float]]:
    pairs = [(one.get(first), one.get(second)) for one in costs]
    return [(a, b) for a, b in pairs if a is not None and b is not None]
