"""Plugins that a user names by path: a file, a package folder, or a folder of either, imported as `bench_local.<stem>`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from bench.errors import PluginError
from bench.registry.sources import digest, package_sources

__all__ = [
    "NAMESPACE",
    "LocalPlugin",
    "find_local",
    "import_local",
    "import_local_module",
    "loaded_digest",
    "local_sources",
]

NAMESPACE = "bench_local"


@dataclass(frozen=True)
class LocalPlugin:
    """`path` is a .py file or a package folder."""

    path: Path

    @property
    def module(self) -> str:
        """Name that it is imported by."""
        return f"{NAMESPACE}.{self.path.stem.replace('.', '_')}"

    @property
    def sources(self) -> tuple[Path, ...]:
        """Its files."""
        return package_sources(self.path) if self.path.is_dir() else (self.path,)


class _State(NamedTuple):
    """What a module's spec remembers of where it came from."""

    path: Path
    digest: str


def find_local(paths: Iterable[Path]) -> list[LocalPlugin]:
    """The plugins at these paths, each once; PluginError where there is none, or where two would have one module name."""
    plugins = {child.resolve(): LocalPlugin(child) for path in paths for child in _plugins_at(path)}
    by_module: dict[str, LocalPlugin] = {}
    for plugin in plugins.values():
        other = by_module.setdefault(plugin.module, plugin)
        if other is not plugin:
            raise PluginError(
                f"{plugin.path} and {other.path} would both be imported as {plugin.module}; rename one"
            )
    _Finder.of_process().plugins.update(by_module)
    return list(plugins.values())


def import_local(plugin: LocalPlugin) -> ModuleType:
    """Import it, or give the module that is there if it came from these sources. sys.path stays as it is."""
    loaded = sys.modules.get(plugin.module)
    if loaded is not None and _loaded_state(loaded) == _state(plugin):
        return loaded
    _forget(plugin.module)
    _forget_changed()  # it may import them
    try:
        return _execute(plugin)
    except BaseException:
        _forget(plugin.module)
        raise


def import_local_module(module: str) -> ModuleType:
    """A module below NAMESPACE, of a plugin that `find_local` has found."""
    top = _top(module)
    plugin = _Finder.of_process().plugins.get(top)
    if plugin is None:
        raise ModuleNotFoundError(f"no plugin was given that is imported as {top}")
    import_local(plugin)
    return import_module(module)


def local_sources(module: str) -> tuple[Path, ...]:
    """The files of the plugin that a module below NAMESPACE belongs to; none where none was found."""
    plugin = _Finder.of_process().plugins.get(_top(module))
    return plugin.sources if plugin is not None and plugin.path.exists() else ()


def _top(module: str) -> str:
    return ".".join(module.split(".")[:2])


def loaded_digest(module: str) -> str:
    """Digest of the sources that a module below NAMESPACE was imported from; "" for any other module."""
    top = sys.modules.get(_top(module))
    state = None if top is None else _loaded_state(top)
    return "" if state is None else state.digest


def _state(plugin: LocalPlugin) -> _State:
    return _State(plugin.path.resolve(), digest(plugin.sources))


def _loaded_state(module: ModuleType) -> _State | None:
    state = None if module.__spec__ is None else module.__spec__.loader_state
    return state if isinstance(state, _State) else None


def _plugins_at(path: Path) -> Iterator[Path]:
    if not path.exists():
        raise PluginError(
            f"{path}: no such file or folder; --plugins takes a .py file, a package folder, or a folder of these"
        )
    if _is_plugin(path):
        yield path
    elif path.is_dir():
        yield from _plugins_in(path)
    else:
        raise PluginError(f"{path}: not a .py file, nor a folder")


def _plugins_in(folder: Path) -> list[Path]:
    found = [
        child
        for child in sorted(folder.iterdir())
        if _is_plugin(child) and child.name[0] not in "._"
    ]
    if not found:
        raise PluginError(
            f"{folder}: holds neither .py files nor package folders (with __init__.py)"
        )
    return found


def _is_plugin(path: Path) -> bool:
    return path.suffix == ".py" if path.is_file() else (path / "__init__.py").is_file()


class _SourceLoader(SourceFileLoader):
    """Runs what the source says now: bytecode left by an earlier version is neither read nor written."""

    def path_stats(self, path: Any) -> Any:
        raise OSError(f"{path}: bytecode is not used")


class _Finder(MetaPathFinder):
    """Finds the plugins that were given, for one that imports another, and their submodules, whose bytecode is not used
    either."""

    def __init__(self) -> None:
        self.plugins: dict[str, LocalPlugin] = {}  # by module

    @classmethod
    def of_process(cls) -> _Finder:
        for finder in sys.meta_path:
            if isinstance(finder, cls):
                return finder
        made = cls()
        sys.meta_path.insert(0, made)
        _namespace()
        return made

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(f"{NAMESPACE}."):
            return None
        if plugin := self.plugins.get(fullname):
            return _spec(plugin)
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and type(spec.loader) is SourceFileLoader:
            spec.loader = _SourceLoader(fullname, spec.loader.path)
        return spec


def _spec(plugin: LocalPlugin) -> ModuleSpec:
    package = plugin.path.is_dir()
    file = plugin.path.resolve() / "__init__.py" if package else plugin.path.resolve()
    spec = spec_from_file_location(
        plugin.module,
        file,
        loader=_SourceLoader(plugin.module, str(file)),
        submodule_search_locations=[str(file.parent)] if package else None,
    )
    if spec is None or spec.loader is None:
        raise PluginError(f"{plugin.path}: can't be imported")
    spec.loader_state = _state(plugin)
    return spec


def _execute(plugin: LocalPlugin) -> ModuleType:
    spec = _spec(plugin)
    module = module_from_spec(spec)
    _namespace()
    sys.modules[plugin.module] = module
    assert spec.loader is not None
    spec.loader.exec_module(module)
    return module


def _namespace() -> None:
    """The parent package: it has no folder, so that nothing is found in it unasked."""
    if NAMESPACE not in sys.modules:
        package = ModuleType(NAMESPACE, "Plugins given by --plugins or by a suite.")
        package.__path__ = []
        sys.modules[NAMESPACE] = package


def _forget_changed() -> None:
    for module, plugin in _Finder.of_process().plugins.items():
        loaded = sys.modules.get(module)
        if loaded is not None and plugin.path.exists() and _loaded_state(loaded) != _state(plugin):
            _forget(module)


def _forget(module: str) -> None:
    for name in [name for name in sys.modules if name == module or name.startswith(f"{module}.")]:
        del sys.modules[name]
