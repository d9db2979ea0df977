"""What the parts of a suite ask of one another, once each is right by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from bench.adapt_sets import BASE_MODELS, SELECTOR
from bench.interfaces import DifferentiableModel, DifferentiableSelector
from bench.registry import Registry, did_you_mean
from bench.suite.check.adaptable import unknown_parts
from bench.suite.check.gate import gate_problems
from bench.suite.check.plugin_use import DERIVED_METRICS, Checked
from bench.suite.check.schema import MetaLearnerUse, MethodEntry, SuiteFile, metric_name
from bench.suite.places.problems import Problem, at_key, at_value
from bench.suite.places.text import quoted
from bench.suite.places.yaml_document import Document, KeyPath

__all__ = ["BOUNDS", "inconsistencies"]

BOUNDS = ("perfect-user", "perfect-sample")  # trials of every suite beside its methods
_RESERVED_ROWS = ("best-single", *BOUNDS)  # derived rows of every report


def inconsistencies(
    suite: SuiteFile,
    checked: Mapping[KeyPath, Checked],
    registry: Registry,
    document: Document,
    expanded: Mapping[str, tuple[str, ...]],
) -> Iterator[Problem]:
    """Problems between keys, in no order. `checked`: where a plugin is used -> what it is; `expanded`: what the grid has
    made of a base model or method."""
    classes = {path: use.plugin for path, use in checked.items()}  # None: unavailable
    yield from _names(suite, document)
    yield from _references(suite, document, expanded)
    yield from _metrics(suite, registry, document)
    yield from gate_problems(suite, registry, document)
    for name in suite.protocols:
        yield from _validation_users(name, checked, document)
    yield from _holdout_in_blocks(suite, classes, document)
    for name, method in suite.methods.items():
        yield from _hard_selection(name, method, classes, document)
        yield from _meta_learning(name, method, suite, classes, document)
        if method.meta_learner is not None:
            yield from unknown_parts(name, method.meta_learner, suite, checked, document)
            yield from _frozen_fields(name, method.meta_learner, suite, checked, document)
            yield from _unread(name, method.meta_learner, classes, document)


def _names(suite: SuiteFile, document: Document) -> Iterator[Problem]:
    for section in ("base_models", "methods"):
        for name in getattr(suite, section):
            if name in _RESERVED_ROWS:
                message = f"{quoted(name)} is a row of every report; choose another name"
                yield at_key(document, (section, name), message)
    for name in suite.base_models:
        if name in (SELECTOR, BASE_MODELS) or name.startswith(f"{SELECTOR}/"):
            yield at_key(
                document,
                ("base_models", name),
                f"{quoted(name)} means another thing in `adapt`; choose another name",
            )
    yield from _places_of_one_name(suite, document)
    for name in suite.methods.keys() & suite.base_models.keys():
        message = f"{quoted(name)} is a base model already, which is a method of its own; choose another name"
        yield at_key(document, ("methods", name), message)


def _references(
    suite: SuiteFile, document: Document, expanded: Mapping[str, tuple[str, ...]]
) -> Iterator[Problem]:
    """Methods that others are held against: best-single, a base model or a method."""
    rows = ["best-single", *suite.base_models, *suite.methods]
    for key in ("against", "relaimpr_base"):
        name = getattr(suite, key)
        if name in expanded:
            first = quoted(expanded[name][0])
            message = f"{key} {quoted(name)} became {len(expanded[name])} entries by the grid; did you mean {first}?"
            yield at_value(document, (key,), message)
        elif name not in rows:
            message = f"{key} {quoted(name)} is no base model or method{did_you_mean(name, rows)}"
            yield at_value(document, (key,), message)


def _places_of_one_name(suite: SuiteFile, document: Document) -> Iterator[Problem]:
    """Runs keep what they know of a dataset under a protocol as DATASET/PROTOCOL."""
    known: dict[str, tuple[str, str]] = {}
    for dataset, protocol in product(suite.datasets, suite.protocols):
        first = known.setdefault(f"{dataset}/{protocol}", (dataset, protocol))
        if first != (dataset, protocol):
            message = (
                f"dataset {quoted(dataset)} under protocol {quoted(protocol)} reads as {quoted(first[0])} under "
                f"{quoted(first[1])}; choose a name without /"
            )
            yield at_key(document, ("protocols", protocol), message)


def _validation_users(
    name: str, checked: Mapping[KeyPath, Checked], document: Document
) -> Iterator[Problem]:
    """Early stopping, best-single and the users' strengths are chosen on validation users in every suite."""
    use = checked.get(("protocols", name))
    users = None if use is None else use.params.get("users")
    if isinstance(users, Mapping) and users.get("valid") == 0:
        message = f"protocol {quoted(name)} leaves no validation users, on whom early stopping, best-single and strengths are "
        yield at_value(
            document,
            ("protocols", name, "users", "valid"),
            message + "chosen; give valid a share, 0.1 say",
        )


