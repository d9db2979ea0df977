"""Running the checks over a plugin."""

from __future__ import annotations

import inspect
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from pydantic import ValidationError

from bench import interfaces
from bench.errors import PluginError
from bench.interfaces import Plugin, PluginParams
from bench.registry.contract import breach
from bench.testing import adaptation, checks, derivatives
from bench.testing.global_state import GlobalState
from bench.testing.subject import Subject
from bench.testing.synthetic import make_prepared
from bench.testing.verdicts import Failed, NotApplicable

__all__ = ["CHECKS", "CheckResult", "assert_conforms", "check_plugin"]

CHECKS: dict[str, Callable[[Subject], None]] = {
    "shape, dtype and finiteness": checks.shape_and_finiteness,
    "determinism by seed": checks.determinism,
    "unseen ids": checks.unseen_ids,
    "ragged and empty support": checks.ragged_and_empty_support,
    "vmap over users": adaptation.vmap_over_users,
    "second derivatives": derivatives.second_derivatives,
    "inner rate 0 changes nothing": adaptation.inner_rate_zero,
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
    """All ten checks of a base model or selector class, under its default settings or those given.

    PluginError where the class is neither, breaks the contract, or has a parameter without a default."""
    _refuse_others(plugin)
    chosen = _defaults(plugin) if params is None else params
    with tempfile.TemporaryDirectory() as folder:
        subject = Subject(plugin, chosen, make_prepared(Path(folder)), Path(folder))
        return [_run(name, check, subject) for name, check in CHECKS.items()]


def assert_conforms(plugin: type[Plugin], params: PluginParams | None = None) -> None:
    """For a plugin author's own tests: AssertionError that lists what failed, why, and the fix."""
    failed = [result for result in check_plugin(plugin, params) if result.status == "failed"]
    if failed:
        raise AssertionError(
            "\n".join(f"{result.name}: {result.reason}; {result.fix}" for result in failed)
        )


def _refuse_others(plugin: Any) -> None:
    selector = inspect.isclass(plugin) and issubclass(
        plugin, interfaces.Selector | interfaces.DifferentiableSelector
    )
    if reason := breach(plugin, "selectors" if selector else "models", getattr(plugin, "name", "")):
        raise PluginError(f"{getattr(plugin, '__name__', plugin)!s} breaks the contract: {reason}")
    if issubclass(plugin, interfaces.Differentiable) and not issubclass(plugin, torch.nn.Module):
        own = "DifferentiableSelector" if selector else "DifferentiableModel"
        raise PluginError(f"{plugin.__name__} is no nn.Module; derive it from bench.learn.{own}")


def _defaults(plugin: type[Plugin]) -> PluginParams:
    try:
        return plugin.Params()
    except ValidationError as error:
        needed = ", ".join(repr(".".join(map(str, problem["loc"]))) for problem in error.errors())
        raise PluginError(
            f"{plugin.name}: {needed} can't be left at its default; call bench.testing.check_plugin with params"
        ) from error


def _run(name: str, check: Callable[[Subject], None], subject: Subject) -> CheckResult:
    before = GlobalState.now()
    try:
        check(subject)
    except NotApplicable as reason:
        return CheckResult(name, "n/a", str(reason))
    except Failed as failure:
        return CheckResult(name, "failed", failure.reason, failure.fix)
    except (Exception, SystemExit) as error:  # a stranger's code may raise anything, or exit
        return CheckResult(
            name, "failed", _raised(error, subject.plugin), "the plugin must not raise here"
        )
    finally:
        before.restore()
    return CheckResult(name, "passed")


def _raised(error: BaseException, plugin: type[Plugin]) -> str:
    """An exception as one line, with the plugin's own line that it came through."""
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    own = getattr(sys.modules.get(plugin.__module__), "__file__", None)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == own]
    return f"{reason} ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else reason
