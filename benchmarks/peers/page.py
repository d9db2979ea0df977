"""docs/performance.md as a function of the results that lie beside it: a section a file, and what has none says so.

python -m benchmarks.peers.page [--page docs/performance.md]"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.peers import tables
from benchmarks.peers.figure import write_figure
from benchmarks.peers.libraries import LIBRARIES
from benchmarks.peers.results import folder_of, kept

__all__ = ["PAGE", "SECTIONS", "write_page"]

PAGE = Path("docs/performance.md")
HEAD = """\
# Performance

What training costs here and in other libraries: the same rows, model, width, batch and epochs, one thread, one processor. Time
is CPU time unless it says otherwise. Read ratios within a table: machines differ, and one differs from minute to minute.
"""
FOOT = """\
## Again
```console
$ python -m benchmarks.peers
```
installs each library into an environment of its own, measures, and writes this page with its figures. `--help` says how to
measure less. `python -m benchmarks.peers.page` writes the page again from the results beside it.
"""


class Section(NamedTuple):
    """`body` of the results of NAME.json and of where the page is."""

    name: str
    title: str
    body: Callable[[Mapping[str, Any], Path], str]


def write_page(page: Path = PAGE) -> str:
    """The page as written, with its figures."""
    parts = [HEAD]
    for section in SECTIONS:
        found = kept(page, section.name)
        body = section.body(found, page) if found is not None else "Not measured.\n"
        parts.append(f"## {section.title}\n{body}")
    written = "\n".join([*parts, FOOT])
    page.write_text(written, "utf-8")
    return written


def _epochs(found: Mapping[str, Any], _: Path) -> str:
    return f"""\
{_data(found["data"])}
A DeepFM 400-400-400 has an eighth of them. Adam without L2, {found["repeats"]} rounds, each library in turn, a process each.

*By ours* is a library's seconds divided by this project's: how many times as fast this project is, with a 95 % interval over
rounds. What has no mini-batches goes *a row* at a time. Shuffling counts; reading and predicting do not. Peak memory is of the
whole process, imports too. An AUC with a star is more than {tables.NOT_AS_GOOD:g} below the best of its model and batch: a
faster run that is worse is no gain.

{tables.epoch_table(found["rows"])}

{_machine(found["machine"])}
"""


def _curves(found: Mapping[str, Any], page: Path) -> str:
    parts = [
        f"""\
What a second buys: AUC of the test rows after more and more epochs.
{_data(found["data"])}

*Near* is {tables.NEAR_BEST:.1%} of the best AUC in the table. Reading is each library's own, of what it reads fastest.
"""
    ]
    for model in dict.fromkeys(line["model"] for line in found["lines"]):
        lines = [line for line in found["lines"] if line["model"] == model]
        figure = folder_of(page) / f"auc-{model.lower().replace(' ', '-')}.svg"
        drawn = [line for line in lines if not line.get("failed")]
        write_figure(model, drawn, found["data"]["name"], figure)
        title = f"![AUC of {model} by CPU seconds]({folder_of(page).name}/{figure.name})"
        parts.append(f"### {model}\n{title}\n\n{tables.curve_table(lines)}\n")
    return "\n".join([*parts, f"{_machine(found['machine'])}\n"])


def _limits(found: Mapping[str, Any], _: Path) -> str:
    speeds = "; ".join(f"{name} {_speed(name, value)}" for name, value in found["speeds"].items())
    return f"""\
The least that a row of an epoch costs: bytes that it must move and operations that it must do, by the speed at which this
machine streams memory, reads rows of a small table and multiplies float32 matrices. A processor may do all three at once, so
the largest bounds it; *by the largest* is how many times as long the measured epoch takes. Adam's steps on touched rows count.

{tables.limit_table(found["rows"])}

What it takes beside: a batch's table rows lie in no order, so they are found, counted and put side by side before anything is
computed, and an LR does little else. Adam's root and quotient count as one operation each, and take several. Of a DeepFM's time
products are a share, .4 in a tower of 64-64 and over .9 in one of 400-400-400 ([measured here](../benchmarks/README.md)).

This machine, one thread: {speeds}.

{_machine(found["machine"])}
"""


def _given(found: Mapping[str, Any], _: Path) -> str:
    """A section of a table and words: `text` (lines), `head`, `rows`, `machine`; `command` that measured it."""
    text = "\n\n".join(found.get("text", []))
    command = f"```console\n$ {found['command']}\n```\n" if "command" in found else ""
    made = tables.table(found["head"], found["rows"])
    return "\n\n".join(filter(None, [text, f"{command}{made}", _machine(found["machine"])])) + "\n"


def _libraries(found: Mapping[str, Any], _: Path) -> str:
    rows = []
    for name, library in LIBRARIES.items():
        told = ", ".join(f"{what} {v}" for what, v in found["versions"].get(name, {}).items())
        if name in found["failed"]:
            told = f"not installed: {found['failed'][name]}"
        rows.append([name, told or "left out", library.note])
    return f"{tables.table(['library', 'what ran', 'how'], rows, '---')}\n"


SECTIONS = (
    Section("epochs", "An epoch", _epochs),
    Section("curves", "AUC by seconds", _curves),
    Section("limits", "The limit", _limits),
    Section("growth", "Growth with table rows, batch, fields and width", _given),
    Section("prepare", "Preparing data", _given),
    Section("metrics", "Metrics", _given),
    Section("meta-step", "Meta-training", _given),
    Section("suites", "Whole suites", _given),
    Section("libraries", "The libraries", _libraries),
)


def _data(data: Mapping[str, Any]) -> str:
    fields, values = len(data["fields"]), sum(data["sizes"])
    rows = f"{data['train_rows']:,} training rows and {data['test_rows']:,} test rows"
    return f"Data: {data['name']}, {rows}, {fields} categorical fields of {values:,} values in all."


def _machine(machine: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"Measured on: {machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}, "
        f"Python {machine['python']}, {versions}; load before: {machine['load']}."
    )


def _speed(name: str, value: float) -> str:
    unit = "G operations/s" if name.endswith("GEMM") else "GB/s"
    return f"{value / 1e9:,.1f} {unit}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--page", type=Path, default=PAGE)
    print(write_page(parser.parse_args().page))


if __name__ == "__main__":
    main()
