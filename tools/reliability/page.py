"""docs/reliability.md, of rows and of what their tests came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from tools.reliability.matrix import Row

__all__ = ["NO_TEST", "page_of"]

NO_TEST = "**no test yet**"
_HEAD = """\
# Reliability

What goes wrong in the world, what this project then does, and the tests that make it go wrong for real: they kill processes,
fill files, feed the bad file. Made on {date} of metaselector-bench {version}: Python {python}, torch {torch}, {system}.

```console
$ make reliability
```

runs those tests again and writes this page. Its rows are in [tests/faults.yaml](../tests/faults.yaml); a test names its own by
`@pytest.mark.fault`. `make check` fails where a row has no test, and where this page lists other tests than are marked.
{rows} rows, {tests} tests, {cases} cases.
"""


def page_of(rows: Sequence[Row], results: Mapping[str, Any]) -> str:
    """`results` is what `pytest --faults` wrote. The same rows and results give the same text."""
    tests: Mapping[str, Any] = results["tests"]
    cases = sum(len(test["cases"]) for test in tests.values())
    head = _HEAD.format(**results["made"], rows=len(rows), tests=len(tests), cases=cases)
    groups = [
        _group(name, list(of_group), tests)
        for name, of_group in groupby(rows, key=lambda row: row.group)
    ]
    return "\n".join([head, *groups])


def _group(name: str, rows: Sequence[Row], tests: Mapping[str, Any]) -> str:
    head = ["| row | fault | what happens | tests | result |", "|---|---|---|---|---|"]
    lines = [
        _line(row, {test: told for test, told in tests.items() if row.number in told["rows"]})
        for row in rows
    ]
    return "\n".join([f"## {name}", "", *head, *lines, ""])


def _line(row: Row, tests: Mapping[str, Any]) -> str:
    links = "<br>".join(map(_link, tests))
    cells = [row.number, row.fault, row.what_happens, links or NO_TEST, _result(tests)]
    return f"| {' | '.join(cells)} |"


def _link(test: str) -> str:
    file, _, name = test.partition("::")
    return f"[{file.removeprefix('tests/')}::{name}](../{file})"


def _result(tests: Mapping[str, Any]) -> str:
    """How many cases passed; each other result by its words."""
    count = Counter(result for test in tests.values() for result in test["cases"].values())
    return ", ".join(f"{number} {result}" for result, number in sorted(count.items())) or "–"
