"""Dates and times as text in ISO 8601: a date, or a date and time, with or without a fraction and a time zone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.data.tables.raw import as_mask

__all__ = ["ISO", "Instant", "IsoTimes", "instant", "read_iso"]

ISO = (
    r"^(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})"
    r"(?:[Tt ](?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?P<zone>[Zz]|(?P<sign>[+-])(?P<zone_hour>\d{2})(?::?(?P<zone_minute>\d{2}))?)?)?$"
)


class Instant(NamedTuple):
    seconds: int  # since 1970, rounded down
    nanoseconds: int  # in [0, 1e9)


class IsoTimes(NamedTuple):
    """Of n texts that match the pattern."""

    seconds: np.ndarray  # (n,) int64 since 1970
    nanoseconds: np.ndarray  # (n,) int64 in [0, 1e9)
    real: np.ndarray  # (n,) bool: whether calendar and clock have it
    aware: np.ndarray  # (n,) bool: whether it has a time zone


def instant(text: str) -> Instant:
    """A date, or a date and time, in ISO 8601; without a zone it is in UTC. ValueError where it is none."""
    words = pa.array([text], pa.large_string())
    found = read_iso(words) if as_mask(pc.match_substring_regex(words, ISO)).all() else None
    if found is None or not found.real.all():
        raise ValueError(
            f"{text!r} is no date or time that there is in ISO 8601, like 2021-01-30 or 2021-01-30T18:05:00Z"
        )
    return Instant(int(found.seconds[0]), int(found.nanoseconds[0]))


def read_iso(words: pa.Array) -> IsoTimes:
    """Of text that matches the pattern; without a zone it is in UTC."""
    parts = pc.extract_regex(words, pattern=ISO)
    number = {
        group: _group(parts, group)
        for group in ("year", "month", "day", "hour", "minute", "second")
    }
    zone = {group: _group(parts, group) for group in ("zone_hour", "zone_minute")}
    days, real = _days(number, zone)
    aware = as_mask(pc.not_equal(pc.struct_field(parts, "zone"), ""))
    offset = (zone["zone_hour"] * 60 + zone["zone_minute"]) * 60
    offset = np.where(as_mask(pc.equal(pc.struct_field(parts, "sign"), "-")), -offset, offset)
    seconds = (
        days * 86_400 + number["hour"] * 3600 + number["minute"] * 60 + number["second"] - offset
    )
    fraction = pc.utf8_rpad(pc.struct_field(parts, "fraction"), 9, "0").cast(pa.int64()).to_numpy()
    return IsoTimes(seconds, fraction, real, aware)


def _group(parts: pa.Array, name: str) -> np.ndarray:
    """A group of the pattern as whole numbers; 0 where it isn't there."""
    text = pc.struct_field(parts, name)
    return np.asarray(pc.if_else(pc.equal(text, ""), "0", text).cast(pa.int64()).to_numpy())


def _days(
    number: dict[str, np.ndarray], zone: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Days since 1970, and whether the calendar and the clock have such a date and time (no leap seconds, no 24:00)."""
    year, month, day = number["year"], number["month"], number["day"]
    clock = (number["hour"] < 24) & (number["minute"] < 60) & (number["second"] < 60)
    clock &= (zone["zone_hour"] < 24) & (zone["zone_minute"] < 60)
    real = clock & (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1)
    months = (year - 1970) * 12 + np.where(real, month, 1) - 1
    first, following = (
        each.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
        for each in (months, months + 1)
    )
    return first + day - 1, real & (day <= following - first)
