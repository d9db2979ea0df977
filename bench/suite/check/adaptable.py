"""What `adapt:` may name: the leaves of a suite's selector and base models, found by building them on fields of no data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bench.adapt_sets import BASE_MODELS, SELECTOR, named
from bench.interfaces import Field, Fields
from bench.registry import did_you_mean
from bench.suite.check.plugin_use import Checked
from bench.suite.check.schema import MetaLearnerUse, SuiteFile
from bench.suite.places.problems import Problem, at_value
from bench.suite.places.text import quoted
from bench.suite.places.yaml_document import Document, KeyPath

__all__ = ["unknown_parts"]

_MOST = 20  # leaves that a message lists
_FEW = Fields((Field("user_id", "categorical", "user"), Field("item_id", "categorical", "item")))
_MORE = Fields((*_FEW, Field("tags", "multi_valued", "item"), Field("price", "numeric", "context")))


def unknown_parts(
    name: str,
    learner: MetaLearnerUse,
    suite: SuiteFile,
    checked: Mapping[KeyPath, Checked],
    document: Document,
) -> Iterator[Problem]:
    """A problem for each entry of a method's `adapt` that names nothing. A part of a plugin that can't be built without
    the data's own fields is looked for when the method is fitted."""
    for position, entry in enumerate(learner.adapt):
        if reason := _unknown(entry, ("methods", name, "selector"), suite, checked):
            where = ("methods", name, "meta_learner", "adapt", position)
            yield at_value(document, where, f"adapt names {quoted(entry)}, but {reason}")


def _unknown(
    entry: str, selector: KeyPath, suite: SuiteFile, checked: Mapping[KeyPath, Checked]
) -> str:
    """Why an entry names nothing; empty where it names something, or that can't be told."""
    if entry in (SELECTOR, BASE_MODELS, *suite.base_models):
        return ""
    network, _, part = entry.rpartition("/")
    if network not in (SELECTOR, *suite.base_models):
        known = [SELECTOR, BASE_MODELS, *suite.base_models]
        return f"there is no such network{did_you_mean(network or part, known)}"
    path = selector if network == SELECTOR else ("base_models", network)
    leaves = (
        _leaves(checked[path], tuple(suite.base_models), selector=network == SELECTOR)
        if path in checked
        else None
    )
    if leaves is None or named(entry, [f"{network}/{leaf}" for leaf in leaves]):
        return ""
    more = f" and {len(leaves) - _MOST} more" if len(leaves) > _MOST else ""
    return (
        f"{quoted(network)} has no {quoted(part)}; its parts are {', '.join(leaves[:_MOST])}{more}"
    )


def _leaves(use: Checked, models: tuple[str, ...], *, selector: bool) -> list[str] | None:
    """Names of tables and parameters; None where they can't be told without the data, or differ with the data's fields."""
    if use.plugin is None:
        return None
    try:
        built = [
            _built(use.plugin, use.params, fields, models if selector else None)
            for fields in (_FEW, _MORE)
        ]
    except Exception:  # a stranger's build may ask for fields of its own
        return None
    return built[0] if built[0] == built[1] else None


def _built(
    plugin: type[Any], params: Mapping[str, Any], fields: Fields, models: tuple[str, ...] | None
) -> list[str]:
    made = plugin(plugin.Params.model_validate_json(json.dumps(params)))
    made.build(*((fields,) if models is None else (fields, models)))
    bias = ["bias"] if models is None else []  # the harness's own
    return [*made.tables(), *(name for name, _ in made.named_parameters()), *bias]
