"""Measure sections of docs/performance.md that need no other library, and write the page again.

One thread, CPU time. Without a NAME all sections are measured, one after the other."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.one_thread import one_thread
from benchmarks.peers.page import PAGE, check_page, write_page
from benchmarks.peers.results import folder_of, keep, kept
from benchmarks.sections import growth, meta_step, metrics, prepare, suites

ROUNDS = 5


class Section(NamedTuple):
    """`in_rounds`: measured again and again; else once, as it is long."""

    measure: Callable[..., dict[str, Any]]
    about: str
    in_rounds: bool = True


SECTIONS = {
    "growth": Section(
        growth.measure, "rows a second of training as tables, batches, fields and widths grow"
    ),
    "prepare": Section(
        prepare.measure,
        "time and memory of preparing tables of 2 to 50 million rows, made in the temporary folder",
        in_rounds=False,
    ),
    "metrics": Section(metrics.measure, "AUC and AUC by user of a million rows"),
    "meta-step": Section(
        meta_step.measure,
        "meta-training and fine-tuning, compiled and by automatic differentiation",
    ),
    "suites": Section(
        suites.measure,
        "whole suites on two workers; those of MovieLens-1M where BENCH_DATA has it",
        in_rounds=False,
    ),
}


def main(arguments: Sequence[str] | None = None) -> None:
    asked = _asked(arguments)
    page: Path = asked.page
    one_thread()
    for name in asked.names:
        say(f"{name}: {SECTIONS[name].about}")
        found = SECTIONS[name].measure(asked.rounds, asked.quick, **_also(name, asked))
        keep(page, name, {**found, "quick": asked.quick, "command": _command(name, asked)})
        write_page(page)  # after each, so that what ends a run takes none of them
        say(f"{name}: {_file(page, name)} and {page} are written")


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _also(name: str, asked: argparse.Namespace) -> dict[str, Any]:
    return {"beside": asked.beside} if name == "suites" else {}


def _command(name: str, asked: argparse.Namespace) -> str:
    """What measures the section again, as the page shows it."""
    words = ["python -m benchmarks.sections", name]
    if SECTIONS[name].in_rounds and asked.rounds != ROUNDS:
        words.append(f"--rounds {asked.rounds}")
    if asked.quick:
        words.append("--quick")
    if name == "suites" and asked.beside:
        words.append("--beside CHECKOUT")
    if asked.page != PAGE:
        words.append(f"--page {shlex.quote(str(asked.page))}")
    return " ".join(words)


def _file(page: Path, name: str) -> Path:
    return folder_of(page) / f"{name}.json"


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = _parser()
    asked = parser.parse_args(arguments)
    asked.names = list(dict.fromkeys(asked.names)) or list(SECTIONS)
    if asked.beside and "suites" not in asked.names:
        parser.error(f"--beside is for suites, not for {', '.join(asked.names)}; add suites")
    check_page(asked.page)
    if asked.quick and (exact := _exact(asked.page, asked.names)):
        raise SystemExit(
            f"--quick would replace the exact figures of {', '.join(map(str, exact))}. Give it a page of its own: "
            "--page quick.md"
        )
    return asked


def _exact(page: Path, names: Sequence[str]) -> list[Path]:
    """Files of results that were measured whole."""
    results = {name: kept(page, name) for name in names}
    return [
        _file(page, name) for name, found in results.items() if found and not found.get("quick")
    ]


def _parser() -> argparse.ArgumentParser:
    width = max(map(len, SECTIONS))
    lines = [f"  {name:{width}}  {section.about}" for name, section in SECTIONS.items()]
    once = " and ".join(name for name, section in SECTIONS.items() if not section.in_rounds)
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.sections",
        description=__doc__,
        epilog="\n".join(["sections, by NAME:", *lines]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", type=_section, help="see below")
    parser.add_argument(
        "--rounds",
        type=_rounds,
        default=ROUNDS,
        help="how often each work is measured, in turn with what it is compared with; one round has no interval; "
        f"{once} run once whatever it is (default: {ROUNDS})",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="small and inexact, to try it out: the page says so; it replaces no exact figures, so give --page",
    )
    parser.add_argument(
        "--page",
        type=Path,
        default=PAGE,
        help=f"page to write (default: {PAGE}); results are kept as JSON in the folder of its name without suffix, "
        f"{folder_of(PAGE)} of {PAGE}. A page that shows what that folder lacks is left as it is",
    )
    parser.add_argument(
        "--beside",
        type=_checkout,
        metavar="CHECKOUT",
        help="suites: a folder of other code of this project, whose suites run in turn with these",
    )
    return parser


def _section(name: str) -> str:
    if name in SECTIONS:
        return name
    near = get_close_matches(name, SECTIONS, 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise argparse.ArgumentTypeError(f"no section {name!r}; {hint}There are {', '.join(SECTIONS)}")


def _rounds(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} rounds; give a number, at least 1")
    return int(text)


def _checkout(text: str) -> Path:
    folder = Path(text)
    if not (folder / "suites").is_dir():
        raise argparse.ArgumentTypeError(f"{text} has no folder suites; give a checkout's root")
    return folder


if __name__ == "__main__":
    main()
