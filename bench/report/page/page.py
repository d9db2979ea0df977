"""A page: one file, that nothing outside is fetched for, and that reads without its script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import takewhile
from typing import Any, NamedTuple

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from bench.report.charts.model import Chart
from bench.report.draw.inline import inline_svg
from bench.report.page.blocks import block_html, grid_html
from bench.report.words.blocks import Block, Heading, Note
from bench.report.words.names import short, visible

__all__ = ["Part", "Section", "page"]


class Part(NamedTuple):
    """A question and what answers it: a sentence or two, charts, then words and tables."""

    name: str
    question: str
    charts: Sequence[Chart]
    blocks: Sequence[Block]
    more: Sequence[Block] = ()  # behind a click
    strong: str = ""


class Section(NamedTuple):
    """What a page can be switched to."""

    name: str
    title: str
    parts: Sequence[Part]
    strong: str = ""  # the answer, in a sentence or two
    words: str = ""  # what its words mean


def page(
    title: str,
    lead: Iterable[Block],
    sections: Sequence[Section],
    *,
    after: Sequence[Part] = (),
    of: str = "",
) -> str:
    """The whole HTML. `title` is its one heading of the first level, and left out of `lead`; `after`: parts that are of all
    sections. Names of parts are unlike one another; every text is escaped here. `of`: told by `drawn_of`."""
    style, script = _resource("page.css"), _resource("page.js")
    return (
        _environment()
        .get_template("page.html")
        .render(
            title=visible(title),
            heading=short(title),
            of=of,
            policy=_policy(style, script),
            style=Markup(style),
            script=Markup(script),
            lead=[block_html(block) for block in lead if not _is_title(block)],
            sections=[_section(place, section) for place, section in enumerate(sections)],
            after=[_part("all", part) for part in after],
        )
    )


def _is_title(block: Block) -> bool:
    return isinstance(block, Heading) and block.level == 1


def _policy(style: str, script: str) -> str:
    """Nothing but what stands in the file, and of that this style and this script alone."""
    return (
        f"default-src 'none'; style-src '{_sha256(style)}'; script-src '{_sha256(script)}'; base-uri 'none'; "
        "form-action 'none'"
    )


def _sha256(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _section(place: int, section: Section) -> dict[str, Any]:
    ident = f"s{place + 1}"
    return {
        "id": ident,
        "title": section.title,
        "strong": visible(section.strong),
        "words": visible(section.words),
        "parts": [_part(ident, part) for part in section.parts],
    }


def _part(ident: str, part: Part) -> dict[str, Any]:
    """Beside a single figure that is not wide stand the notes that come next."""
    narrow = len(part.charts) == 1 and not part.charts[0].wide
    beside = list(takewhile(lambda one: isinstance(one, Note), part.blocks)) if narrow else []
    return {
        "id": f"{ident}-{part.name}",
        "question": part.question,
        "strong": visible(part.strong),
        "figures": list(_figures(ident, part.charts, alone=not beside)),
        "beside": [block_html(block) for block in beside],
        "blocks": [block_html(block) for block in part.blocks[len(beside) :]],
        "more": [block_html(block) for block in part.more],
    }


def _figures(ident: str, charts: Sequence[Chart], *, alone: bool) -> Iterator[dict[str, Any]]:
    """`alone`: whether what has no neighbour takes the whole width, with its words beside it."""
    without = set(_without_neighbour(charts)) if alone else set()
    for place, chart in enumerate(charts):
        name = f"{ident}-{chart.name}"
        yield {
            "id": name,
            "title": short(chart.title, 120),
            "note": visible(chart.note),
            "nothing": visible(chart.nothing),
            "width": "wide" if chart.wide else "alone" if place in without else "",
            "svg": "" if chart.nothing else Markup(inline_svg(chart, name)),
            "numbers": None if chart.numbers is None else grid_html(chart.numbers),
        }


def _without_neighbour(charts: Sequence[Chart]) -> Iterator[int]:
    """Places of those that are last, and one too many, among others that are not wide: two share a row."""
    row = 0
    for place, chart in enumerate(charts):
        row = 0 if chart.wide else row + 1
        last = place + 1 == len(charts) or charts[place + 1].wide
        if last and row % 2:
            yield place


@cache
def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(_resource),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")
