"""The harness's own protocols, metrics, executors and the base model `predictions`: a plugin like any other, by the entry
point `core`."""

from bench.hookspecs import hookimpl

__all__ = ["bench_executors", "bench_metrics", "bench_models", "bench_protocols"]


@hookimpl
def bench_models() -> dict[str, str]:
    return {"predictions": "bench.builtin.predictions:Predictions"}


@hookimpl
def bench_protocols() -> dict[str, str]:
    return {
        "user-holdout": "bench.data.splits.user_holdout:UserHoldout",
        "given": "bench.data.splits.given:Given",
        "leave-last": "bench.data.splits.leave_last:LeaveLast",
        "temporal": "bench.data.splits.temporal:Temporal",
    }


@hookimpl
def bench_metrics() -> dict[str, str]:
    return {
        "auc": "bench.evaluate.metrics.metrics:AUC",
        "logloss": "bench.evaluate.metrics.metrics:LogLoss",
        "gauc": "bench.evaluate.metrics.metrics:GAUC",
        "ndcg": "bench.evaluate.metrics.ndcg:NDCG",
    }


@hookimpl
def bench_executors() -> dict[str, str]:
    return {
        "local": "bench.executors.local:LocalExecutor",
        "inline": "bench.executors.inline:InlineExecutor",
    }
