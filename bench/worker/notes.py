"""What a fitted model or selector tells of itself (bench.interfaces.FitNotes), checked before it goes into a result."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from bench.errors import PluginError
from bench.interfaces import FitNotes, History

__all__ = ["RESERVED", "Notes", "not_json", "notes_of"]

# What the harness itself says under `details` of a record, where reports read it.
RESERVED = frozenset(
    {
        "base_predictions",
        "best_epoch",
        "best_model_share",
        "calibrated",
        "chosen",
        "empty_query_users",
        "empty_support_users",
        "epochs",
        "extreme_logits",
        "predictions",
        "source_shift",
        "support_rows",
        "training",
        "valid_logloss",
        "warnings",
    }
)
_HARNESS = __name__.partition(".")[0]


def _as_json(value: dict[str, Any]) -> dict[str, Any]:
    for place, what in not_json(value, "it"):
        raise ValueError(f"{place} is {what}, which is no JSON")
    return value


Count = Annotated[int, Field(ge=0)]
Json = Annotated[dict[str, Any], AfterValidator(_as_json)]


class _Checked(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class _History(_Checked):
    epochs: Count
    best_epoch: Count
    valid_logloss: list[FiniteFloat]
    rows: Count


class Notes(_Checked):
    """As in FitNotes, of plain values alone."""

    history: _History | None
    chosen: Json
    details: Json
    software: dict[str, str]
    trained_users: Count | None

    def epochs(self) -> dict[str, Any]:
        """Of a training by epochs, as details have it."""
        return {} if self.history is None else self.history.model_dump(exclude={"rows"})


def notes_of(fitted: FitNotes, what: str) -> Notes:
    """The notes of `what`, a plugin in words, once it has answered. PluginError, by the note's name, for those that are of
    another shape, and for details under a key that is the harness's own."""
    try:
        notes = Notes.model_validate({name: _told(fitted, name) for name in Notes.model_fields})
    except (ValidationError, RecursionError) as error:
        raise PluginError(f"{what}: {_wrong(error)}") from error
    taken = sorted(RESERVED & notes.details.keys())
    if taken and type(fitted).__module__.partition(".")[0] != _HARNESS:
        raise PluginError(
            f"{what}: details has the key {taken[0]!r}, which is the harness's own; choose another"
        )
    return notes


def not_json(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Places in a value that JSON can't hold as they are, and what is there: NaN, numpy's scalars, keys that are no text."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            if not isinstance(key, str):
                yield f"a key of {place}", f"{key!r} ({type(key).__name__})"
            yield from not_json(part, f"{place}[{key!r}]")
    elif isinstance(value, list | tuple):
        for position, part in enumerate(value):
            yield from not_json(part, f"{place}[{position}]")
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield place, str(float(value))
    elif not isinstance(value, str | int | None):
        yield place, f"of type {type(value).__module__}.{type(value).__name__}"


def _told(fitted: FitNotes, name: str) -> Any:
    """A note with lists and dicts for what is like them."""
    value = getattr(fitted, name)
    if isinstance(value, History):
        losses: Any = value.valid_logloss
        listed = list(losses) if isinstance(losses, tuple) else losses
        return {**value._asdict(), "valid_logloss": listed}
    return dict(value) if isinstance(value, Mapping) else value


def _wrong(error: ValidationError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "a note is nested too deep"
    first = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place:.100}: {first['msg']}, not {first['input']!r:.100}"
