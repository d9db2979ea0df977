"""The checks of each kind of plugin: names, and addresses of functions, so that naming them imports neither torch nor pandas.

The first and the last two compare processes; bench.testing.apart makes them."""

from __future__ import annotations

from collections.abc import Mapping

from bench.interfaces import (
    Dataset,
    DifferentiableSelector,
    Executor,
    Metric,
    Plugin,
    Selector,
    SplitProtocol,
)

__all__ = ["BY_HASH", "BY_PROCESS", "CHECKS", "DECLARED", "IMPORT", "check_names", "kind_of"]

IMPORT = "import leaves the process alone"
DECLARED = "what it declares"  # where it fails, no other check of the plugin's calls is tried
BY_PROCESS = "determinism by process"
BY_HASH = "determinism by hash seed"

_EVERY = {
    "citation": "bench.testing.shared_checks:citation",
    "inputs left as they are": "bench.testing.shared_checks:inputs_unchanged",
    "global state left alone": "bench.testing.shared_checks:global_state",
    "threads and processes ended": "bench.testing.shared_checks:nothing_left",
}
_BY_SEED = {"determinism by seed": "bench.testing.shared_checks:determinism"}
_BY_CALL = {"determinism by call": "bench.testing.shared_checks:determinism"}
_LEARNERS = {
    DECLARED: "bench.testing.declarations:declarations",
    "shape, dtype and finiteness": "bench.testing.checks:shape_and_finiteness",
    "determinism by seed": "bench.testing.checks:determinism_of_fits",
    "unseen ids": "bench.testing.checks:unseen_ids",
    "ragged and empty support": "bench.testing.checks:ragged_and_empty_support",
    "vmap over users": "bench.testing.adaptation:vmap_over_users",
    "second derivatives": "bench.testing.derivatives:second_derivatives",
    "inner rate 0 changes nothing": "bench.testing.adaptation:inner_rate_zero",
    "meta-training": "bench.testing.meta_trained:meta_training",
    "weights on the simplex": "bench.testing.checks:simplex",
    "query labels never read": "bench.testing.checks:query_labels_never_read",
    "fit notes": "bench.testing.notes:fit_notes",
    **_EVERY,
}
CHECKS: Mapping[str, Mapping[str, str]] = {
    "models": _LEARNERS,
    "selectors": _LEARNERS,
    "metrics": {
        "a score or a reason": "bench.testing.metric_checks:score_or_reason",
        **_BY_CALL,
        "order of rows": "bench.testing.metric_checks:order_of_rows",
        "no state": "bench.testing.metric_checks:no_state",
        "direction": "bench.testing.metric_checks:direction",
        "parts by user": "bench.testing.metric_checks:parts_by_user",
        **_EVERY,
    },
    "datasets": {
        "sources": "bench.testing.dataset_checks:sources",
        "the table can be encoded": "bench.testing.dataset_checks:table_encodes",
        **_BY_CALL,
        **_EVERY,
    },
    "protocols": {
        "roles and cuts": "bench.testing.protocol_checks:roles_and_cuts",
        **_BY_SEED,
        **_EVERY,
    },
    "executors": {
        "each step ends once": "bench.testing.executor_checks:each_ends_once",
        "failures are told": "bench.testing.executor_checks:failures",
        "a step's process may end": "bench.testing.executor_checks:ends_of_processes",
        "a step handed over twice": "bench.testing.executor_checks:handed_over_twice",
        "limits": "bench.testing.executor_checks:limits",
        "closing waits": "bench.testing.executor_checks:closing_waits",
        "closing with kill": "bench.testing.executor_checks:closing_kills",
        **_BY_CALL,
        "citation": "bench.testing.shared_checks:citation",
        "threads and processes ended": "bench.testing.shared_checks:nothing_left",
    },
}
_INTERFACES: Mapping[str, tuple[type[Plugin], ...]] = {
    "selectors": (Selector, DifferentiableSelector),
    "metrics": (Metric,),
    "datasets": (Dataset,),
    "protocols": (SplitProtocol,),
    "executors": (Executor,),
}


def check_names(kind: str) -> list[str]:
    """In the order in which people read them."""
    return [IMPORT, *CHECKS[kind], BY_PROCESS, BY_HASH]


def kind_of(plugin: type) -> str:
    """The kind that a class is checked as; a base model where it is none of the others."""
    found = (kind for kind, wanted in _INTERFACES.items() if issubclass(plugin, wanted))
    return next(found, "models")
