"""The page in a real browser: `make test-browser` installs what these tests need beside Chromium; else they are skipped."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.records import Run
from bench.report import build, to_html

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ROOT = Path(__file__).parents[2]
AXE = Path(os.environ.get("BENCH_AXE", ROOT / "node_modules/axe-core/axe.min.js"))
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")


class Seen:
    """A page that is open, and what it said and asked for."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.console: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.console.append(message.text))
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))


@pytest.fixture
def analysed(make_analysed: Callable[..., Run]) -> Run:
    return make_analysed()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def opened(browser: Any, analysed: Run, tmp_path: Path) -> Iterator[Seen]:
    """The page of an analysed run; after the test it has said nothing and asked for nothing but itself."""
    file = tmp_path / "report.html"
    file.write_text(to_html(build(analysed), analysed), "utf-8")
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    seen = Seen(page)
    page.goto(file.as_uri())
    yield seen
    page.close()
    assert seen.console == []
    assert seen.requests == [file.as_uri()]


def names(table: Any) -> list[str]:
    return [text.strip() for text in table.locator("tbody").first.locator("th").all_inner_texts()]


def quality(page: Any) -> Any:
    return page.locator("table", has=page.locator("caption", has_text="Quality on test users"))


def test_a_click_on_a_head_sorts_its_rows_and_another_turns_them_round(opened: Seen) -> None:
    table = quality(opened.page)
    before = names(table)
    table.get_by_role("button", name="AUC", exact=True).click()
    head = table.locator("thead th", has_text="AUC").first
    assert head.get_attribute("aria-sort") == "ascending"
    ascending = [
        float(text.split("±")[0].strip(" *=!"))
        for text in table.locator("tbody")
        .first.locator(f"tr td:nth-child({1 + heads(table).index('AUC')})")
        .all_inner_texts()
    ]
    assert ascending == sorted(ascending)
    assert sorted(names(table)) == sorted(before)
    up = names(table)
    table.get_by_role("button", name="AUC", exact=True).click()
    assert head.get_attribute("aria-sort") == "descending"
    assert names(table) == up[::-1]


def filter_of(table: Any) -> Any:
    """The field before a table."""
    return table.locator("xpath=../preceding-sibling::*[1]").get_by_label("Show rows with")


def heads(table: Any) -> list[str]:
    return [text.strip() for text in table.locator("thead th").all_inner_texts()]


def test_rows_are_filtered_by_a_part_of_their_name(opened: Seen) -> None:
    table = quality(opened.page)
    shown = table.locator("tbody tr:visible")
    rows = shown.count()
    filter_of(table).fill("META")
    assert 0 < shown.count() < rows
    assert all("meta" in text for text in shown.locator("th").all_inner_texts())
    filter_of(table).fill("")
    assert shown.count() == rows


def test_the_numbers_of_a_figure_are_a_click_away(opened: Seen) -> None:
    figure = opened.page.locator("figure", has=opened.page.locator("svg")).first
    numbers = figure.locator("table")
    assert not numbers.is_visible()
    figure.locator("summary").click()
    assert numbers.is_visible()
    assert numbers.locator("tbody tr").count() > 1


def test_every_figure_has_a_name_and_words(opened: Seen) -> None:
    figures = opened.page.get_by_role("img").all()
    assert figures
    for figure in figures:
        ids = (figure.get_attribute("aria-labelledby") or "").split()
        assert len(ids) == 2
        assert all(opened.page.locator(f"[id='{one}']").inner_html() for one in ids)


def test_the_theme_is_the_readers(opened: Seen) -> None:
    def ground() -> str:
        return str(opened.page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light = ground()
    opened.page.get_by_role("button", name="Dark").click()
    dark = ground()
    assert light != dark
    opened.page.get_by_role("button", name="Light").click()
    assert ground() == light


@pytest.mark.parametrize("width", [390, 1200])
def test_nothing_sticks_out_of_the_page(opened: Seen, width: int) -> None:
    opened.page.set_viewport_size({"width": width, "height": 844})
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_narrow_page_shows_the_answer_of_the_table_unscrolled(opened: Seen) -> None:
    opened.page.set_viewport_size({"width": 390, "height": 844})
    heads = quality(opened.page).locator("thead th")
    told = [" ".join(text.split()).rstrip(" ↕") for text in heads.all_inner_texts()][:4]
    assert told == ["method", "log loss", "vs best single [95% interval]", "verdict"]
    box = heads.nth(3).bounding_box()
    assert box["x"] + box["width"] <= 390


def test_no_table_is_cut_on_paper(opened: Seen) -> None:
    """A4 without its margins, 680 px; a table stays with its head."""
    opened.page.set_viewport_size({"width": 680, "height": 960})
    opened.page.emulate_media(media="print")
    ends = opened.page.eval_on_selector_all(
        ".scroll table", "all => all.map(one => one.getBoundingClientRect().right)"
    )
    assert ends
    assert max(ends) <= 680
    kept = "all => all.map(one => getComputedStyle(one).breakInside)"
    assert set(opened.page.eval_on_selector_all(".scroll", kept)) == {"avoid"}


def test_it_reads_without_its_script(browser: Any, analysed: Run, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(to_html(build(analysed), analysed), "utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert quality(page).is_visible()
    assert page.locator("svg").first.is_visible()
    assert page.locator("button").count() == 0
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(opened: Seen, theme: str) -> None:
    if not AXE.exists():
        pytest.skip(f"{AXE} is not there")
    opened.page.emulate_media(color_scheme=theme)
    opened.page.evaluate(AXE.read_text("utf-8"))
    found = opened.page.evaluate("axe.run(document)")
    serious = [
        (one["id"], one["nodes"][0]["html"][:200])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []
