"""The check of what a fit tells of itself (bench.interfaces.FitNotes): it goes into the record, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.interfaces import History
from bench.testing.subject import Subject
from bench.testing.verdicts import Failed, NotApplicable
from bench.worker.notes import RESERVED, not_json

__all__ = ["fit_notes"]

_NOTES = ("history", "chosen", "details", "software", "trained_users")


def fit_notes(subject: Subject) -> None:
    if subject.is_differentiable:
        raise NotApplicable("the harness fits it, and keeps the notes")
    fitted = subject.fitted()
    for name in _NOTES:
        value = getattr(fitted, name)
        if callable(value):
            raise Failed(
                f"{name} is a method; the harness reads an attribute",
                f"set `self.{name} = ...` in fit, or make it a property",
            )
        _check_form(name, value)
        for place, what in not_json(value, name):
            raise Failed(
                f"{place} is {what}, which is no JSON",
                "keep plain values: float(x), int(x), x.tolist(), str(key); None for what is not finite",
            )
    for key in sorted(RESERVED & fitted.details.keys()):
        raise Failed(f"details has the key {key!r}, which is the harness's own", "choose another")


def _check_form(name: str, value: Any) -> None:
    wanted: dict[str, tuple[type, ...]] = {
        "history": (History, type(None)),
        "trained_users": (int, type(None)),
    }
    if not isinstance(value, wanted.get(name, (Mapping,))):
        form = {
            "history": "a bench.interfaces.History or None",
            "trained_users": "a whole number or None",
        }.get(name, "a mapping of names to values")
        raise Failed(f"{name} is {type(value).__name__}", f"set {name} to {form}")
