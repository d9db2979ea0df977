"""Keeps runs of the shipped suites for others to compare with. Run it from the repository root:

    bench run suites/movielens-1m-cold.yaml --out results/movielens-1m-cold
    python -m tools.reference results/movielens-1m-cold   copies the run, draws its figures, writes the page
    python -m tools.reference                             writes the page again

What is kept of a run is what a comparison reads: manifest, records, analysis, suite, facts of its data; no arrays.
Copies lie in results/reference, figures in docs/reference, the page is docs/reference.md."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tools.reference.keep import draw, keep
from tools.reference.page import page_of

RUNS, FIGURES, PAGE = "results/reference", "docs/reference", "docs/reference.md"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tools.reference",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("runs", type=Path, metavar="RUN", nargs="*", help="folders of runs")
    root = Path.cwd()
    for run in parser.parse_args(arguments).runs:
        kept = keep(run, root / RUNS)
        draw(run, root / FIGURES / kept.name)
    (root / PAGE).write_text(page_of(root / RUNS, root / FIGURES), "utf-8")


if __name__ == "__main__":
    main()
