"""How the settings of two trials of one name differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from bench.job.spec import BaseModelSpec, MethodSpec
from bench.records import Record

__all__ = ["change_of_settings", "differing_settings", "whole_settings"]

_SPECS: Mapping[str, type[BaseModel]] = {"base_model": BaseModelSpec, "method": MethodSpec}


def change_of_settings(base: Record, candidate: Record) -> str:
    """`embedding_dim 10 -> 4, train.epochs 3 -> 5`; nothing where they are the same. What a record of an older schema does
    not have is unknown, and no difference."""
    changed = differing_settings(base, candidate)
    return ", ".join(f"{key} {ours} -> {theirs}" for key, (ours, theirs) in changed.items())


def differing_settings(base: Record, candidate: Record) -> dict[str, tuple[str, str]]:
    """Key to its value in each of the two, "absent" where it has none; of unknown settings nothing, as above."""
    ours, theirs = whole_settings(base), whole_settings(candidate)
    if ours is None or theirs is None:
        return {}
    one, other = dict(_flat(ours)), dict(_flat(theirs))
    if base["schema"] != candidate["schema"]:
        both = one.keys() & other.keys()
        one, other = ({key: side[key] for key in side if key in both} for side in (one, other))
    keys = [key for key in dict.fromkeys((*one, *other)) if one.get(key) != other.get(key)]
    return {key: (one.get(key, "absent"), other.get(key, "absent")) for key in keys}


def whole_settings(record: Record) -> Any:
    """With the defaults of keys that came after the record."""
    settings = record["identity"].get("settings")
    spec = _SPECS.get(record["kind"])
    if spec is None or settings is None:
        return settings
    try:
        return spec.model_validate_json(json.dumps(settings)).model_dump(mode="json")
    except ValidationError:
        return settings


def _flat(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Each value by its key as a suite has it: parameters stand beside `use`."""
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from _flat(below, path if key == "params" else (*path, key))
    elif value is not None and value != {}:
        yield ".".join(path), json.dumps(value)
