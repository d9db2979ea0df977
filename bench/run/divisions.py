"""The first steps of a run, in the harness's own process: datasets prepared, and divided by each protocol."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from bench.data import prepare
from bench.data.interactions import Interactions
from bench.data.split import divide
from bench.interfaces import Dataset, SplitProtocol, Timeline
from bench.records import digest
from bench.registry import Registry
from bench.run.plan import Division
from bench.run.progress import Watcher
from bench.run.splits import write_split
from bench.suite import Suite

__all__ = ["divide_all", "prepare_all"]


def prepare_all(
    suite: Suite, registry: Registry, data_dir: Path | None, cache: Path, watcher: Watcher
) -> dict[str, Interactions]:
    prepared = {}
    for name, spec in suite.datasets.items():
        plugin = registry.load("datasets", spec.use)
        dataset = plugin(plugin.Params.model_validate_json(json.dumps(dict(spec.params))))
        assert isinstance(dataset, Dataset)
        prepared[name] = prepare(dataset, data_dir=data_dir, cache=cache, base=suite.file.parent, report=watcher.say)
    return prepared


def divide_all(
    suite: Suite, registry: Registry, prepared: Mapping[str, Interactions], seeds: tuple[int, ...], cache: Path
) -> dict[tuple[str, str, int], Division]:
    divisions = {}
    for dataset, interactions in prepared.items():
        for name, spec in suite.protocols.items():
            plugin = registry.load("protocols", spec.use)
            protocol = plugin(plugin.Params.model_validate_json(json.dumps(dict(spec.params))))
            assert isinstance(protocol, SplitProtocol)
            for seed in seeds:
                split_seed = seed if spec.split_seed is None else spec.split_seed
                division = _divide(dataset, name, interactions, protocol, split_seed, cache)
                divisions[dataset, name, seed] = division
    return divisions


def _divide(
    dataset: str, name: str, interactions: Interactions, protocol: SplitProtocol, seed: int, cache: Path
) -> Division:
    split = divide(protocol, _timeline(interactions), seed)
    content = {
        "data": interactions.digest,
        "role": split.role.tolist(),
        "cut": split.cut.tolist(),
        "setting": split.setting,
        "id_dropout": split.id_dropout,
        **({} if split.train_cut is None else {"train_cut": split.train_cut.tolist()}),
    }
    identity = digest(content)
    folder = cache / "steps" / f"split-{identity[:32]}"
    if not folder.exists():
        write_split(split, interactions, folder)
    return Division(dataset, name, seed, interactions, split, folder, identity)


def _timeline(interactions: Interactions) -> Timeline:
    return Timeline(interactions.user_ptr, interactions.order, interactions.given_role, interactions.given_part)
