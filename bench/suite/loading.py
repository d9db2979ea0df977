"""suite.yaml -> Suite: read, validate, and say everything that is wrong with it at once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from bench.errors import SuiteError
from bench.registry import Registry, load_registry
from bench.suite.building import build
from bench.suite.consistency import inconsistencies
from bench.suite.document import Document, parse
from bench.suite.plugin_use import Checked, check_use, find_uses
from bench.suite.problems import Problem, as_error, at_value
from bench.suite.schema import SuiteFile
from bench.suite.spec import Suite
from bench.suite.text import MAX_BYTES, quoted
from bench.suite.validation import validate
from bench.suite.wording import OwnKeys

__all__ = ["load"]


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
    return build(file, params, path, content, folders, document.values)


def _read(path: Path) -> bytes:
    if not os.path.exists(path):  # unlike Path's, false where the name itself is impossible
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
        if not _is_below(path, folder):
            problems.append(_bad_path(document, position, text, "lies outside the suite's folder; move it there"))
        elif not os.path.exists(path):
            problems.append(_bad_path(document, position, text, "does not exist; paths start at the suite's folder"))
        else:
            paths.append(path.resolve())
    return paths, problems


def _is_below(path: Path, folder: Path) -> bool:
    if "\0" in str(path):
        return False
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _bad_path(document: Document, position: int, text: str, reason: str) -> Problem:
    return at_value(document, ("plugins", position), f"plugin {quoted(text)} {reason}")
