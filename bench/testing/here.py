"""Checks run in this very process, one after the other."""

from __future__ import annotations

import re
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bench import interfaces
from bench.errors import PluginError
from bench.interfaces import Plugin, PluginParams
from bench.registry.contract import breach
from bench.registry.global_state import kept
from bench.testing.by_kind import CHECKS, DECLARED
from bench.testing.sampled import Sampled
from bench.testing.subjects import subject_of
from bench.testing.verdicts import CheckResult, Failed, NotApplicable

__all__ = ["defaults", "raised", "refuse", "run_checks", "subject_in"]


def run_checks(
    kind: str, plugin: type[Plugin], params: PluginParams, names: Sequence[str], folder: Path
) -> Iterator[CheckResult]:
    """Checks of CHECKS by name; `folder`: where what they write may stay."""
    subject, can_be_tried = subject_in(folder, kind, plugin, params), True
    for name in names:
        if not can_be_tried:
            yield CheckResult(name, "n/a", f"not tried: see the check {DECLARED!r}")
            continue
        # anew, so that no check is handed what an earlier one wrote into
        result = _run(name, CHECKS[kind][name], replace(subject))
        can_be_tried = name != DECLARED or result.status != "failed"
        yield result


def subject_in(folder: Path, kind: str, plugin: type[Plugin], params: PluginParams) -> Sampled:
    """The plugin under test, with a folder of its own."""
    return subject_of(kind, plugin, params, Path(tempfile.mkdtemp(dir=folder)))


def refuse(plugin: Any, kind: str, name: str) -> None:
    """PluginError for a class that breaks the contract of its kind."""
    if reason := breach(plugin, kind, name):
        raise PluginError(f"{getattr(plugin, '__name__', plugin)!s} breaks the contract: {reason}")
    if issubclass(plugin, interfaces.Differentiable):
        from torch import nn  # which plugins of most kinds do without

        if not issubclass(plugin, nn.Module):
            own = "DifferentiableModel" if kind == "models" else "DifferentiableSelector"
            raise PluginError(
                f"{plugin.__name__} is no nn.Module; derive it from bench.learn.{own}"
            )


def defaults(plugin: type[Plugin]) -> PluginParams:
    """Its default settings; PluginError where it has a parameter without one."""
    try:
        return plugin.Params()
    except ValidationError as error:
        needed = ", ".join(repr(".".join(map(str, problem["loc"]))) for problem in error.errors())
        raise PluginError(
            f"{plugin.name}: {needed} can't be left at its default; call bench.testing.check_plugin with params"
        ) from error


def raised(error: BaseException, plugin: type[Plugin]) -> str:
    """An exception as one line, with the plugin's own line that it came through."""
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    own = getattr(sys.modules.get(plugin.__module__), "__file__", None)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == own]
    return f"{reason} ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else reason


def _run(name: str, address: str, subject: Sampled) -> CheckResult:
    try:
        with kept():  # a check does not see what the one before it changed
            told = _function(address)(subject)
    except NotApplicable as reason:
        return CheckResult(name, "n/a", str(reason))
    except Failed as failure:
        return CheckResult(name, "failed", failure.reason, failure.fix)
    except PluginError as error:  # what the harness finds wrong, in its own words
        return CheckResult(name, "failed", str(error), "until then no fit gets further")
    except (Exception, SystemExit) as error:  # a stranger's code may raise anything, or exit
        return CheckResult(name, "failed", raised(error, subject.plugin), _fix(error))
    return CheckResult(name, "passed", told or "")


def _fix(error: BaseException) -> str:
    """Of what a plugin raises; that its library takes a smaller seed is known by its words."""
    about_a_seed = re.search(
        r"seed|random_state|too large to convert|out of bounds", str(error), re.I
    )
    if isinstance(error, ValueError | TypeError | OverflowError) and about_a_seed:
        return (
            "context.seed is in [0, 2**63); take context.seed % 2**32 where a library takes 32 bits"
        )
    return "the plugin must not raise here"


def _function(address: str) -> Callable[[Sampled], str | None]:
    module, _, name = address.partition(":")
    function: Callable[[Sampled], str | None] = getattr(import_module(module), name)
    return function
