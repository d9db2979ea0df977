"""A page is written over an older one only where nothing on that one is lost."""

from __future__ import annotations

import pytest

from benchmarks.peers.page import SECTIONS, check_page, write_page
from benchmarks.peers.replacing import PageError
from benchmarks.peers.results import folder_of, keep
from tests.benchmarks.measured import MACHINE

GIVEN = {"machine": MACHINE, "head": ["a"], "rows": [["x"]]}


@pytest.fixture
def page(tmp_path):
    page = tmp_path / "performance.md"
    keep(page, "metrics", GIVEN)
    write_page(page)
    return page


def refused(page, said):
    before = page.read_bytes() if page.is_file() else None
    with pytest.raises(PageError, match=said):
        write_page(page)
    with pytest.raises(SystemExit, match=said):
        check_page(page)
    assert before == (page.read_bytes() if page.is_file() else None)


def test_a_page_whose_results_are_there_is_written_again(page):
    check_page(page)
    keep(page, "growth", GIVEN)
    assert write_page(page).count("| x |") == 2


def test_a_page_that_shows_what_its_folder_lacks_is_left(page):
    (folder_of(page) / "metrics.json").unlink()
    refused(page, r"shows 'Metrics', of which .*performance/ has no results")


def test_a_copy_of_a_page_without_its_folder_is_left(page, tmp_path):
    copy = tmp_path / "mine.md"
    copy.write_bytes(page.read_bytes())
    refused(copy, "'Metrics'")


def test_a_section_added_by_hand_is_not_lost(page):
    page.write_text(page.read_text("utf-8").replace("## Again", "## My notes\nx\n\n## Again"))
    refused(page, "shows 'My notes'")


@pytest.mark.parametrize("text", ["# Mine\nnotes\n", "# Performance\nof my car\n", "notes"])
def test_another_document_is_left(tmp_path, text):
    page = tmp_path / "notes.md"
    page.write_text(text, "utf-8")
    refused(page, "was not written by this command")


def test_a_page_needs_a_name_that_its_folder_has_not(tmp_path):
    refused(tmp_path / "performance", r"end the page's with \.md")
    (tmp_path / "folder.md").mkdir()
    refused(tmp_path / "folder.md", "is a folder")


@pytest.mark.parametrize("text", ["", "\n"])
def test_an_empty_file_and_none_at_all_lose_nothing(tmp_path, text):
    check_page(tmp_path / "new.md")
    (tmp_path / "empty.md").write_text(text, "utf-8")
    assert write_page(tmp_path / "empty.md").count("Not measured.") == len(SECTIONS)
