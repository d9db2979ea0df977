"""Name to plugin: what is there, where it comes from, and the class behind it."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from bench.errors import PluginError, PluginUnavailable
from bench.interruption import by_the_user
from bench.registry.candidates import Candidate, find_candidates
from bench.registry.contained import contained
from bench.registry.global_state import kept
from bench.registry.kinds import KINDS, did_you_mean
from bench.registry.local import loaded_digest
from bench.registry.registration import Refused, Registered, in_one_line, register
from bench.registry.sources import plugin_digest, plugin_sources
from bench.registry.used_plugin import UsedPlugin

__all__ = ["PluginCode", "PluginInfo", "Quarantined", "Registry", "load_registry", "recorded"]

_IN_A_FILE = "is it in a file? give that with --plugins FILE, beside the plugin's name"


class PluginInfo(NamedTuple):
    """A name that a plugin claims. `origin` is "metaselector-bench 0.1.0 (bench_ctr)" or the path of a file."""

    kind: str  # a key of KINDS
    name: str
    address: str  # "package.module:Class"
    origin: str
    version: str  # of the distribution; "" for a file


class Quarantined(NamedTuple):
    """A plugin that was left out whole."""

    origin: str
    reason: str


class PluginCode(NamedTuple):
    """Which code stood behind a name; goes into records. `origin`: of a plugin given by its path the file's name alone, since
    where it lies is nobody else's business; `digest` is a sha256 over its sources."""

    name: str
    kind: str
    origin: str
    version: str
    digest: str


@dataclass(frozen=True)
class Registry:
    """Plugins by kind and name, those that were left out, and what was asked for (`paths`, `autoload`)."""

    plugins: Mapping[tuple[str, str], PluginInfo]
    refused: tuple[Refused, ...] = ()
    paths: tuple[Path, ...] = ()
    autoload: bool = True
    own: frozenset[str] = frozenset()  # origins of the harness's own plugins
    _classes: dict[tuple[str, str], type[Any]] = field(
        default_factory=dict, repr=False, compare=False
    )
    _digests: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def quarantined(self) -> tuple[Quarantined, ...]:
        """What was left out, and why."""
        return tuple(Quarantined(plugin.origin, plugin.reason) for plugin in self.refused)

    def infos(self, kind: str | None = None) -> tuple[PluginInfo, ...]:
        """All plugins, or those of a kind, in the order of KINDS and then of names."""
        kinds = list(KINDS)
        chosen = [info for info in self.plugins.values() if kind in (None, info.kind)]
        return tuple(sorted(chosen, key=lambda info: (kinds.index(info.kind), info.name)))

    def names(self, kind: str) -> tuple[str, ...]:
        """Sorted names of a kind."""
        return tuple(info.name for info in self.infos(kind))

    def get(self, kind: str, name: str) -> PluginInfo:
        """The plugin of that name; PluginUnavailable where a quarantined plugin stands for it, else PluginError."""
        if info := self.plugins.get((kind, name)):
            return info
        raise self._absent(name, KINDS[kind], self.names(kind))

    def find(self, name: str) -> tuple[PluginInfo, ...]:
        """The plugins of that name, of whatever kind, one at least; raises as `get` does."""
        if found := tuple(info for info in self.infos() if info.name == name):
            return found
        absent = self._absent(name, "plugin", [info.name for info in self.infos()])
        if isinstance(absent, PluginUnavailable):
            raise absent
        raise PluginError(f"{absent}{' or ' if str(absent).endswith('?') else '; '}{_IN_A_FILE}")

    def load(self, kind: str, name: str) -> type[Any]:
        """The class of that name, imported and checked: a subclass of its kind's interface in bench.interfaces.
        PluginUnavailable where the import fails, PluginError where it breaks the contract."""
        from bench.registry.contract import breach  # pydantic, which listing plugins does without

        info = self.get(kind, name)
        if (kind, name) in self._classes:
            return self._classes[kind, name]
        with kept() if info.origin in self.own else contained():
            plugin = _import(info)
        if reason := breach(plugin, kind, name):
            raise PluginError(f"{_described(info)} breaks the contract: {reason}")
        self._classes[kind, name] = plugin
        return plugin  # type: ignore[no-any-return]

    def code(self, kind: str, name: str) -> PluginCode:
        """The version and the digest of the code behind a name; imports nothing that is not imported yet."""
        info = self.get(kind, name)
        module = info.address.partition(":")[0]
        if module not in self._digests:
            self._digests[module] = loaded_digest(module) or plugin_digest(module)
        return PluginCode(name, kind, recorded(info.origin), info.version, self._digests[module])

    def is_own(self, kind: str, name: str) -> bool:
        """Whether that plugin is the harness's; raises as `get` does."""
        return self.get(kind, name).origin in self.own

    def used(self, kind: str, name: str) -> UsedPlugin:
        """What a process needs to load the plugin of that name by itself; raises as `get` does."""
        info = self.get(kind, name)
        return UsedPlugin(kind, name, info.address, info.origin, self.code(kind, name).digest)

    def tried(self, uses: Iterable[tuple[str, str, Mapping[str, Any]]]) -> Registry:
        """This registry less the plugins that end the process when they are made under settings. `uses`: kind, name and
        parameters; names that there are none of are passed over."""
        known = [
            (kind, name, params) for kind, name, params in uses if (kind, name) in self.plugins
        ]
        strangers = [
            (self.used(kind, name), params)
            for kind, name, params in known
            if self.plugins[kind, name].origin not in self.own
        ]
        if not strangers:
            return self
        from bench.registry.tried import Use, dead_uses  # as above

        dead = dead_uses([Use(*use) for use in strangers], self.paths)
        if not dead:
            return self
        left = {key: info for key, info in self.plugins.items() if info.origin not in dead}
        refused = [
            Refused(origin, how, plugin_sources(_module_of(self.plugins.values(), origin)))
            for origin, how in dead.items()
        ]
        return replace(self, plugins=left, refused=(*self.refused, *refused))

    def _absent(self, name: str, what: str, known: Sequence[str]) -> PluginError:
        for plugin in self.refused:
            if plugin.mentions(name):
                reason = f"{plugin.origin} is quarantined: {plugin.reason}"
                return PluginUnavailable(f"{what} {name!r} is unavailable: {reason}")
        unknown = f"unknown {what} {name!r}{did_you_mean(name, known)}"
        # their names are not known: it may be one that is built when the hook is called
        left_out = [f"{plugin.origin} is quarantined: {plugin.reason}" for plugin in self.refused]
        may_be = " or is" if unknown.endswith("?") else "; is"
        may_be += f" it in a plugin that was left out? {'; '.join(left_out)}"
        return PluginError(f"{unknown}{may_be if left_out else ''}")

    def extended(self, paths: Sequence[Path]) -> Registry:
        """This registry and the plugins at more paths, e.g. those that a suite names."""
        return load_registry([*self.paths, *paths], autoload=self.autoload) if paths else self


