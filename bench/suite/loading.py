"""suite.yaml -> Suite: read, validate, and say everything that is wrong with it at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.registry import Registry, load_registry
from bench.suite.building import build
from bench.suite.check.consistency import inconsistencies
from bench.suite.check.plugin_use import Checked, PluginUse, check_use, find_uses
from bench.suite.check.schema import SuiteFile
from bench.suite.check.validation import validate
from bench.suite.check.wording import OwnKeys
from bench.suite.compose.grid import expand
from bench.suite.compose.include import merge_included
from bench.suite.compose.overrides import override
from bench.suite.places.files import misplaced, read_file
from bench.suite.places.problems import Problem, as_error, at_value
from bench.suite.places.text import quoted
from bench.suite.places.tree import document_of, tree_of
from bench.suite.places.yaml_document import Document, KeyPath, parse
from bench.suite.spec import DatasetSpec, Suite

__all__ = ["Outline", "SuiteDatasets", "load", "load_datasets", "outline"]


def load(
    path: Path | str,
    registry: Registry | None = None,
    plugins: Sequence[Path] = (),
    overrides: Sequence[str] = (),
) -> Suite:
    """Read a suite; `plugins` and those that it names are loaded beside the registry's. `overrides`: `a.b=1` each, as
    `--set` has them.

    SuiteError lists every fault, each `file:line:column: what; fix`. A plugin that is unavailable is none: its parameters
    stay as the file has them, and its trials will say why they could not run. PluginError where plugins clash."""
    path = Path(path)
    found = _checked(path, registry, plugins, overrides, lambda _: True)
    composed = found.composed
    expanded = {
        name: names
        for (section, name), names in composed.names.items()
        if section in ("base_models", "methods")
    }
    problems = [
        *found.problems,
        *inconsistencies(found.file, found.uses, found.registry, composed.document, expanded),
    ]
    if problems:
        raise as_error(str(path), problems)
    params = {where: use.params for where, use in found.uses.items()}
    values = composed.document.values
    return build(found.file, params, path, composed.digest, found.folders, expanded, values)


class SuiteDatasets(NamedTuple):
    """What a suite says of data. `registry`: with the plugins that the suite names."""

    folder: Path
    datasets: Mapping[str, DatasetSpec]
    registry: Registry


def load_datasets(
    path: Path, registry: Registry, plugins: Sequence[Path] = (), overrides: Sequence[str] = ()
) -> SuiteDatasets:
    """As `load`, of the datasets alone: no other plugin is imported, and nothing is asked of their parameters."""
    found = _checked(path, registry, plugins, overrides, lambda use: use.kind == "datasets")
    if found.problems:
        raise as_error(str(path), found.problems)
    datasets = {
        name: DatasetSpec(use.use, found.uses["datasets", name].params)
        for name, use in found.file.datasets.items()
    }
    return SuiteDatasets(path.parent, datasets, found.registry)


class _Checked(NamedTuple):
    """A suite whose text is that of one; `uses`: of plugins, those that were asked for and are right."""

    composed: _Composed
    file: SuiteFile
    uses: Mapping[KeyPath, Checked]
    registry: Registry
    folders: list[Path]
    problems: list[Problem]


def _checked(
    path: Path,
    registry: Registry | None,
    plugins: Sequence[Path],
    overrides: Sequence[str],
    is_asked_for: Callable[[PluginUse], bool],
) -> _Checked:
    composed = _compose(path, overrides)
    document, problems = composed.document, composed.problems
    registry = load_registry(plugins) if registry is None else registry.extended(plugins)
    folders, misplaced_plugins = _plugin_paths(document, path.parent)
    registry = registry.extended(folders)
    problems += misplaced_plugins
    checked = {}
    uses = list(filter(is_asked_for, find_uses(document.data)))
    registry = registry.tried((use.kind, use.name, use.params) for use in uses)
    for use in uses:
        result = check_use(use, registry, document)
        if isinstance(result, Checked):
            checked[use.path] = result
        else:
            problems += result
    written: dict[KeyPath, str] = {
        (section, made): name for (section, name), names in composed.names.items() for made in names
    }
    file = validate(SuiteFile, document.data, document, (), OwnKeys(written))
    if isinstance(file, list):
        raise as_error(str(path), [*problems, *file])
    return _Checked(composed, file, checked, registry, folders, problems)


class Outline(NamedTuple):
    """What a suite's text says without any plugin. `digest`: as `Suite.digest`; `plugins`: the paths that it names;
    `included`: files that it includes, as it names them."""

    name: str
    digest: str
    plugins: tuple[Path, ...]
    included: tuple[str, ...]


def outline(path: Path, overrides: Sequence[str] = ()) -> Outline:
    """Of a suite that `load` may still find fault with; SuiteError where there is none to look at."""
    composed = _compose(path, overrides)
    folders, _ = _plugin_paths(composed.document, path.parent)
    name = str(composed.document.data.get("name", ""))
    return Outline(name, composed.digest, tuple(folders), composed.included)


class _Composed(NamedTuple):
    """The suite as one document: files merged, values set, the grid multiplied out (`names`: what stands for an entry)."""

    document: Document
    digest: str
    included: tuple[str, ...]
    names: Mapping[tuple[str, str], tuple[str, ...]]
    problems: list[Problem]


def _compose(path: Path, overrides: Sequence[str]) -> _Composed:
    """SuiteError where what is wrong leaves no suite to look at."""
    content = read_file(path)
    document = parse(content, str(path))
    if not isinstance(document.data, dict):
        raise as_error(
            str(path), [at_value(document, (), "a suite is a mapping; start with `version: 1`")]
        )
    merged = merge_included(tree_of(document), path.parent)
    root, problems = override(merged.root, overrides)
    if merged.problems or problems:
        raise as_error(str(path), [*merged.problems, *problems])
    expanded = expand(root)
    if expanded.root is root and expanded.problems:
        raise as_error(str(path), expanded.problems)
    digest = _digest(content, merged.contents, overrides)
    return _Composed(
        document_of(expanded.root, str(path)),
        digest,
        tuple(merged.contents),
        expanded.names,
        expanded.problems,
    )


def _digest(content: bytes, included: Mapping[str, bytes], overrides: Sequence[str]) -> str:
    """Of the file alone, that of its bytes."""
    if not included and not overrides:
        return hashlib.sha256(content).hexdigest()
    parts = [("", content), *sorted(included.items())]
    listed = [[name, hashlib.sha256(part).hexdigest()] for name, part in parts]
    return hashlib.sha256(json.dumps([listed, list(overrides)]).encode()).hexdigest()


def _plugin_paths(document: Document, folder: Path) -> tuple[list[Path], list[Problem]]:
    """The suite's own plugins: paths below its folder, links followed."""
    listed = document.data.get("plugins")
    paths: list[Path] = []
    problems = []
    for position, text in enumerate(listed if isinstance(listed, list) else ()):
        if not isinstance(text, str):
            continue  # the schema says so
        if reason := misplaced(text, folder):
            problems.append(
                at_value(document, ("plugins", position), f"plugin {quoted(text)} {reason}")
            )
        else:
            paths.append((folder / text).resolve())
    return paths, problems
