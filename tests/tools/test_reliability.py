"""The page of faults, of a project small enough to see: what is read, what is refused, what is written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tools.reliability.__main__ import joined, main, troubles_of
from tools.reliability.marks import MarkError, by_row, marked_tests
from tools.reliability.matrix import Row, read_rows
from tools.reliability.page import page_of

MATRIX = """
- group: Plugins
  rows:
    - {row: 1, fault: It raises., what happens: It is told.}
    - {row: 41b, fault: It hangs., what happens: It is ended.}
- group: Disks
  rows:
    - {row: 2, fault: It is full., what happens: It is said.}
"""
TESTS = """
import pytest

@pytest.mark.fault(1, "41b")
@pytest.mark.parametrize("n", [0, 1])
def test_both(n):
    pass

@pytest.mark.fault(1)
@pytest.mark.skipif(True, reason="needs root")
def test_as_root():
    pass

def test_of_nothing():
    pass
"""
CONFTEST = """
from pathlib import Path
from tests.fault_results import FaultResults

def pytest_addoption(parser):
    parser.addoption("--faults")

def pytest_configure(config):
    config.addinivalue_line("markers", "fault(row, ...): a row")
    if file := config.getoption("faults"):
        config.pluginmanager.register(FaultResults(Path(file)))
"""
BOTH, AS_ROOT = "tests/x/test_x.py::test_both", "tests/x/test_x.py::test_as_root"
MARKED = {AS_ROOT: ["1"], BOTH: ["1", "41b"]}
MADE = {
    "date": "2026-01-02",
    "version": "1.2",
    "python": "3.11.7",
    "torch": "2.13.0",
    "system": "Linux",
}
CASES = {
    AS_ROOT: {AS_ROOT: "skipped: needs root"},
    BOTH: {f"{BOTH}[0]": "passed", f"{BOTH}[1]": "passed"},
}


def told(cases=CASES, marked=MARKED):
    """Results of tests, as `pytest --faults` writes them."""
    return {test: {"rows": marked[test], "cases": cases[test]} for test in cases}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with rows and tests, as the current one."""
    (tmp_path / "tests" / "x").mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    (tmp_path / "tests" / "faults.yaml").write_text(MATRIX, "utf-8")
    (tmp_path / "tests" / "x" / "test_x.py").write_text(TESTS, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_rows_are_read_in_their_order(project):
    assert read_rows(project) == [
        Row("1", "Plugins", "It raises.", "It is told."),
        Row("41b", "Plugins", "It hangs.", "It is ended."),
        Row("2", "Disks", "It is full.", "It is said."),
    ]


def test_marks_are_read_from_sources(project):
    assert marked_tests(project) == MARKED
    assert by_row(MARKED) == {"1": [AS_ROOT, BOTH], "41b": [BOTH]}


@pytest.mark.parametrize(
    "mark",
    [
        "pytestmark = pytest.mark.fault(1)\n",
        "@pytest.mark.fault(1)\nclass TestIt:\n    pass\n",
        "class TestIt:\n    @pytest.mark.fault(1)\n    def test_it(self):\n        pass\n",
        "@pytest.mark.parametrize('n', [pytest.param(1, marks=pytest.mark.fault(1))])\ndef test_it(n):\n    pass\n",
        "@pytest.mark.fault\ndef test_it():\n    pass\n",
        "ROW = 1\n@pytest.mark.fault(ROW)\ndef test_it():\n    pass\n",
    ],
)
def test_a_mark_that_is_no_decorator_with_numbers_is_refused(project, mark):
    (project / "tests" / "test_y.py").write_text(f"import pytest\n{mark}", "utf-8")
    with pytest.raises(MarkError, match=r"test_y\.py"):
        marked_tests(project)


def test_the_page_has_a_table_a_group_and_a_line_a_row(project):
    page = page_of(read_rows(project), {"made": MADE, "tests": told()})
    assert "Made on 2026-01-02 of metaselector-bench 1.2: Python 3.11.7" in page
    assert "3 rows, 2 tests, 3 cases." in page
    head = "| row | fault | what happens | tests | result |\n|---|---|---|---|---|\n"
    as_root, both = (
        f"[x/test_x.py::test_{name}](../tests/x/test_x.py)" for name in ("as_root", "both")
    )
    assert page.partition("## ")[2] == (
        f"Plugins\n\n{head}"
        f"| 1 | It raises. | It is told. | {as_root}<br>{both} | 2 passed, 1 skipped: needs root |\n"
        f"| 41b | It hangs. | It is ended. | {both} | 2 passed |\n"
        f"\n## Disks\n\n{head}| 2 | It is full. | It is said. | **no test yet** | – |\n"
    )


def test_results_of_the_marked_tests_are_no_trouble():
    assert list(troubles_of(MARKED, {"1", "2", "41b"}, told())) == []


@pytest.mark.parametrize(
    ("changes", "trouble"),
    [
        ({"rows": {"1"}}, f"{BOTH}: no row 41b in tests/faults.yaml"),
        ({"tests": told({BOTH: CASES[BOTH]})}, f"{AS_ROOT}: not among the results"),
        ({"tests": told(marked={**MARKED, AS_ROOT: ["2"]})}, f"{AS_ROOT}: not among the results, or with other rows"),
        ({"marked": {BOTH: MARKED[BOTH]}}, f"{AS_ROOT}: among the results and not marked any more"),
        ({"tests": told({**CASES, BOTH: {f"{BOTH}[1]": "failed"}})}, f"{BOTH}[1]: failed"),
        ({"tests": told({**CASES, AS_ROOT: {AS_ROOT: "skipped: no time"}})}, f"{AS_ROOT}: skipped: no time"),
    ],
)  # fmt: skip
def test_what_is_no_result_of_a_page_is_named(changes, trouble):
    given = {"marked": MARKED, "rows": {"1", "2", "41b"}, "tests": told()} | changes
    (line,) = troubles_of(**given)
    assert line.startswith(trouble)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_from_marked_tests_to_the_page(project, workers):
    (project / "conftest.py").write_text(CONFTEST, "utf-8")
    command = [
        "-m",
        "pytest",
        "-q",
        "-m",
        "fault",
        "-n",
        workers,
        "--faults",
        "faults.json",
        "tests",
    ]
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, *command], env={"PYTHONPATH": root, "PATH": ""}, capture_output=True, text=True
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    main(["faults.json"])
    results = json.loads((project / "faults.json").read_text("utf-8"))
    assert results["tests"] == told()
    assert (project / "docs" / "reliability.md").read_text("utf-8") == page_of(
        read_rows(project), results
    )


def test_parts_are_joined_where_they_are_of_one_version():
    first = {"made": MADE, "tests": told({**CASES, BOTH: {f"{BOTH}[0]": "failed"}})}
    second = {"made": MADE | {"date": "2026-01-03"}, "tests": told({BOTH: CASES[BOTH]})}
    assert joined([first, second]) == {"made": second["made"], "tests": told()}
    other = second | {"made": MADE | {"torch": "2.5.0"}}
    with pytest.raises(SystemExit, match="of different versions"):
        joined([first, other])


def test_a_failure_writes_no_page(project):
    failed = {"made": MADE, "tests": told({**CASES, BOTH: {f"{BOTH}[0]": "failed"}})}
    (project / "faults.json").write_text(json.dumps(failed), "utf-8")
    with pytest.raises(SystemExit, match=r"failed\ndocs/reliability.md was not written"):
        main(["faults.json"])
    assert not (project / "docs" / "reliability.md").exists()
