"""Meta-learners: MAML, Meta-SGD, ANIL and Reptile, and fine-tuning, their control without meta-training."""

from bench import hookimpl

__all__ = ["bench_meta_learners"]


@hookimpl
def bench_meta_learners() -> dict[str, str]:
    return {
        "maml": "bench_metaselector.maml:MAML",
        "meta-sgd": "bench_metaselector.meta_sgd:MetaSGD",
        "anil": "bench_metaselector.anil:ANIL",
        "reptile": "bench_metaselector.reptile:Reptile",
        "fine-tune": "bench_metaselector.fine_tune:FineTune",
    }
