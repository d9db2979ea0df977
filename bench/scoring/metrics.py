"""The metrics of an order, made, in the process that computes. Before a stranger's code runs, its metric is named: if it
ends the process, whoever asked knows which one did."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import PluginError
from bench.evaluate.metrics.asked import InvalidScore, ask
from bench.evaluate.metrics.fresh import StandsIn, fresh
from bench.interfaces import Metric, MetricRows, PluginParams, Score, UserParts
from bench.interruption import by_the_user
from bench.registry.registration import in_one_line
from bench.registry.used import UsedPlugins
from bench.scoring.order import MetricOrder

__all__ = ["Say", "made_metrics", "make_metric", "scores"]

Say = Callable[[str], None]


def scores(
    metrics: Sequence[MetricOrder],
    paths: Sequence[Path],
    dead: Mapping[str, str],
    rows: MetricRows,
    logits: np.ndarray,
    say: Say,
) -> dict[str, Any]:
    """By the metrics' names, in their order. What is no score is that metric's `invalid`, with its reason, and no other's.
    The harness's own are computed before any stranger's is imported."""
    plugins = _plugins(metrics, paths)
    found: dict[str, Any] = {}
    for metric in sorted(metrics, key=lambda one: not one.own):
        if metric.name in dead:
            found[metric.name] = _score(InvalidScore(None, dead[metric.name]))
            continue
        say(metric.name)
        found[metric.name] = _score(ask(_made(metric, plugins), rows, logits))
        say("")
    return {metric.name: found[metric.name] for metric in metrics}


def made_metrics(
    metrics: Sequence[MetricOrder], paths: Sequence[Path], dead: Mapping[str, str], say: Say
) -> dict[str, Metric]:
    """By name; a stranger's says its name whenever it is asked after another."""
    plugins, told = _plugins(metrics, paths), _LastTold(say)
    made: dict[str, Metric] = {}
    for metric in metrics:
        if metric.name in dead:
            made[metric.name] = _Unscored(metric, dead[metric.name])
        elif metric.own:
            made[metric.name] = _made(metric, plugins)
        else:
            told(metric.name)
            made[metric.name] = _Told(metric, _made(metric, plugins), told)
    told("")
    return made


def make_metric(plugin: type[Any], name: str, params: Mapping[str, Any]) -> Metric:
    """A metric under a suite's name for it. Raises PluginError."""
    try:
        made = plugin.Params.model_validate_json(json.dumps(dict(params)))
        metric: Metric = plugin(made)
    except BaseException as error:
        if by_the_user(error):
            raise
        raise PluginError(f"metric {name!r} can't be made: {in_one_line(error)}") from error
    if type(metric.higher_is_better) is not bool or type(metric.version) is not int:
        told = f"higher_is_better {metric.higher_is_better!r}, version {metric.version!r}"
        raise PluginError(
            f"metric {name!r} has {told:.200}; give true or false, and a whole number"
        )
    vars(metric).setdefault("params", made)  # by which it is made anew
    vars(metric)["name"] = name
    return metric


def _plugins(metrics: Sequence[MetricOrder], paths: Sequence[Path]) -> UsedPlugins:
    return UsedPlugins([metric.plugin for metric in metrics], paths)


def _made(metric: MetricOrder, plugins: UsedPlugins) -> Metric:
    """The harness's own came with the process: their files are not looked at again."""
    used = metric.plugin
    load = plugins.load_unchecked(used) if metric.own else plugins.load(used.kind, used.name)
    return make_metric(load, metric.name, metric.params)


def _score(score: Score) -> dict[str, Any]:
    invalid = {"invalid": True} if isinstance(score, InvalidScore) else {}
    return {"value": score.value, "reason": score.reason, "counts": dict(score.counts)} | invalid


class _LastTold:
    """Says a name where it is not the one said last."""

    def __init__(self, say: Say) -> None:
        self._say, self._last = say, ""

    def __call__(self, name: str) -> None:
        if name != self._last:
            self._last = name
            self._say(name)


class _Told(StandsIn):
    """A stranger's metric that is named before it is asked."""

    def __init__(self, order: MetricOrder, metric: Metric, told: Say) -> None:
        super().__init__(PluginParams())
        vars(self).update(name=order.name, higher_is_better=order.higher_is_better)
        self._order, self._metric, self._told = order, metric, told

    def anew(self) -> Metric:
        self._told(self._order.name)
        return _Told(self._order, fresh(self._metric), self._told)

    def compute(self, rows: MetricRows, logits: np.ndarray) -> Score:
        self._told(vars(self)["name"])
        return self._metric.compute(rows, logits)

    def by_user(self, rows: MetricRows, logits: np.ndarray) -> UserParts | None:
        self._told(vars(self)["name"])
        return self._metric.by_user(rows, logits)


class _Unscored(StandsIn):
    """Stands for a metric that ended the process."""

    def __init__(self, order: MetricOrder, reason: str) -> None:
        super().__init__(PluginParams())
        vars(self).update(name=order.name, higher_is_better=order.higher_is_better)
        self._reason = reason

    def anew(self) -> Metric:
        return self

    def compute(self, rows: MetricRows, logits: np.ndarray) -> Score:  # noqa: ARG002
        return Score(None, self._reason)
