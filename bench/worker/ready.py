"""Imported by the server that steps are forked from: what every step would find out anew, and find the same."""

from __future__ import annotations

from pathlib import Path

from bench.job.code import harness_digest_now
from bench.job.environment import versions
from bench.registry.candidates import find_candidates
from bench.registry.sources import digest
from bench.worker.resources import search_pools

__all__: list[str] = []

_HARNESS = Path(__file__).parents[1] / "__init__.py"

versions()
harness_digest_now()
search_pools()
for _plugin in find_candidates((), autoload=False):
    _files = _plugin.sources()
    # of a plugin within the harness its own room counts, and not all of the package
    if _HARNESS not in _files:
        digest(_files)  # parses them; what a step uses of it is read and compared once more
