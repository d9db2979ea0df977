"""JSON objects on disk that say which schema they are of."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from bench.errors import RecordError
from bench.records.atomic import MOST_BYTES
from bench.records.canonical import canonical

__all__ = ["SCHEMA", "decode", "encode"]

SCHEMA = 3  # of records and manifests that this version writes; it reads older ones too


def encode(path: Path, value: dict[str, Any]) -> bytes:
    """Readable JSON, mappings in their own order (the suite's); RecordError for what JSON can't hold, NaN among it."""
    try:
        canonical(value)
        data = (json.dumps(value, indent=1, allow_nan=False) + "\n").encode("ascii")
    except (TypeError, ValueError) as error:
        raise RecordError(
            f"{path}: not JSON: {error}; give numbers as int or finite float, or None"
        ) from error
    if len(data) > MOST_BYTES:
        raise RecordError(f"{path}: {len(data):,} bytes; at most {MOST_BYTES:,} are read back")
    return data


def decode(path: Path, data: bytes) -> dict[str, Any]:
    """RecordError for what is no JSON object, or of a newer schema."""
    try:
        value = json.loads(data, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise RecordError(
            f"{path}: truncated or edited, not JSON ({error}); restore it from git, or remove it and run again"
        ) from error
    schema = value.get("schema") if isinstance(value, dict) else None
    if type(schema) is not int:
        raise RecordError(
            f"{path}: not a record or manifest, it names no schema; restore it from git, or remove it and run again"
        )
    if schema > SCHEMA:
        raise RecordError(
            f"{path}: schema {schema}, newer than {SCHEMA}, the newest read here; update metaselector-bench"
        )
    return value  # type: ignore[no-any-return]


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    """1e999 is JSON, and more than a float holds."""
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:40]} is beyond any float")
    return number
