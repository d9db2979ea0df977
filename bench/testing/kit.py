"""The kit's two functions for authors: all checks of a class, and an assertion that it passes them."""

from __future__ import annotations

import inspect
import sys
import tempfile
from operator import attrgetter
from pathlib import Path
from typing import Any

from bench.errors import PluginUnavailable
from bench.interfaces import Plugin, PluginParams
from bench.registry.local import NAMESPACE
from bench.registry.used_plugin import UsedPlugin
from bench.testing.apart import Target, check_apart
from bench.testing.by_kind import BY_HASH, BY_PROCESS, CHECKS, IMPORT, check_names, kind_of
from bench.testing.here import defaults, refuse, run_checks
from bench.testing.verdicts import CheckResult

__all__ = ["assert_conforms", "check_plugin", "target_of"]


def check_plugin(plugin: type[Plugin], params: PluginParams | None = None) -> list[CheckResult]:
    """All checks of the class's kind (base model, selector, metric, dataset, protocol or executor), under its default
    settings or those given.

    A class that its module's name and its own lead to is imported and checked in processes of its own: one that ends the
    process fails a check. A class that is defined in a function, or in `__main__`, is checked in this process; what compares
    processes does not apply to it. PluginError where the class breaks the contract, or has a parameter without a default."""
    kind = kind_of(plugin) if inspect.isclass(plugin) else "models"
    refuse(plugin, kind, getattr(plugin, "name", ""))
    chosen = defaults(plugin) if params is None else params
    target = target_of(kind, plugin, chosen)
    try:
        return _check_here(kind, plugin, chosen) if target is None else check_apart(target)
    except PluginUnavailable:  # what imports here need not import there
        return _check_here(kind, plugin, chosen)


def assert_conforms(plugin: type[Plugin], params: PluginParams | None = None) -> None:
    """For a plugin author's own tests: AssertionError that lists what failed, why, and the fix. As in `check_plugin`, a class
    that can be imported by its name is checked in processes of its own."""
    failed = [result for result in check_plugin(plugin, params) if result.status == "failed"]
    if failed:
        raise AssertionError(
            "\n".join(f"{result.name}: {result.reason}; {result.fix}" for result in failed)
        )


def target_of(kind: str, plugin: type[Plugin], params: PluginParams) -> Target | None:
    """The class by address, and its settings as JSON; None where either does not lead back to what it stands for."""
    module, name = plugin.__module__, plugin.__qualname__
    text = params.model_dump_json()
    if module == "__main__" or not _leads_to(plugin) or not _says_all(params, text):
        return None
    used = UsedPlugin(kind, plugin.name, f"{module}:{name}", module, "")
    return Target(used, _paths(module), text)


def _leads_to(plugin: type[Plugin]) -> bool:
    try:
        found: Any = attrgetter(plugin.__qualname__)(sys.modules[plugin.__module__])
    except (AttributeError, KeyError):
        return False
    return found is plugin


def _says_all(params: PluginParams, text: str) -> bool:
    try:
        return type(params).model_validate_json(text) == params
    except ValueError:
        return False


def _paths(module: str) -> tuple[str, ...]:
    """Where a plugin that was named by path lies."""
    if not module.startswith(f"{NAMESPACE}."):
        return ()
    top = ".".join(module.split(".")[:2])
    file = Path(str(sys.modules[top].__file__))
    return (str(file.parent if file.name == "__init__.py" else file),)


def _check_here(kind: str, plugin: type[Plugin], params: PluginParams) -> list[CheckResult]:
    why = "its class can't be imported by its name, so that it is checked in this process"
    found = {name: CheckResult(name, "n/a", why) for name in (IMPORT, BY_PROCESS, BY_HASH)}
    with tempfile.TemporaryDirectory() as folder:
        results = run_checks(kind, plugin, params, list(CHECKS[kind]), Path(folder))
        found |= {result.name: result for result in results}
    return [found[name] for name in check_names(kind)]
