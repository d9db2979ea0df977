"""suite.yaml -> Suite: read, validate, and say everything that is wrong with it at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from bench.errors import SuiteError
from bench.registry import Registry, load_registry
from bench.settings import TrainSettings
from bench.suite.consistency import inconsistencies
from bench.suite.document import Document, KeyPath, parse
from bench.suite.plugin_use import Checked, check_use, find_uses
from bench.suite.problems import Problem, as_error, at_value
from bench.suite.schema import MetaLearnerUse, MethodEntry, SuiteFile
from bench.suite.spec import (
    BaseModelSpec,
    DatasetSpec,
    MetaLearnerSpec,
    MethodSpec,
    ProtocolSpec,
    SelectorSpec,
    Suite,
)
from bench.suite.text import MAX_BYTES, quoted
from bench.suite.validation import validate
from bench.suite.wording import OwnKeys

__all__ = ["load"]

Params = Mapping[KeyPath, Mapping[str, Any]]  # where a plugin is used -> its parameters


def load(path: Path, registry: Registry | None = None, plugins: Sequence[Path] = ()) -> Suite:
    """Read a suite; `plugins` and those that it names are loaded beside the registry's.

    SuiteError lists every fault, each `file:line:column: what; fix`. A plugin that is unavailable is none: its parameters
    stay as the file has them, and its trials will say why they could not run. PluginError where plugins clash."""
    content = _read(path)
    document = parse(content, str(path))
    if not isinstance(document.data, dict):
        raise as_error(document, [at_value(document, (), "a suite is a mapping; start with `version: 1`")])
    registry = load_registry(plugins) if registry is None else registry.extended(plugins)
    folders, problems = _plugin_paths(document, path.parent)
    registry = registry.extended(folders)
    checked = {}
    for use in find_uses(document.data):
        result = check_use(use, registry, document)
        if isinstance(result, Checked):
            checked[use.path] = result
        else:
            problems += result
    file = validate(SuiteFile, document.data, document, (), OwnKeys())
    if isinstance(file, list):
        raise as_error(document, [*problems, *file])
    classes = {where: use.plugin for where, use in checked.items()}
    problems += inconsistencies(file, classes, registry, document)
    if problems:
        raise as_error(document, problems)
    params = {where: use.params for where, use in checked.items()}
    return _suite(file, params, path, content, folders, document)


def _read(path: Path) -> bytes:
    if not path.exists():
        raise SuiteError("no such file", file=str(path))
    if not path.is_file():
        raise SuiteError("not a regular file; name a YAML file", file=str(path))
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SuiteError(f"can't be read: {error.strerror}", file=str(path)) from error


def _plugin_paths(document: Document, folder: Path) -> tuple[list[Path], list[Problem]]:
    """The suite's own plugins: paths below its folder, links followed."""
    listed = document.data.get("plugins")
    paths: list[Path] = []
    problems = []
    for position, text in enumerate(listed if isinstance(listed, list) else ()):
        if not isinstance(text, str):
            continue  # the schema says so
        path = folder / text
        if "\0" in text or not path.resolve().is_relative_to(folder.resolve()):
            problems.append(_bad_path(document, position, text, "lies outside the suite's folder; move it there"))
        elif not path.exists():
            problems.append(_bad_path(document, position, text, "does not exist; paths start at the suite's folder"))
        else:
            paths.append(path.resolve())
    return paths, problems


def _bad_path(document: Document, position: int, text: str, reason: str) -> Problem:
    return at_value(document, ("plugins", position), f"plugin {quoted(text)} {reason}")


def _suite(
    file: SuiteFile, params: Params, path: Path, content: bytes, plugins: Iterable[Path], document: Document
) -> Suite:
    return Suite(
        name=file.name,
        file=path,
        digest=hashlib.sha256(content).hexdigest(),
        datasets={name: DatasetSpec(use.use, params["datasets", name]) for name, use in file.datasets.items()},
        protocols={
            name: ProtocolSpec(
                use.use,
                params["protocols", name],
                use.base_predictions,
                use.folds,
                None if use.split_seed == "trial" else use.split_seed,
            )
            for name, use in file.protocols.items()
        },
        base_models={
            name: BaseModelSpec(use.use, params["base_models", name], _overridden(file.train, use.train))
            for name, use in file.base_models.items()
        },
        methods={name: _method(name, method, file.train, params) for name, method in file.methods.items()},
        seeds=file.seeds,
        metrics=file.metrics,
        relaimpr_base=file.relaimpr_base,
        tolerance=dict(file.gate.tolerance),
        plugins=tuple(plugins),
        places=dict(document.values),
    )


def _method(name: str, method: MethodEntry, train: TrainSettings, params: Params) -> MethodSpec:
    selector = SelectorSpec(
        method.selector.use, params["methods", name, "selector"], _overridden(train, method.selector.train)
    )
    learner = method.meta_learner
    if learner is None:
        return MethodSpec(selector, None, method.base_predictions)
    predictions = "in-sample" if learner.full else method.base_predictions
    return MethodSpec(selector, _meta_learner(learner, params["methods", name, "meta_learner"]), predictions)


def _meta_learner(learner: MetaLearnerUse, params: Mapping[str, Any]) -> MetaLearnerSpec:
    return MetaLearnerSpec(learner.use, params, learner.train, learner.adapt, learner.frozen_fields)


S = TypeVar("S", bound=TrainSettings)


def _overridden(settings: S, own: S) -> S:
    """The settings with those keys that `own` sets itself."""
    return settings.model_copy(update={key: getattr(own, key) for key in own.model_fields_set})
