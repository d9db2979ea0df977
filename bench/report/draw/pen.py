"""Draws lines, marks and texts on any canvas of matplotlib's, in points: its axes and artists would take ten times as long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.colors import to_rgba
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Bbox

from bench.report.draw.style import INK, PAPER, Look
from bench.report.draw.texts import Box, Label, font, start_of

__all__ = ["MARKER", "Pen", "Place"]

Place = tuple[float, float]
MARKER = 5.5  # points, of a marker
_OUTLINE = 1.2  # of it
_TICK = Path([(0.0, 0.0), (0.0, -1.0)])
_HERE = Path([(0.0, 0.0)])


class Pen:
    """`renderer`: a canvas, whose origin is at the bottom."""

    def __init__(self, renderer: RendererBase) -> None:
        self._renderer = renderer
        self._scale: float = np.asarray(renderer.points_to_pixels(1.0)).item()
        self._to_pixels = Affine2D().scale(self._scale)
        self._anchor = Text()  # tells an SVG how a text is aligned

    @contextmanager
    def group(self, kind: str, ident: str | None = None) -> Iterator[None]:
        """Has the id `ident`, or else its kind and a number."""
        self._renderer.open_group(kind, ident)
        yield
        self._renderer.close_group(kind)

    def line(
        self,
        points: Sequence[Place],
        colour: str,
        width: float,
        *,
        dashes: Sequence[float] = (),
        inside: Box | None = None,
        joined: bool = True,
    ) -> None:
        """`dashes`: in widths of the line; not `joined`: each two points are a line."""
        codes = None if joined else [Path.MOVETO, Path.LINETO] * (len(points) // 2)
        context = self._context(colour, width, inside)
        if dashes:
            context.set_dashes(0, [part * width for part in dashes])
        self._renderer.draw_path(context, Path(np.array(points), codes), self._to_pixels, None)
        context.restore()

    def rectangle(self, box: Box, face: str, edge: str, inside: Box | None = None) -> None:
        left, bottom, right, top = box
        corners = [(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)]
        context = self._context(edge, 0.8, inside)
        path = Path(np.array(corners), closed=True)
        self._renderer.draw_path(context, path, self._to_pixels, to_rgba(face))
        context.restore()

    def marker(self, at: Place, look: Look, inside: Box | None = None) -> None:
        style = _style(look.marker)
        face = PAPER if look.hollow else look.colour
        self._put(
            at,
            style.get_path(),
            style.get_transform() + Affine2D().scale(MARKER * self._scale),
            self._context(look.colour, _OUTLINE, inside),
            face if style.is_filled() else None,
        )

    def tick(self, at: Place, colour: str, length: float, *, leftwards: bool) -> None:
        turn = Affine2D().scale(length * self._scale).rotate_deg(-90 if leftwards else 0)
        self._put(at, _TICK, turn, self._context(colour, 0.6), None)

    def write(self, label: Label) -> None:
        x, y = (part * self._scale for part in start_of(label))
        kind = font(label.size, label.bold)
        if label.turned:
            self._anchor.set(x=x, y=label.y * self._scale, ha="center", rotation_mode="anchor")
        else:
            self._anchor.set(x=label.x * self._scale, y=y, ha=label.across)
        if self._renderer.flipy():
            y = self._renderer.get_canvas_width_height()[1] - y
        angle = 90 if label.turned else 0
        context = self._context(INK, 1.0)
        self._renderer.draw_text(
            context, x, y, label.text, kind, angle, ismath=False, mtext=self._anchor
        )
        context.restore()

    def _put(
        self,
        at: Place,
        path: Path,
        shape: Any,
        context: GraphicsContextBase,
        face: str | None,
    ) -> None:
        where = Affine2D().translate(*at) + self._to_pixels
        colour = None if face is None else to_rgba(face)
        self._renderer.draw_markers(context, path, shape, _HERE, where, colour)
        context.restore()

    def _context(self, colour: str, width: float, inside: Box | None = None) -> GraphicsContextBase:
        context = self._renderer.new_gc()
        context.set_foreground(colour)
        context.set_linewidth(width)
        if inside is not None:
            left, bottom, right, top = (part * self._scale for part in inside)
            context.set_clip_rectangle(Bbox.from_extents(left, bottom, right, top))
        return context


@lru_cache
def _style(marker: str) -> MarkerStyle:
    return MarkerStyle(marker)
