"""What a gate of two runs is asked for, checked before anything is run or read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from bench.errors import CompareError
from bench.gate.model import Aspect
from bench.registry import did_you_mean

__all__ = ["RUN_ASPECTS", "aspects_of", "check_apart", "check_spares"]

RUN_ASPECTS: tuple[Aspect, ...] = ("quality", "memory")
_KEPT = ("records", "blobs", "failures")  # folders of a run that a run writes into


def aspects_of(names: Sequence[str] | str) -> tuple[Aspect, ...]:
    """The aspects of these names; one alone is no sequence of its letters. Raises CompareError for what two runs are not
    judged by."""
    given = (names,) if isinstance(names, str) else tuple(names)
    known: dict[str, Aspect] = {aspect: aspect for aspect in RUN_ASPECTS}
    for name in given:
        if name not in known:
            raise CompareError(_unknown(name))
    if not given:
        raise CompareError(f"no aspect to judge; there are: {', '.join(RUN_ASPECTS)}")
    return tuple(known[name] for name in dict.fromkeys(given))


def _unknown(name: str) -> str:
    if name in get_args(Aspect):
        return f"{name} is not judged by two runs; `bench gate --speed` measures it"
    return f"unknown aspect {name!r}{did_you_mean(str(name), RUN_ASPECTS)}"


def check_apart(base: Path, candidate: Path) -> None:
    """Raise CompareError where both names lead to one folder: it is as good as itself, whatever it holds."""
    if _led_to(base) == _led_to(candidate):
        raise CompareError(
            f"BASE and CANDIDATE are one folder, {base}, which is never worse than itself; give CANDIDATE a folder of its own "
            "(`bench run SUITE --out FOLDER`)"
        )


def check_spares(out: Path, base: Path) -> None:
    """Raise CompareError where a run into `out` would write into the folder of the base, which would then be judged by
    itself."""
    kept = set(_places(base))
    inside = _led_to(out).is_relative_to(_led_to(base))
    if inside or kept & set(_places(out)):
        raise CompareError(
            f"a run into {out} would write over the base, {base}; give `out` a folder beside it"
        )


def _places(run: Path) -> Iterator[Path]:
    yield _led_to(run)
    yield from (_led_to(run / name) for name in _KEPT)


def _led_to(path: Path) -> Path:
    """Without links and `..`."""
    return path.resolve()
