"""Writes docs/reliability.md: each fault of tests/faults.yaml, what happens, and the tests that provoke it. Run it from the
repository root; `make reliability` does all of it.

    pytest -m fault --faults=FILE        runs the tests that are marked and leaves what they came to
    python -m tools.reliability FILE...  writes the page

Several files are of parts of the tests, run with the same versions on one system; of a case that is in two, the later counts.
The page is not written where a marked test failed, was not run, or was skipped for another reason than that it needs root,
CUDA or pdflatex."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.reliability.marks import marked_tests
from tools.reliability.matrix import MATRIX, read_rows
from tools.reliability.page import page_of

PAGE = "docs/reliability.md"
EXCUSES = ("root", "CUDA", "pdflatex")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tools.reliability",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "files", type=Path, metavar="FILE", nargs="+", help="what `pytest --faults` wrote"
    )
    results = joined(
        [json.loads(file.read_text("utf-8")) for file in parser.parse_args(arguments).files]
    )
    root, rows = Path.cwd(), read_rows(Path.cwd())
    troubles = list(troubles_of(marked_tests(root), {row.number for row in rows}, results["tests"]))
    if troubles:
        sys.exit("\n".join([*troubles, f"{PAGE} was not written"]))
    (root / PAGE).write_text(page_of(rows, results), "utf-8")


def joined(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Results of parts of the tests as those of one run, on the last part's date. Ends the program where versions differ."""
    versions = [
        {key: value for key, value in part["made"].items() if key != "date"} for part in parts
    ]
    if any(one != versions[0] for one in versions):
        sys.exit(
            f"the files are of different versions or systems; run `make reliability`: {versions}"
        )
    tests: dict[str, dict[str, Any]] = {}
    for part in parts:
        for test, told in part["tests"].items():
            before = tests.get(test, {"cases": {}})
            tests[test] = {**told, "cases": {**before["cases"], **told["cases"]}}
    return {"made": parts[-1]["made"], "tests": dict(sorted(tests.items()))}


def troubles_of(
    marked: Mapping[str, list[str]], rows: set[str], tests: Mapping[str, Any]
) -> Iterator[str]:
    """A line for each reason why the results are no page's."""
    for test, of_test in marked.items():
        for row in set(of_test) - rows:
            yield f"{test}: no row {row} in {MATRIX}; add it there or mark another"
        if of_test != tests.get(test, {}).get("rows"):
            yield f"{test}: not among the results, or with other rows; run `make reliability`"
    for test in tests.keys() - marked.keys():
        yield f"{test}: among the results and not marked any more; run `make reliability`"
    for test, told in tests.items():
        for case, result in told["cases"].items():
            if result != "passed" and not _excused(result):
                yield f"{case or test}: {result}"


def _excused(result: str) -> bool:
    return result.startswith("skipped") and any(f"needs {one}" in result for one in EXCUSES)


if __name__ == "__main__":
    main()
