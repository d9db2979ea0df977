"""Finds, loads and quarantines plugins: name to plugin and its origin. Importing it imports no plugin, torch or pydantic."""

from bench.registry.kinds import KINDS, did_you_mean
from bench.registry.registry import (
    PluginCode,
    PluginInfo,
    Quarantined,
    Registry,
    load_registry,
    recorded,
)
from bench.registry.summary import summary

__all__ = [
    "KINDS",
    "PluginCode",
    "PluginInfo",
    "Quarantined",
    "Registry",
    "did_you_mean",
    "load_registry",
    "recorded",
    "summary",
]
