"""The page in a run's folder: written by `bench run`, and told of where it is of the records that are there."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from bench.cli._output import say

if TYPE_CHECKING:
    from bench.records import Run
    from bench.report import Report

__all__ = ["has_page", "leave_page", "tell_page"]

_PAGE = "report.html"


def has_page(run: Run) -> bool:
    """Whether the page that is there is of these records."""
    from bench.report.page.drawn_of import is_of

    return is_of(run.folder / _PAGE, run)


def tell_page(run: Run) -> None:
    """Where it is, or how to have one."""
    page, folder = run.folder / _PAGE, shlex.quote(str(run.folder))
    if has_page(run):
        say(f"Page: {page}")
    elif page.is_file():
        anew = f"bench report {folder} --html {shlex.quote(str(page))}"
        say(f"{page} is of earlier records, or an earlier version; {anew} draws it anew")
    else:
        say(f"Page: bench report {folder} --html FILE")


def leave_page(run: Run, report: Report) -> None:
    """Beside the records. Where it can't be made or written, nothing else is lost: not the run's answer, nor its exit code."""
    from bench.errors import StorageError
    from bench.records import write_beside
    from bench.report import to_html

    page, folder = run.folder / _PAGE, shlex.quote(str(run.folder))
    if page.is_dir():
        say(f"no page: {page} is a folder; move it away")
        return
    try:
        write_beside(page, to_html(report, run))
    except StorageError as error:
        say(f"no page: {error}")
    except Exception as error:
        again = f"bench report {folder} --html FILE --traceback"
        say(f"no page: {type(error).__name__}: {error}; this is a bug: `{again}` shows where")
