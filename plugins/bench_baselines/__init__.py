"""Selectors that MetaSelector has to beat: mixtures, stacking, gating and trivial personalisation."""

from bench import hookimpl

__all__ = ["bench_selectors"]


@hookimpl
def bench_selectors() -> dict[str, str]:
    return {
        "average": "bench_baselines.average:Average",
        "context-gate": "bench_baselines.context_gate:ContextGate",
        "fwls": "bench_baselines.fwls:FeatureWeighted",
        "greedy": "bench_baselines.greedy:Greedy",
        "mlp": "bench_baselines.mlp:MLP",
        "random": "bench_baselines.random_choice:RandomChoice",
        "simplex": "bench_baselines.simplex:Simplex",
        "stacking": "bench_baselines.stacking:Stacking",
        "user-bayes": "bench_baselines.user_bayes:UserBayes",
        "user-best": "bench_baselines.user_best:UserBest",
        "user-calibration": "bench_baselines.user_calibration:UserCalibration",
        "user-cluster": "bench_baselines.user_cluster:UserCluster",
    }
