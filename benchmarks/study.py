"""What the runs of suites/study say of MetaSelector: the tables of docs/metaselector.md and docs/metaselector-datasets.md, and
the figure.

    python -m benchmarks.study [--results DIR] [--data-dir DIR]

Reads the runs below DIR (default: results) that there are, and the data for the labels of test rows; puts each table between
its marks, wherever a page has them, prints those that have none, and leaves as it is what was not run."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.errors import NoRunError
from benchmarks.study_figure import write_figure
from benchmarks.study_growth import SIZE, growth, growth_table
from benchmarks.study_places import Place, read_places
from benchmarks.study_tables import (
    CONTRASTS,
    CONTROLS,
    answers_across,
    contrasts_table,
    history_table,
    losses_across,
    methods_table,
)

__all__ = ["blocks", "fill", "main"]

ROOT = Path(__file__).resolve().parents[1]
SUITES = ROOT / "suites" / "study"
PAGES = (ROOT / "docs" / "metaselector.md", ROOT / "docs" / "metaselector-datasets.md")


def blocks(suite: str, places: Sequence[Place]) -> Iterator[tuple[str, str]]:
    """Name and text of each table of a suite's run. A suite of several datasets has them side by side, by protocol, also where
    only one of them was run."""
    several = len({place.dataset for place in places}) > 1
    for place in places:
        if not place.records and not place.rows:
            continue
        sizes = sorted({int(found[2]) for name in place.names if (found := SIZE.fullmatch(name))})
        if sizes:
            yield f"growth {place.name}", growth_table(place, sizes)
            continue
        yield f"methods {place.name}", methods_table(place)
        if not several:
            yield from _of_one(place)
    for protocol in dict.fromkeys(place.protocol for place in places) if several else ():
        beside = [place for place in places if place.protocol == protocol and place.rows]
        if beside:
            yield f"losses {suite}/{protocol}", losses_across(beside)
        if any(map(_asked, beside)):
            yield f"questions {suite}/{protocol}", answers_across(beside)


def _of_one(place: Place) -> Iterator[tuple[str, str]]:
    if _asked(place):
        yield f"questions {place.name}", contrasts_table(place)
    if any(place.seeds("full-5", name) for name in CONTROLS):
        yield f"history {place.name}", history_table(place)


def _asked(place: Place) -> bool:
    return any(place.seeds(c.method, c.other) for c in CONTRASTS)


def fill(page: str, name: str, text: str) -> str:
    """The page with the text between the marks of that name. Raises ValueError where the page lacks them."""
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    if page.count(start) != 1 or page.count(end) != 1:
        raise ValueError(
            f"the page has no marks {start} and {end}; put them where the table is to stand"
        )
    return f"{page[: page.index(start) + len(start)]}\n{text}\n{page[page.index(end) :]}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--results", type=Path, default=Path("results"), help="where runs were written to"
    )
    parser.add_argument("--data-dir", type=Path, help="where datasets lie (or BENCH_DATA)")
    parser.add_argument(
        "--pages", type=Path, nargs="+", default=PAGES, help="the pages to bring up to date"
    )
    options = parser.parse_args(arguments)
    pages = {path: path.read_text("utf-8") for path in options.pages}
    for suite in sorted(path for path in SUITES.glob("*.yaml") if path.name != "methods.yaml"):
        name = f"study-{suite.stem}"
        try:
            places = read_places(options.results / name, suite, options.data_dir)
        except NoRunError:
            print(f"{name}: not run")
            continue
        for block, text in blocks(suite.stem, places):
            meant = [path for path, page in pages.items() if f"<!-- {block} -->" in page]
            for path in meant:
                pages[path] = fill(pages[path], block, text)
                print(f"{block}: in {path.name}")
                for place in places:
                    if block == f"growth {place.name}":
                        write_figure(*growth(place), path.with_suffix(".svg"))
            if not meant:
                print(f"{block}: no page has a place for it\n\n{text}\n")
    for path, page in pages.items():
        path.write_text(page, "utf-8")


if __name__ == "__main__":
    main()
