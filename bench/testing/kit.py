"""Running the checks over a plugin."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

from bench.interfaces import Plugin, PluginParams
from bench.testing import checks, derivatives
from bench.testing.global_state import GlobalState
from bench.testing.subject import Subject
from bench.testing.synthetic import make_interactions
from bench.testing.verdicts import Failed, NotApplicable

__all__ = ["CHECKS", "CheckResult", "assert_conforms", "check_plugin"]

CHECKS: dict[str, Callable[[Subject], None]] = {
    "shape, dtype and finiteness": checks.shape_and_finiteness,
    "determinism by seed": checks.determinism,
    "unseen ids": checks.unseen_ids,
    "ragged and empty support": checks.ragged_and_empty_support,
    "vmap over users": derivatives.vmap_over_users,
    "second derivatives": derivatives.second_derivatives,
    "inner rate 0 changes nothing": derivatives.inner_rate_zero,
    "weights on the simplex": checks.simplex,
    "global state left alone": checks.global_state,
    "query labels never read": checks.query_labels_never_read,
}


class CheckResult(NamedTuple):
    """`reason`: why it failed or does not apply; `fix`: what to do about a failure."""

    name: str
    status: Literal["passed", "failed", "n/a"]
    reason: str = ""
    fix: str = ""


def check_plugin(plugin: type[Plugin], params: PluginParams | None = None) -> list[CheckResult]:
    """All ten checks of a base model or selector class, under its default settings or those given."""
    chosen: Any = plugin.Params() if params is None else params
    with tempfile.TemporaryDirectory() as folder:
        subject = Subject(plugin, chosen, make_interactions(Path(folder)), Path(folder))
        return [_run(name, check, subject) for name, check in CHECKS.items()]


def assert_conforms(plugin: type[Plugin], params: PluginParams | None = None) -> None:
    """For a plugin author's own tests: AssertionError that lists what failed, why, and the fix."""
    failed = [result for result in check_plugin(plugin, params) if result.status == "failed"]
    if failed:
        raise AssertionError("\n".join(f"{result.name}: {result.reason}; {result.fix}" for result in failed))


def _run(name: str, check: Callable[[Subject], None], subject: Subject) -> CheckResult:
    before = GlobalState.now()
    try:
        check(subject)
    except NotApplicable as reason:
        return CheckResult(name, "n/a", str(reason))
    except Failed as failure:
        return CheckResult(name, "failed", failure.reason, failure.fix)
    except Exception as error:
        return CheckResult(name, "failed", f"{type(error).__name__}: {error}", "the plugin must not raise here")
    finally:
        before.restore()
    return CheckResult(name, "passed")
