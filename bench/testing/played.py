"""What happens in the processes that a plugin under test may end: functions for bench.processes.Task.

Each takes an order as JSON, and says and returns JSON."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import PluginError, PluginUnavailable
from bench.interfaces import PluginParams
from bench.registry.candidates import find_candidates
from bench.registry.global_state import GlobalState, kept
from bench.registry.local import NAMESPACE
from bench.registry.registration import Registered, register
from bench.registry.used import UsedPlugins
from bench.registry.used_plugin import UsedPlugin
from bench.testing.here import defaults, raised, refuse, run_checks, subject_in
from bench.testing.left_behind import Standing
from bench.testing.verdicts import NotApplicable

__all__ = ["play_checks", "play_import", "play_names", "play_sample"]

_LONG = 2**20  # bytes of a sample; of a longer one the digest stands for it
Say = Callable[[str], None]
Order = Mapping[str, Any]


def play_names(argument: str, _: Say) -> str:
    """What the plugins at a path name by their hooks: [kind, name, address, origin] each; no class is made."""
    origin = json.loads(argument)["origin"]
    found = [
        [kind, name, address, origin]
        for candidate in find_candidates([Path(origin)], autoload=False)
        if candidate.origin == origin and isinstance(registered := register(candidate), Registered)
        for (kind, name), address in registered.addresses.items()
    ]
    return json.dumps(found)


def play_import(argument: str, _: Say) -> str:
    """Import it, after `libraries`. `changed`: names of what that changed of the process; `libraries`: modules that are not
    the plugin's and came in with it; `unavailable`: why it does not import."""
    return json.dumps(_imported(json.loads(argument)))


def play_checks(argument: str, say: Say) -> str:
    """Say what `play_import` returns, then each result as it is there; return what `play_sample` does. What is said after the
    first holds an `error` where there is nothing to check."""
    order = json.loads(argument)
    with kept():  # what the import changes is that check's alone
        say(json.dumps(_imported(order)))
    try:
        plugin, params = _ready(order)
    except PluginError as error:
        say(json.dumps({"error": str(error)}))
        return "{}"
    kind: str = order["used"][0]
    for result in run_checks(kind, plugin, params, order["names"], Path(order["folder"])):
        say(json.dumps(result._asdict()))
    return json.dumps(_sample(order, plugin, params))


def play_sample(argument: str, _: Say) -> str:
    """What the plugin gives: `dtype`, `shape` and `bytes` in hexadecimals; or `error`, why there is nothing."""
    order = json.loads(argument)
    return json.dumps(_sample(order, *_ready(order)))


def _imported(order: Order) -> dict[str, Any]:
    used = UsedPlugin(*order["used"])
    plugins = UsedPlugins([used], _paths(order))
    for library in order.get("libraries", ()):
        with suppress(Exception, SystemExit):
            import_module(library)
    known, before, standing = set(sys.modules), GlobalState(), Standing()
    try:
        plugins.load_unchecked(used)
    except PluginUnavailable as error:
        return {"unavailable": str(error)}
    changed = [*before.changes(), *standing.since()]
    own = _own_module(used.address)
    libraries = [name for name in sys.modules if name not in known and not _is_below(name, own)]
    return {"changed": changed, "libraries": libraries}


def _sample(order: Order, plugin: type[Any], params: PluginParams) -> dict[str, Any]:
    subject = subject_in(Path(order["folder"]), order["used"][0], plugin, params)
    try:
        with kept():
            found = subject.sample()
    except NotApplicable as reason:
        return {"error": str(reason)}
    except (Exception, SystemExit) as error:
        return {"error": raised(error, plugin)}
    if found.nbytes > _LONG:  # a whole dataset
        found = np.frombuffer(hashlib.sha256(found.tobytes()).digest(), np.uint8)
    return {"dtype": found.dtype.str, "shape": found.shape, "bytes": found.tobytes().hex()}


def _ready(order: Order) -> tuple[type[Any], PluginParams]:
    """The class and its settings; PluginError where it breaks the contract or needs settings that it was not given."""
    used = UsedPlugin(*order["used"])
    with kept():  # what the import changes is another check's
        plugin = UsedPlugins([used], _paths(order)).load_unchecked(used)
    refuse(plugin, used.kind, used.name)
    if order["params"] is None:
        return plugin, defaults(plugin)
    return plugin, plugin.Params.model_validate_json(order["params"])


def _paths(order: Order) -> list[Path]:
    return list(map(Path, order["paths"]))


def _own_module(address: str) -> str:
    """What a plugin's own modules lie below: its package, or its file among those that were named by path."""
    module = address.partition(":")[0]
    return NAMESPACE if module.startswith(f"{NAMESPACE}.") else module.partition(".")[0]


def _is_below(module: str, top: str) -> bool:
    return module == top or module.startswith(f"{top}.")
