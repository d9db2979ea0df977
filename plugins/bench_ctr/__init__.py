"""Base models of click-through-rate prediction."""

from bench import hookimpl

__all__ = ["bench_models"]


@hookimpl
def bench_models() -> dict[str, str]:
    return {
        "lr": "bench_ctr.lr:LR",
        "fm": "bench_ctr.fm:FM",
        "ffm": "bench_ctr.ffm:FFM",
        "deepfm": "bench_ctr.deepfm:DeepFM",
    }
