"""Figures over runs in time, as plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bench.several.readable import LeftOut

__all__ = ["CPU", "MEMORY", "Break", "Change", "History", "Point", "Series"]

CPU, MEMORY = "own CPU s", "peak MB"  # quantities beside metrics


@dataclass(frozen=True)
class Point:
    """`run`: its place among all runs, from 0; `measured`: False of a cost that an earlier one of them measured, and this one
    took from the cache."""

    run: int
    value: float
    measured: bool = True


@dataclass(frozen=True)
class Break:
    """At `run` something changed that makes its figures others than those of the run before; `why`: what."""

    run: int
    why: str


@dataclass(frozen=True)
class Change:
    """A change point: the first run that is other than those before, and the means around it. `p`: of otava's t-test."""

    run: int
    before: float
    after: float
    p: float

    @property
    def share(self) -> float | None:
        """The change as a part of what was before; None where that was 0."""
        return (self.after - self.before) / abs(self.before) if self.before else None


@dataclass(frozen=True)
class Series:
    """One quantity (a metric, `own CPU s`, `peak MB`) of one method, in the order of the runs. Figures on both sides of a
    break are not comparable."""

    suite: str
    dataset: str
    protocol: str
    method: str
    quantity: str
    higher_is_better: bool | None  # None: unknown
    points: tuple[Point, ...]
    breaks: tuple[Break, ...]
    changes: tuple[Change, ...] = ()

    @property
    def pieces(self) -> tuple[tuple[Point, ...], ...]:
        """The points between breaks, none of them empty."""
        starts = [0, *(one.run for one in self.breaks)]
        ends = [*starts[1:], self.points[-1].run + 1 if self.points else 0]
        pieces = (
            tuple(point for point in self.points if start <= point.run < end)
            for start, end in zip(starts, ends, strict=True)
        )
        return tuple(piece for piece in pieces if piece)


@dataclass(frozen=True)
class History:
    """`runs`: their names in time; `started`: as their manifests have it; `leads`: by (suite, dataset, protocol), methods of
    the latest run that charts show anyway; `notes`: what has to be known of how changes were looked for."""

    runs: tuple[str, ...]
    started: tuple[str, ...]
    series: tuple[Series, ...]
    leads: dict[tuple[str, str, str], tuple[str, ...]]
    left_out: int = 0  # figures that some seed of their run lacks
    looked: bool = False  # whether change points were looked for
    notes: tuple[str, ...] = ()
    unreadable: tuple[LeftOut, ...] = ()  # runs that were asked for too

    @property
    def exit_code(self) -> int:
        """4 where a run could not be read, else 0, whatever changed."""
        return 4 if self.unreadable else 0

    def told(self, series: tuple[Series, ...], *, looked: bool, notes: tuple[str, ...]) -> History:
        """The same with what was found."""
        return replace(self, series=series, looked=looked, notes=notes)
