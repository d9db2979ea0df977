"""docs/performance.md as a function of the results that lie beside it: a section a file, and what has none says so.

python -m benchmarks.peers.page [--page docs/performance.md]"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.peers import tables, words
from benchmarks.peers.cases import BATCHES
from benchmarks.peers.figure import write_figure
from benchmarks.peers.libraries import LIBRARIES
from benchmarks.peers.replacing import NOT_MEASURED, nothing_is_lost
from benchmarks.peers.results import folder_of, kept

__all__ = ["PAGE", "SECTIONS", "check_page", "write_page"]

PAGE = Path("docs/performance.md")


class Section(NamedTuple):
    """`body` of the results of NAME.json and of where the page is; `command` measures them."""

    name: str
    title: str
    body: Callable[[Mapping[str, Any], Path], str]
    command: str


def check_page(page: Path) -> None:
    """SystemExit with the reason where the page can't be written; to be asked before anything is measured."""
    try:
        nothing_is_lost(page, _names())
    except ValueError as error:
        raise SystemExit(str(error)) from None


def write_page(page: Path = PAGE) -> str:
    """The page as written, with its figures. PageError where something on the one that is there would be lost."""
    nothing_is_lost(page, _names())
    found = {section: kept(page, section.name) for section in SECTIONS}
    parts = [words.HEAD]
    if quick := [s.title for s, results in found.items() if results and results.get("quick")]:
        parts.append(f"Small and inexact, of `--quick`: {', '.join(quick)}.\n")
    for section, results in found.items():
        body = f"{NOT_MEASURED} `{section.command}` does.\n"
        if results is not None:
            body = section.body(results, page)
        parts.append(f"## {section.title}\n{body}")
    written = "\n".join([*parts, words.FOOT])
    page.write_text(written, "utf-8")
    return written


def _names() -> dict[str, str]:
    return {section.title: section.name for section in SECTIONS}


def _epochs(found: Mapping[str, Any], _: Path) -> str:
    told = words.EPOCHS.format(
        data=_data(found["data"]),
        rounds=found["repeats"],
        first_batch=BATCHES[0],
        worse=tables.NOT_AS_GOOD,
    )
    return f"{told}\n{tables.epoch_table(found['rows'])}\n\n{_machine(found['machine'])}\n"


def _curves(found: Mapping[str, Any], page: Path) -> str:
    parts = [words.CURVES.format(data=_data(found["data"]), near=tables.NEAR_BEST)]
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
{words.LIMITS}
{tables.limit_table(found["rows"])}

{words.BESIDE_LIMITS}
This machine, one thread: {speeds}.

{_machine(found["machine"])}
"""


def _given(found: Mapping[str, Any], _: Path) -> str:
    """A section of a table and words: `text` (lines), `head`, `rows`, `machine`; `command` that measured it; `quick` if so."""
    text = "\n\n".join([*([words.QUICK] if found.get("quick") else []), *found.get("text", [])])
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


BESIDE, ALONE = "python -m benchmarks.peers", "python -m benchmarks.sections"
SECTIONS = (
    Section("epochs", "An epoch", _epochs, BESIDE),
    Section("curves", "AUC by seconds", _curves, BESIDE),
    Section("limits", "The limit", _limits, BESIDE),
    Section("growth", "Growth with table rows, batch, fields and width", _given, f"{ALONE} growth"),
    Section("prepare", "Preparing data", _given, f"{ALONE} prepare"),
    Section("metrics", "Metrics", _given, f"{ALONE} metrics"),
    Section("meta-step", "Meta-training", _given, f"{ALONE} meta-step"),
    Section("suites", "Whole suites", _given, f"{ALONE} suites"),
    Section("libraries", "The libraries", _libraries, BESIDE),
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
    parser.add_argument(
        "--page",
        type=Path,
        default=PAGE,
        help=f"results are those in the folder of its name without suffix (default: {PAGE})",
    )
    page = parser.parse_args().page
    check_page(page)
    print(write_page(page))


if __name__ == "__main__":
    main()
