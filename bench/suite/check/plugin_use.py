"""Where a suite uses plugins, and their parameters validated by the plugins' own Params."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from bench.errors import PluginError, PluginUnavailable
from bench.registry import Registry, did_you_mean
from bench.suite.check.schema import (
    BaseModelUse,
    DatasetUse,
    ExecutorUse,
    MetaLearnerUse,
    MetricUse,
    ProtocolUse,
    SelectorUse,
    Use,
)
from bench.suite.check.validation import validate
from bench.suite.check.wording import PluginParameters
from bench.suite.places.problems import Problem, at_value
from bench.suite.places.yaml_document import Document, KeyPath

__all__ = ["DERIVED_METRICS", "Checked", "PluginUse", "check_use", "find_uses"]

DERIVED_METRICS = ("relaimpr",)  # of other metrics, when reporting


class PluginUse(NamedTuple):
    """A mapping that names a plugin: where it is, and the keys that are the plugin's."""

    path: KeyPath
    kind: str
    name: str
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Checked:
    """A use that is right: the class, None where the plugin is unavailable, and the parameters complete with defaults (as
    the file has them where it is)."""

    plugin: type[Any] | None
    params: Mapping[str, Any]


def find_uses(data: Any) -> Iterator[PluginUse]:
    """The uses in a document that may have other faults."""
    for section, kind, model in (
        ("datasets", "datasets", DatasetUse),
        ("protocols", "protocols", ProtocolUse),
        ("base_models", "models", BaseModelUse),
    ):
        for name, value in _items(data, section):
            yield from _use((section, name), value, kind, model)
    for name, method in _items(data, "methods"):
        for key, value in method.items() if isinstance(method, dict) else ():
            if key == "selector":
                yield from _use(("methods", name, key), value, "selectors", SelectorUse)
            elif key == "meta_learner":
                yield from _use(("methods", name, key), value, "meta_learners", MetaLearnerUse)
    yield from _metrics(data.get("metrics"))
    yield from _use(("executor",), data.get("executor"), "executors", ExecutorUse)


def _metrics(entries: Any) -> Iterator[PluginUse]:
    """A name alone, or a mapping with parameters; `relaimpr` is no plugin."""
    for place, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, str) and entry not in DERIVED_METRICS:
            yield PluginUse(("metrics", place), "metrics", entry, {})
        elif not (isinstance(entry, dict) and entry.get("use") in DERIVED_METRICS):
            yield from _use(("metrics", place), entry, "metrics", MetricUse)


def check_use(use: PluginUse, registry: Registry, document: Document) -> Checked | list[Problem]:
    """Load the plugin and validate its parameters. One that is unavailable is no problem of the suite."""
    try:
        plugin = registry.load(use.kind, use.name)
    except PluginUnavailable:
        return Checked(None, use.params)
    except PluginError as error:
        message = f"{error}{_or_in_a_file(use, registry, str(error))}"
        return [at_value(document, (*use.path, "use"), message)]
    result = validate(
        plugin.Params, use.params, document, use.path, PluginParameters(use.kind, use.name)
    )
    return result if isinstance(result, list) else Checked(plugin, result.model_dump(mode="json"))


def _or_in_a_file(use: PluginUse, registry: Registry, message: str) -> str:
    """Behind a name that nobody has: where else it may be."""
    if use.name in registry.names(use.kind) or "is quarantined" in message:
        return ""
    derived = "" if use.kind != "metrics" else did_you_mean(use.name, DERIVED_METRICS)
    hint = "" if message.endswith("?") else derived
    before = " or" if f"{message}{hint}".endswith("?") else "; or"
    return f"{hint}{before} is it in a file? give it with --plugins FILE, or under `plugins:`"


def _items(data: Any, section: str) -> Iterator[tuple[str, Any]]:
    entries = data.get(section)
    yield from entries.items() if isinstance(entries, dict) else ()


def _use(path: KeyPath, value: Any, kind: str, model: type[Use]) -> Iterator[PluginUse]:
    if isinstance(value, dict) and isinstance(value.get("use"), str):
        own = {field.alias or key for key, field in model.model_fields.items()}
        params = {key: item for key, item in value.items() if key not in own}
        yield PluginUse(path, kind, value["use"], params)
