"""The plugins that a step uses, loaded in its process: those and no others, as they were when the step was planned."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any

from bench.errors import PluginError, PluginUnavailable
from bench.interruption import by_the_user
from bench.registry.contract import breach
from bench.registry.global_state import kept
from bench.registry.kinds import KINDS
from bench.registry.local import NAMESPACE, find_local, import_local_module
from bench.registry.registration import in_one_line
from bench.registry.sources import plugin_digest
from bench.registry.used_plugin import UsedPlugin

__all__ = ["UsedPlugins", "other_code"]


def other_code(used: Sequence[UsedPlugin], paths: Sequence[Path]) -> str:
    """Of what in this process is not what a step was planned with, in words; nothing where all is."""
    find_local(paths)
    for plugin in used:
        if plugin_digest(plugin.module) != plugin.digest:
            return str(plugin)
    return ""


class UsedPlugins:
    """`paths`: where plugins that a user names by path lie, for those of the used ones that do, and what they import.
    `imported` is called after each import."""

    def __init__(
        self,
        used: Sequence[UsedPlugin],
        paths: Sequence[Path],
        imported: Callable[[], object] = lambda: None,
    ) -> None:
        find_local(paths)
        self._used = {(plugin.kind, plugin.name): plugin for plugin in used}
        self._loaded: dict[UsedPlugin, type[Any]] = {}
        self._imported = imported
        self.changes: list[str] = []  # what calls of plugins changed of the process's settings

    def load(self, kind: str, name: str) -> type[Any]:
        """Its class. PluginUnavailable where the import fails, or where its code is not what was planned; PluginError where
        it breaks the contract."""
        plugin = self._used[kind, name]
        if plugin not in self._loaded:
            self._loaded[plugin] = self._load(plugin)
        return self._loaded[plugin]

    @contextmanager
    def calling(self, what: str) -> Iterator[None]:
        """Around a plugin's code: settings of the process that it changes are put back, and remembered in words."""

        def changed(names: list[str]) -> None:
            self.changes.append(f"{what} changed {', '.join(names)}: put back after it")

        with kept(changed, new_variables_stay=True):
            yield

    def load_unchecked(self, plugin: UsedPlugin) -> type[Any]:
        """Its class, whatever its code and its contract are."""
        return _import(plugin)  # type: ignore[no-any-return]

    def _load(self, plugin: UsedPlugin) -> type[Any]:
        _check_digest(plugin)
        with self.calling(f"importing {KINDS[plugin.kind]} {plugin.name!r}"):
            loaded = _import(plugin)
            reason = breach(loaded, plugin.kind, plugin.name)
        self._imported()
        _check_digest(plugin)  # it may have been edited while it was read
        if reason:
            raise PluginError(f"{plugin} breaks the contract: {reason}")
        return loaded  # type: ignore[no-any-return]


def _check_digest(plugin: UsedPlugin) -> None:
    if plugin_digest(plugin.module) != plugin.digest:
        raise PluginUnavailable(
            f"{plugin} was changed while the run went on; run again, and its steps are planned anew"
        )


def _import(plugin: UsedPlugin) -> Any:
    try:
        module = plugin.module
        local = module.startswith(f"{NAMESPACE}.")
        found = import_local_module(module) if local else importlib.import_module(module)
        return attrgetter(plugin.address.partition(":")[2])(found)
    except BaseException as error:  # a stranger's code may raise anything, or exit
        if by_the_user(error):
            raise
        raise PluginUnavailable(f"{plugin} is unavailable: {in_one_line(error)}") from error