def _holdout_in_blocks(
    suite: SuiteFile, classes: Mapping[KeyPath, type[Any] | None], document: Document
) -> Iterator[Problem]:
    """Where users' rows lie in blocks, out-of-sample is a holdout of P already."""
    in_blocks = [
        name
        for name in suite.protocols
        if getattr(classes.get(("protocols", name)), "kind", "") == "blocks"
    ]
    reason = "the block before each user's query is held out by out-of-sample already; "
    for name in in_blocks:
        if suite.protocols[name].base_predictions == "holdout":
            message = f"protocol {quoted(name)} ({suite.protocols[name].use}) has no base_predictions holdout: {reason}"
            yield at_value(
                document, ("protocols", name, "base_predictions"), message + "drop the key"
            )
    for name, method in suite.methods.items():
        if method.base_predictions == "holdout" and in_blocks:
            under = quoted(in_blocks[0])
            message = f"method {quoted(name)} can't take base_predictions holdout under protocol {under}: {reason}"
            yield at_value(
                document,
                ("methods", name, "base_predictions"),
                message + "drop the key, or the protocol",
            )


def _metrics(suite: SuiteFile, registry: Registry, document: Document) -> Iterator[Problem]:
    names = [metric_name(entry) for entry in suite.metrics]
    for place, (name, entry) in enumerate(zip(names, suite.metrics, strict=True)):
        path: KeyPath = ("metrics", place)
        use = entry if isinstance(entry, str) else entry.use
        if not isinstance(entry, str) and use in DERIVED_METRICS:
            yield at_value(
                document, path, f"{use} is derived and has no parameters; write its name alone"
            )
        elif name in names[:place]:
            message = (
                f"two metrics are called {quoted(name)}; remove one, or give one a name with `as`"
            )
            yield at_value(document, path, message)
        elif name != use and name in (*registry.names("metrics"), *DERIVED_METRICS):
            message = f"{quoted(name)} is another metric's name; choose another for this one of {quoted(use)}"
            yield at_value(document, (*path, "as"), message)
    yield from _primary(suite, names, registry, document)


def _primary(
    suite: SuiteFile, names: Sequence[str], registry: Registry, document: Document
) -> Iterator[Problem]:
    primary = suite.primary
    if primary in DERIVED_METRICS:
        message = f"primary {quoted(primary)} is derived from the AUC when reporting; write primary: auc, which orders alike"
        yield at_value(document, ("primary",), message)
    elif primary is not None and primary not in names:
        listed = "; list it under `metrics`, too" if primary in registry.names("metrics") else ""
        message = f"primary {quoted(primary)} is no metric of the suite"
        message += listed or did_you_mean(primary, names)
        yield at_value(document, ("primary",), message)


