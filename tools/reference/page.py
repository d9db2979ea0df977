"""docs/reference.md: what the kept runs say, and how to compare with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.records import load
from bench.report import Heading, blocks_to_markdown, build, summary
from bench.report.draw.folder import folder_of
from bench.report.sections.document import section_name

__all__ = ["page_of"]

_HEAD = """\
# Reference runs

What the suites in [suites](../suites) came to, with three seeds each: records and analyses lie in
[results/reference](../results/reference), without their arrays. `python -m tools.reference` makes this page of them.

Run a suite yourself, and see what differs:

```console
$ bench run suites/movielens-1m-cold.yaml --data-dir DATA --out results/mine
$ bench compare results/reference/movielens-1m-cold results/mine
```

On another processor the last digits of figures differ, which `bench compare` says beside the versions; `bench gate` judges
what is beyond chance. The figures are those of a run's page ([report.md](report.md#the-page)).

`metaselector-calibrated` was computed before a mend of its calibration (see `calibrate: user` in the
[changelog](../CHANGELOG.md)): its figures will be other ones when these runs are made anew. No other row is concerned.
"""
_SHOWN = {
    "critical-difference": "ranks over data sets",
    "differences": "differences from the best single model, with 95 % intervals",
    "pareto": "quality against cost",
    "user-differences": "whom methods help and harm",
    "reliability": "calibration",
}


def page_of(runs: Path, figures: Path) -> str:
    """`runs`: a folder of kept runs; `figures`: of their figures, a folder each."""
    folders = sorted(folder for folder in runs.iterdir() if (folder / "manifest.json").exists())
    parts = [_HEAD, *(part for folder in folders for part in _run(folder, figures / folder.name))]
    return "\n".join(parts)


def _run(folder: Path, figures: Path) -> Iterator[str]:
    """Each section's figures below its table."""
    report = build(load(folder))
    places = {section_name(one): folder_of(one.dataset, one.protocol) for one in report.sections}
    place = None
    for block in summary(report):
        if isinstance(block, Heading):
            yield from _images(figures, place)
            place = places.get(block.text, "")
            block = block._replace(level=block.level + 1)
        yield blocks_to_markdown([block])
    yield from _images(figures, place)


def _images(figures: Path, place: str | None) -> Iterator[str]:
    for name, words in _SHOWN.items():
        file = figures / (place or "") / f"{name}.svg"
        if place is not None and file.exists():
            where = file.relative_to(figures.parent.parent).as_posix()
            yield f"![{' '.join((figures.name, place)).strip()}: {words}]({where})\n"
