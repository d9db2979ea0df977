"""A run's page: one file that asks nobody for anything, says all that the document says, and shows names as text."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from bench.records import Run
from bench.report import build, document, to_html
from bench.report.page.blocks import block_html
from bench.report.words.blocks import Grid, Heading, Lines, Note, Printed, Terms
from bench.report.words.names import visible
from tests.report.conftest import failed
from tests.report.test_names import NAMES

MakeRun = Callable[..., Run]
VOID = {"meta", "br", "input", "link", "img"}


class Page(HTMLParser):
    """What a browser would see: elements with their attributes, and text by the element that holds it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.raw: dict[str, list[str]] = {"style": [], "script": []}
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in self.raw:
            self.raw[self.open[-1]].append(data)
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        return squeezed(" ".join(self.words))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def page(run: Run) -> Page:
    return Page(to_html(build(run), run))


def test_its_policy_lets_nothing_in_but_its_own_style_and_script(make_analysed: MakeRun) -> None:
    seen = page(make_analysed())
    (policy,) = [at["content"] for tag, at in seen.elements if at.get("http-equiv")]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for kind in ("style", "script"):
        (text,) = seen.raw[kind]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def test_nothing_in_it_points_out_of_it(make_analysed: MakeRun) -> None:
    seen = page(make_analysed())
    for tag, attributes in seen.elements:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in ("src", "style", "srcset", "action", "data"), (tag, name)
            if name == "href" or "url(" in value:
                assert value.startswith(("#", "url(#")), (tag, name, value)
    assert "@import" not in seen.raw["style"][0]
    assert "url(" not in seen.raw["style"][0]


def test_ids_are_unique_and_those_that_are_named_are_there(make_analysed: MakeRun) -> None:
    seen = page(make_analysed(edit=two_sections))
    ids = Counter(at["id"] for _, at in seen.elements if "id" in at)
    assert [one for one, count in ids.items() if count > 1] == []
    named = [
        one
        for _, at in seen.elements
        for key, value in at.items()
        for one in (
            value.split()
            if key == "aria-labelledby"
            else re.findall(r"^#(.+)|url\(#(.+?)\)", value)
        )
        if key in ("aria-labelledby", "href", "clip-path")
    ]
    flat = {one if isinstance(one, str) else "".join(one) for one in named}
    assert flat <= ids.keys()


