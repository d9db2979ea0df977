"""Training that its cap on epochs ended, not its early stopping."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from bench.job.spec import BaseModelSpec, MethodSpec
from bench.report.content.model import Unfinished
from bench.report.content.recorded_spec import recorded_spec

__all__ = ["unfinished"]

Record = Mapping[str, Any]


def unfinished(good: Sequence[Record]) -> tuple[Unfinished, ...]:
    """Of the records with a result, in their order: those whose best epoch is the last allowed one."""
    found: dict[tuple[str, int, str], list[int]] = defaultdict(list)
    for record in good:
        epochs, spec = record["details"].get("epochs"), recorded_spec(record)
        ended_last = (
            type(epochs) is int and epochs > 0 and record["details"].get("best_epoch") == epochs
        )
        cap = _cap(spec, epochs) if ended_last and spec is not None else ""
        if cap:
            found[record["trial"]["method"], epochs, cap].append(record["trial"]["seed"])
    return tuple(Unfinished(*key, tuple(sorted(seeds))) for key, seeds in found.items())


def _cap(spec: BaseModelSpec | MethodSpec, epochs: int) -> str:
    """The setting that allowed so many epochs and no more; nothing where none did."""
    meta_learner = spec.meta_learner if isinstance(spec, MethodSpec) else None
    selector = spec.selector if isinstance(spec, MethodSpec) else None
    trained = meta_learner or selector or spec
    assert not isinstance(trained, MethodSpec)
    if trained.train.epochs == epochs:
        return "meta_learner.train.epochs" if meta_learner else "train.epochs"
    own = [name for name, value in trained.params.items() if type(value) is int and value == epochs]
    return own[0] if own else ""
