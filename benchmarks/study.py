"""What the runs of suites/study say of MetaSelector: the tables and the figure of docs/metaselector.md.

    python -m benchmarks.study [--results DIR] [--data-dir DIR]

Reads the runs below DIR (default: results) that there are, and the data for the labels of test rows; puts each table between
its marks in the page, prints those that have no marks there, and leaves as it is what was not run."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.errors import NoRunError
from benchmarks.study_figure import write_figure
from benchmarks.study_places import Place, read_places
from benchmarks.study_tables import (
    CONTRASTS,
    CONTROLS,
    SIZE,
    answers_across,
    contrasts_table,
    growth,
    growth_table,
    history_table,
    losses_across,
    methods_table,
)

__all__ = ["blocks", "fill", "main"]

ROOT = Path(__file__).resolve().parents[1]
SUITES = ROOT / "suites" / "study"
PAGE = ROOT / "docs" / "metaselector.md"


def blocks(suite: str, places: Sequence[Place]) -> Iterator[tuple[str, str]]:
    """Name and text of each table of a suite's run. A suite of several places has its comparisons side by side, also where
    only one of them was run."""
    alone, places = len(places) == 1, [place for place in places if place.rows]
    asked = any(place.seeds(c.method, c.other) for place in places for c in CONTRASTS)
    for place in places:
        sizes = sorted({int(found[2]) for name in place.names if (found := SIZE.fullmatch(name))})
        if sizes:
            yield f"growth {place.name}", growth_table(place, sizes)
            continue
        yield f"methods {place.name}", methods_table(place)
        if alone and asked:
            yield f"questions {place.name}", contrasts_table(place)
        if alone and any(place.seeds("full-5", name) for name in CONTROLS):
            yield f"history {place.name}", history_table(place)
    if places and not alone:
        yield f"losses {suite}", losses_across(places)
        if asked:
            yield f"questions {suite}", answers_across(places)


def fill(page: str, name: str, text: str) -> str:
    """The page with the text between the marks of that name. Raises ValueError where the page lacks them."""
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    if page.count(start) != 1 or page.count(end) != 1:
        raise ValueError(f"the page has no marks {start} and {end}; put them where the table is to stand")
    return f"{page[: page.index(start) + len(start)]}\n{text}\n{page[page.index(end) :]}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--results", type=Path, default=Path("results"), help="where runs were written to")
    parser.add_argument("--data-dir", type=Path, help="where datasets lie (or BENCH_DATA)")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page to bring up to date")
    options = parser.parse_args(arguments)
    page = options.page.read_text("utf-8")
    for suite in sorted(path for path in SUITES.glob("*.yaml") if path.name != "methods.yaml"):
        name = f"study-{suite.stem}"
        try:
            places = read_places(options.results / name, suite, options.data_dir)
        except NoRunError:
            print(f"{name}: not run")
            continue
        for block, text in blocks(suite.stem, places):
            if f"<!-- {block} -->" in page:
                page = fill(page, block, text)
                print(f"{block}: filled in")
            else:
                print(f"{block}: the page has no place for it\n\n{text}\n")
        for place in places:
            if any(SIZE.fullmatch(name) for name in place.names):
                write_figure(*growth(place), options.page.with_suffix(".svg"))
    options.page.write_text(page, "utf-8")


if __name__ == "__main__":
    main()
