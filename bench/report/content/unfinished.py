"""Training that its cap on epochs ended, not its early stopping."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bench.job.spec import BaseModelSpec, MethodSpec
from bench.report.content.model import Unfinished
from bench.report.content.recorded_spec import recorded_spec

__all__ = ["unfinished"]

Record = Mapping[str, Any]


def unfinished(good: Sequence[Record]) -> tuple[Unfinished, ...]:
    """Of the records with a result, in their order: those whose best epoch is the last allowed one."""
    with_result = Counter(record["trial"]["method"] for record in good)
    found: dict[tuple[str, int, _Cap], list[int]] = defaultdict(list)
    for record in good:
        epochs, spec = record["details"].get("epochs"), recorded_spec(record)
        ended_last = (
            type(epochs) is int and epochs > 0 and record["details"].get("best_epoch") == epochs
        )
        cap = _cap(spec, epochs) if ended_last and spec is not None else None
        if cap is not None:
            found[record["trial"]["method"], epochs, cap].append(record["trial"]["seed"])
    return tuple(
        Unfinished(
            method, epochs, cap.setting, tuple(sorted(seeds)), with_result[method], cap.optimizer
        )
        for (method, epochs, cap), seeds in found.items()
    )


class _Cap(NamedTuple):
    setting: str
    optimizer: str = ""


def _cap(spec: BaseModelSpec | MethodSpec, epochs: int) -> _Cap | None:
    """The setting that allowed so many epochs and no more; None where none did."""
    if isinstance(spec, MethodSpec) and spec.meta_learner is not None:
        if spec.meta_learner.train.epochs == epochs:
            return _Cap("meta_learner.train.epochs", "adam")
        return _own_cap(spec.meta_learner.params, epochs)
    trained = spec.selector if isinstance(spec, MethodSpec) else spec
    if trained.train.epochs == epochs:
        return _Cap("train.epochs", trained.train.optimizer)
    return _own_cap(trained.params, epochs)


def _own_cap(params: Mapping[str, Any], epochs: int) -> _Cap | None:
    own = [name for name, value in params.items() if type(value) is int and value == epochs]
    return _Cap(own[0]) if own else None
