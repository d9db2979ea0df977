"""Selectors that MetaSelector has to beat: mixtures, stacking, gating and trivial personalisation."""

from bench import hookimpl

__all__ = ["bench_selectors"]


@hookimpl
def bench_selectors() -> dict[str, str]:
    return {
        "average": "bench_baselines.average:Average",
        "stacking": "bench_baselines.stacking:Stacking",
        "mlp": "bench_baselines.mlp:MLP",
        "user-best": "bench_baselines.user_best:UserBest",
        "user-calibration": "bench_baselines.user_calibration:UserCalibration",
    }
