"""Measure sections of docs/performance.md and write the page again.

    python -m benchmarks.sections [NAME ...] [--rounds 5] [--quick] [--beside CHECKOUT]

One thread, CPU time. NAME: growth, prepare, metrics, meta-step, suites; all of them by default."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.one_thread import one_thread
from benchmarks.peers.page import PAGE, write_page
from benchmarks.peers.results import keep
from benchmarks.sections import growth, meta_step, metrics, prepare, suites

SECTIONS: dict[str, Callable[..., dict[str, Any]]] = {
    "growth": growth.measure,
    "prepare": prepare.measure,
    "metrics": metrics.measure,
    "meta-step": meta_step.measure,
    "suites": suites.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*SECTIONS, []])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="small and inexact: to try it out")
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--beside", type=Path, help="suites: a checkout of other code, run as well")
    arguments = parser.parse_args()
    one_thread()
    for name in arguments.names or SECTIONS:
        also = {"beside": arguments.beside} if name == "suites" else {}
        found = SECTIONS[name](arguments.rounds, arguments.quick, **also)
        keep(arguments.page, name, found)
    write_page(arguments.page)


if __name__ == "__main__":
    main()
