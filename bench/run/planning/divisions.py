"""The first steps of a run, in the harness's own process: datasets prepared, and divided by each protocol."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bench.data import prepare
from bench.data.splits.split import Split, divide
from bench.data.views.interactions import Interactions, timeline
from bench.errors import DataError
from bench.interfaces import Dataset, SplitProtocol, Timeline
from bench.job.splits import write_split
from bench.records import digest
from bench.registry import Registry
from bench.run.planning.strangers import try_protocol, try_reading
from bench.run.progress import Watcher
from bench.scoring.division import Division, Divisions
from bench.settings import PredictionSource
from bench.storage.kept import KeptFolder
from bench.storage.trouble import writing
from bench.suite import ProtocolSpec, Suite

__all__ = ["divide_all", "prepare_all"]


def prepare_all(
    suite: Suite, registry: Registry, data_dir: Path | None, cache: Path, watcher: Watcher
) -> dict[str, Interactions]:
    prepared = {}
    for name, spec in suite.datasets.items():
        plugin = registry.load("datasets", spec.use)
        dataset = plugin(plugin.Params.model_validate_json(json.dumps(dict(spec.params))))
        assert isinstance(dataset, Dataset)
        try_reading(spec.use, spec.params, registry, data_dir, cache, suite.file.parent)
        prepared[name] = prepare(
            dataset, data_dir=data_dir, cache=cache, base=suite.file.parent, report=watcher.say
        )
    return prepared


def divide_all(
    suite: Suite,
    registry: Registry,
    prepared: Mapping[str, Interactions],
    seeds: tuple[int, ...],
    cache: Path,
    watcher: Watcher,
) -> Divisions:
    divisions: Divisions = {}
    for dataset, interactions in prepared.items():
        for name, spec in suite.protocols.items():
            plugin = registry.load("protocols", spec.use)
            params = plugin.Params.model_validate_json(json.dumps(dict(spec.params)))
            made: dict[int, Division] = {}  # by split seed: most suites have one for all trials
            for trial_seed in seeds:
                seed = trial_seed if spec.split_seed is None else spec.split_seed
                if seed not in made:
                    try_protocol(spec.use, spec.params, registry, interactions, seed)
                    protocol = plugin(params)  # anew, so that no seed leaves anything to the next
                    assert isinstance(protocol, SplitProtocol)
                    made[seed] = _division(
                        dataset, name, interactions, protocol, spec, seed, cache, watcher
                    )
                divisions[dataset, name, trial_seed] = made[seed]
    return divisions


def _division(
    dataset: str,
    name: str,
    interactions: Interactions,
    protocol: SplitProtocol,
    spec: ProtocolSpec,
    seed: int,
    cache: Path,
    watcher: Watcher,
) -> Division:
    source = PredictionSource(base_predictions=spec.base_predictions, folds=spec.folds, seed=seed)
    try:
        split = divide(protocol, timeline(interactions), seed)
    except DataError as error:
        raise DataError(f"{error}{_of_the_filter(interactions, protocol, seed)}") from error
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
    _keep(f"{dataset}/{name}", split, interactions, folder, cache, watcher)
    return Division(dataset, name, interactions, split, folder, identity, source)


def _keep(
    name: str,
    split: Split,
    interactions: Interactions,
    folder: Path,
    cache: Path,
    watcher: Watcher,
) -> None:
    """Have a division in the cache for workers; what is there and is damaged is replaced."""
    kept = KeptFolder(folder)
    if kept.exists():
        damage = kept.damage()
        if not damage:
            return
        watcher.say(f"{name}: its division is damaged in the cache ({damage}); it is made again")
    with writing(cache):
        write_split(split, interactions, folder)


def _of_the_filter(interactions: Interactions, protocol: SplitProtocol, seed: int) -> str:
    """What `min_rows_per_user` has to do with a division that failed: what it left, and the largest value that would do."""
    meta, counts = interactions.meta, interactions.meta["counts"]
    if "users_before_filter" not in counts:
        return ""
    told = (
        f"; min_rows_per_user: {meta['min_rows_per_user']} left {counts['users']} of {counts['users_before_filter']} users "
        f"({counts['rows']} of {counts['rows_before_filter']} rows)"
    )
    rows = meta["most_rows_of_users"]
    for users in range(counts["users"] + 1, len(rows) + 1):
        try:
            divide(protocol, Timeline(np.concatenate([[0], np.cumsum(rows[:users])]), None), seed)
        except DataError:
            continue
        return f"{told}; the largest value that would still work is {rows[users - 1]}"
    return told