def two_sections(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
    for one in records:
        if one["trial"]["method"] in ("lr", "gating"):
            one["trial"]["protocol"] = "warm"
    manifest["splits"]["ml-1m/warm"] = manifest["splits"]["ml-1m/cold"]
    for trial in manifest["trials"]:
        if trial["method"] in ("lr", "gating"):
            trial["protocol"] = "warm"


def told(block: Any) -> list[str]:
    """Every text of a block."""
    match block:
        case Heading():
            return []  # a page has its own
        case Note():
            return [block.text]
        case Printed() | Lines():
            return list(block.lines)
        case Terms():
            return [text for pair in block.pairs for text in pair]
        case Grid():
            rows = [(row.name, *(cell.text for cell in row.cells)) for row in block.rows]
            heads = [head.replace("\n", " ") for head in block.heads]
            return [block.title, *heads, *(text for row in rows for text in row)]
    raise AssertionError(block)


@pytest.mark.parametrize("edit", [None, two_sections], ids=["one section", "two"])
def test_nothing_of_the_document_is_lost_on_it(make_analysed: MakeRun, edit: Any) -> None:
    def and_a_failure(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        records[0] |= failed("out of patience")
        if edit is not None:
            edit(records, manifest)

    run = make_analysed(edit=and_a_failure)
    text = page(run).text
    for block in document(build(run)):
        for part in told(block):
            assert squeezed(visible(part)) in text, part


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_block_shows_names_as_text(name: str) -> None:
    grid = Grid(name, (name, name), ())
    for block in (Note(name), Heading(1, name), Printed((name,)), Lines((name,)), grid):
        seen = Page(str(block_html(block)))
        assert {tag for tag, _ in seen.elements} <= {
            "p", "h4", "pre", "ul", "li", "div", "table", "caption", "thead", "tr", "th", "td", "br",
        }  # fmt: skip
        assert squeezed(visible(name)) in seen.text


@pytest.mark.parametrize(
    "kind", ["script", "entity", "line ends", "right to left", "maths", "long"]
)
def test_a_page_shows_names_as_text(make_analysed: MakeRun, kind: str) -> None:
    name = NAMES[kind]

    def edit(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        manifest["suite"]["name"] = name
        for trial in [one["trial"] for one in records] + manifest["trials"]:
            trial["dataset"] = name
            if trial["method"] == "gating":
                trial["method"] = name
        manifest["datasets"] = {name: manifest["datasets"]["ml-1m"]}
        manifest["splits"] = {f"{name}/cold": manifest["splits"]["ml-1m/cold"]}

    run = make_analysed(edit=edit)
    seen = page(run._replace(analyses={f"{name}/cold": run.analyses["ml-1m/cold"]}))
    tags = Counter(tag for tag, _ in seen.elements)
    assert tags["script"] == 1
    assert tags["img"] == 0
    assert "\u202e" not in "".join(seen.words)


def test_a_run_without_analysis_says_what_its_figures_lack(make_run: MakeRun) -> None:
    assert squeezed("There is no analysis of these records") in page(make_run()).text


def test_a_run_in_which_nothing_finished_has_a_page_that_says_so(make_run: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        for one in records:
            one |= failed("no luck")

    text = page(make_run(edit=edit)).text
    assert squeezed("there is nothing to compare") in text
    assert squeezed("no luck") in text


def test_a_run_without_trials_has_a_page_that_says_so(make_run: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        manifest["trials"].clear()

    run = make_run(edit=edit)._replace(records=())
    assert squeezed("there is nothing to report") in page(run).text


def test_the_run_is_its_one_heading_above_all(make_analysed: MakeRun) -> None:
    run = make_analysed(edit=two_sections)
    html = to_html(build(run), run)
    assert re.findall(r"<h1[^>]*>(.*?)</h1>", html) == [run.manifest["suite"]["name"]]
    levels = [int(level) for level in re.findall(r"<h(\d)", html)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_of_very_many_data_sets_the_first_have_all_figures_and_the_others_say_where_theirs_are(
    make_analysed: MakeRun,
) -> None:
    run = many_data_sets(make_analysed(), 14)
    html = to_html(build(run), run)
    figures = [
        re.findall(r'<figure id="s\d+-([^"]+)"', section)
        for section in html.split('<section class="whole"')[1:]
    ]
    *whole, first, second = [found for found in figures if "critical-difference" not in found]
    assert len(whole) == 12
    assert all(found == whole[0] for found in whole)
    assert len(whole[0]) > 5
    assert first == second == ["differences"]
    assert html.count("draws all figures of its first 12 sections alone") == 2
    text = Page(html).text
    for block in document(build(run)):
        for part in told(block):
            assert squeezed(visible(part)) in text, part


def test_of_a_dozen_data_sets_all_figures_are_drawn(make_analysed: MakeRun) -> None:
    run = many_data_sets(make_analysed(), 12)
    html = to_html(build(run), run)
    assert len(re.findall(r'<figure id="s\d+-pareto"', html)) == 12
    assert "--figures" not in html


def many_data_sets(run: Run, count: int) -> Run:
    """Copies of the run's one, under other names."""
    names = [f"shop-{place:02d}" for place in range(count)]

    def renamed(trial: dict[str, Any], name: str) -> dict[str, Any]:
        return trial | {"dataset": name}

    records = tuple(
        one | {"trial": renamed(one["trial"], name)} for name in names for one in run.records
    )
    manifest = run.manifest | {
        "trials": [renamed(trial, name) for name in names for trial in run.manifest["trials"]],
        "datasets": dict.fromkeys(names, run.manifest["datasets"]["ml-1m"]),
        "splits": {f"{name}/cold": run.manifest["splits"]["ml-1m/cold"] for name in names},
    }
    analyses = {f"{name}/cold": run.analyses["ml-1m/cold"] for name in names}
    return run._replace(records=records, manifest=manifest, analyses=analyses)


def test_it_is_the_same_each_time(make_analysed: MakeRun) -> None:
    run = make_analysed()
    assert to_html(build(run), run) == to_html(build(run), run)