def load_registry(plugins: Sequence[Path] = (), *, autoload: bool = True) -> Registry:
    """Load installed plugins and those at `plugins` (files, package folders, folders of either), one by one.

    `autoload=False` leaves out installed plugins other than the harness's own. A plugin that fails is quarantined whole and
    the rest go on; PluginError where two plugins claim one name, or a path holds no plugin."""
    plugins = tuple({path.absolute(): path for path in plugins}.values())
    candidates = list(find_candidates(plugins, autoload=autoload))
    dead = _dead([one for one in candidates if not one.own], plugins, autoload=autoload)
    results = [
        Refused(one.origin, dead[one.origin], one.sources())
        if one.origin in dead
        else register(one)
        for one in candidates
    ]
    registered = [result for result in results if isinstance(result, Registered)]
    refused = tuple(result for result in results if isinstance(result, Refused))
    own = frozenset(one.origin for one in candidates if one.own)
    return Registry(_by_name(registered), refused, plugins, autoload, own)


def _module_of(infos: Iterable[PluginInfo], origin: str) -> str:
    return next(info.address.partition(":")[0] for info in infos if info.origin == origin)


def recorded(origin: str) -> str:
    """An origin as records and manifests have it."""
    return Path(origin).name


def _dead(
    strangers: Sequence[Candidate], paths: Sequence[Path], *, autoload: bool
) -> dict[str, str]:
    """Origins of those that may not be imported here, since it ends the process, and how."""
    if not strangers:
        return {}
    from bench.registry.tried import (
        dead_candidates,
    )  # which needs much that a list of plugins does without

    return dead_candidates(strangers, paths, autoload=autoload)


def _by_name(registered: Sequence[Registered]) -> dict[tuple[str, str], PluginInfo]:
    by_name: dict[tuple[str, str], PluginInfo] = {}
    clashes = []
    for plugin in registered:
        for (kind, name), address in plugin.addresses.items():
            info = PluginInfo(kind, name, address, plugin.origin, plugin.version)
            first = by_name.setdefault((kind, name), info)
            if first is not info:
                clashes.append(
                    f"two plugins claim {KINDS[kind]} {name!r}: {first.origin} and {info.origin}; leave one out"
                )
    if clashes:
        raise PluginError("\n".join(clashes))
    return by_name


def _import(info: PluginInfo) -> Any:
    module, _, attribute = info.address.partition(":")
    try:
        return attrgetter(attribute)(importlib.import_module(module))
    except BaseException as error:  # a stranger's code may raise anything, or exit
        if by_the_user(error):
            raise
        raise PluginUnavailable(
            f"{_described(info)} is unavailable: {in_one_line(error)}"
        ) from error


def _described(info: PluginInfo) -> str:
    return f"{KINDS[info.kind]} {info.name!r} ({info.address} from {info.origin})"
