"""What the suite said of a base model or a method, from the record of one of its trials."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from pydantic import ValidationError

from bench.job.spec import BaseModelSpec, MethodSpec

__all__ = ["recorded_spec"]

Record = Mapping[str, Any]
_SPECS: Mapping[str, type[BaseModelSpec] | type[MethodSpec]] = {
    "base_model": BaseModelSpec,
    "method": MethodSpec,
}


def recorded_spec(record: Record) -> BaseModelSpec | MethodSpec | None:
    """None of a bound, and where an older version wrote what this one can't read."""
    spec, settings = _SPECS.get(record["kind"]), record["identity"].get("settings")
    if spec is None or settings is None:
        return None
    try:
        return spec.model_validate(settings)
    except ValidationError as error:
        of_older = _without_unknown(settings, error)
    try:
        return spec.model_validate(of_older)
    except ValidationError:
        return None


def _without_unknown(settings: Mapping[str, Any], error: ValidationError) -> dict[str, Any]:
    """Without the keys that an older version had and this one has no more."""
    known = deepcopy(dict(settings))
    for *path, key in (
        found["loc"] for found in error.errors() if found["type"] == "extra_forbidden"
    ):
        part: Any = known
        for step in path:
            part = part[step]
        del part[key]
    return known
