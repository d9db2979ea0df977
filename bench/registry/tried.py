"""Plugins of strangers tried out in a process that may die (bench.registry.rehearsal): imported, made, asked for what they
read. The harness then does the same itself with those that ended nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.interfaces import Dataset, Executor, Metric, MetricRows, Model
from bench.registry.candidates import Candidate, find_candidates
from bench.registry.contained import contained
from bench.registry.registration import Registered, register
from bench.registry.rehearsal import Act, deaths
from bench.registry.sources import digest
from bench.registry.used import UsedPlugins
from bench.registry.used_plugin import UsedPlugin

__all__ = ["Use", "dead_candidates", "dead_uses"]


class Use(NamedTuple):
    """A plugin under settings."""

    plugin: UsedPlugin
    params: Mapping[str, Any]


def dead_candidates(
    candidates: Sequence[Candidate], paths: Sequence[Path], *, autoload: bool
) -> dict[str, str]:
    """Origins of those that end the process when they are imported, or made under their defaults, and how."""
    where = {"paths": _absolute(paths), "autoload": autoload}
    return deaths(
        [
            Act(
                one.origin,
                f"{__name__}:try_candidate",
                {**where, "origin": one.origin},
                digest(one.sources()),
            )
            for one in candidates
        ]
    )


def dead_uses(uses: Sequence[Use], paths: Sequence[Path]) -> dict[str, str]:
    """Origins of plugins that end the process when they are made under these settings, and how."""
    where = _absolute(paths)
    return deaths(
        [
            Act(
                use.plugin.origin,
                f"{__name__}:try_use",
                {"paths": where, "plugin": list(use.plugin), "params": dict(use.params)},
                use.plugin.digest,
            )
            for use in uses
        ]
    )


def _absolute(paths: Sequence[Path]) -> list[str]:
    return [str(path.absolute()) for path in paths]


# -- in the process that may die


def try_candidate(paths: list[str], autoload: bool, origin: str) -> None:
    """Import a plugin, and make each class that its hooks name."""
    for candidate in find_candidates(list(map(Path, paths)), autoload=autoload):
        if _same_origin(candidate.origin, origin):
            registered = register(candidate)
            if isinstance(registered, Registered):
                for (kind, name), address in registered.addresses.items():
                    _try(UsedPlugin(kind, name, address, origin, ""), (), {})


def try_use(paths: list[str], plugin: list[str], params: dict[str, Any]) -> None:
    """Make a plugin under settings."""
    _try(UsedPlugin(*plugin), list(map(Path, paths)), params)


def _same_origin(one: str, other: str) -> bool:
    return one == other or Path(one).absolute() == Path(other).absolute()


def _try(used: UsedPlugin, paths: Sequence[Path], params: Mapping[str, Any]) -> None:
    with suppress(Exception, SystemExit):
        with contained():  # as in the harness
            plugin = UsedPlugins([used], paths).load_unchecked(used)
        if issubclass(plugin, Executor):
            return  # making one may start what it starts
        made = plugin(plugin.Params.model_validate_json(json.dumps(dict(params))))
        if isinstance(made, Model):
            tuple(made.files())
        elif isinstance(made, Dataset):
            tuple(made.sources())
            plugin.field_names(made.params.model_dump(mode="json"))
        elif isinstance(made, Metric):
            _try_metric(made)


def _try_metric(metric: Metric) -> None:
    """Four users of three rows."""
    zeros, users = np.zeros(12), np.repeat(np.arange(4, dtype=np.int32), 3)
    rows = MetricRows(
        y=np.tile(np.array([0, 1, 1], dtype=np.uint8), 4),
        users=users,
        items=users,
        history=users.astype(np.int64),
        support_rate=zeros,
        popularity=users.astype(np.int64),
    )
    with suppress(BaseException):  # that is its score's trouble alone
        metric.compute(rows, np.linspace(-1, 1, 12))
