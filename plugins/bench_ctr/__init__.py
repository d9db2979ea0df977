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
        "dcn-v2": "bench_ctr.dcn_v2:DCNv2",
        "autoint": "bench_ctr.autoint:AutoInt",
        "gbdt": "bench_ctr.gbdt:GBDT",
        "mean": "bench_ctr.mean:Mean",
    }