def _hard_selection(
    name: str, method: MethodEntry, classes: Mapping[KeyPath, type[Any] | None], document: Document
) -> Iterator[Problem]:
    selector = classes.get(("methods", name, "selector"))
    if (
        method.select == "hard"
        and selector is not None
        and not issubclass(selector, DifferentiableSelector)
    ):
        message = f"select: hard takes a differentiable selector, and {quoted(method.selector.use)} is none; "
        yield at_value(
            document, ("methods", name, "select"), message + "choose another or drop the key"
        )


def _meta_learning(
    name: str,
    method: MethodEntry,
    suite: SuiteFile,
    classes: Mapping[KeyPath, type[Any] | None],
    document: Document,
) -> Iterator[Problem]:
    path: KeyPath = ("methods", name)
    learner, selector = method.meta_learner, classes.get((*path, "selector"))
    if learner is None:
        return
    if selector is not None and not issubclass(selector, DifferentiableSelector):
        message = f"selector {quoted(method.selector.use)} is not differentiable: no meta-learner can adapt it; "
        yield at_value(
            document, (*path, "selector", "use"), message + "choose another or drop meta_learner"
        )
    if not learner.full:
        return
    for model, use in suite.base_models.items():
        plugin = classes.get(("base_models", model))
        if plugin is not None and not issubclass(plugin, DifferentiableModel):
            message = f"base model {quoted(model)} ({use.use}) is not differentiable: it can't be adapted; "
            yield at_value(
                document,
                (*path, "meta_learner", "adapt"),
                message + "write [selector] or leave it out",
            )
    if method.base_predictions == "out-of-sample":
        message = "adapting base models takes base_predictions in-sample or holdout; got out-of-sample; drop the key"
        yield at_value(document, (*path, "base_predictions"), message)


def _frozen_fields(
    name: str,
    learner: MetaLearnerUse,
    suite: SuiteFile,
    checked: Mapping[KeyPath, Checked],
    document: Document,
) -> Iterator[Problem]:
    """Of datasets that say their fields in the suite, as a table does; of others they are known once the data are read."""
    for dataset in suite.datasets:
        use = checked.get(("datasets", dataset))
        fields: Sequence[str] | None = (
            None if use is None or use.plugin is None else use.plugin.field_names(use.params)
        )
        if fields is None:
            continue
        for number, frozen in enumerate(learner.frozen_fields):
            if frozen not in fields:
                said = f"dataset {quoted(dataset)} has no field {quoted(frozen)} to freeze{did_you_mean(frozen, fields)}"
                path: KeyPath = ("methods", name, "meta_learner", "frozen_fields", number)
                yield at_value(document, path, said)


def _unread(
    name: str,
    learner: MetaLearnerUse,
    classes: Mapping[KeyPath, type[Any] | None],
    document: Document,
) -> Iterator[Problem]:
    """Keys of a meta-learner's `train` that change nothing beside its other keys."""
    path: KeyPath = ("methods", name, "meta_learner")
    train, rule = learner.train, classes.get(path)
    given = train.model_fields_set
    if given and rule is not None and not rule.meta_trained:
        message = f"meta-learner {quoted(learner.use)} is not meta-trained and reads no train; drop the key"
        yield at_key(document, (*path, "train"), message)
        return
    if "base_learning_rate" in given and not learner.full:
        message = f"train.base_learning_rate of method {quoted(name)} is read where base models are adapted, and adapt "
        fix = "names the selector alone; drop the key, or add base_models to adapt"
        yield at_key(document, (*path, "train", "base_learning_rate"), message + fix)
    if "max_support" in given and train.episodes != "like-test":
        message = f"train.max_support of method {quoted(name)} is read with episodes like-test alone, and they are "
        fix = f"{train.episodes}; drop the key, or write episodes: like-test"
        yield at_key(document, (*path, "train", "max_support"), message + fix)
    elif train.support_fraction and train.episodes == "like-test":
        message = f"train.support_fraction of method {quoted(name)} is not read with episodes like-test, which draw the "
        fix = "size of each support; drop the key, or choose other episodes"
        yield at_key(document, (*path, "train", "support_fraction"), message + fix)
