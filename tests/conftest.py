"""How Hypothesis looks for examples: no limits of time, which a busy machine would break, and the same examples each run, so
that a change is told of its own mistakes. `pytest --hypothesis-profile=search` looks for new ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.fault_results import FaultResults

collect_ignore = ["fixtures"]  # a repository there has tests of its own

settings.register_profile(
    "search", deadline=None, derandomize=False, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("check", settings.get_profile("search"), derandomize=True)
settings.load_profile("check")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--faults",
        metavar="FILE",
        help="write what tests of faults came to, for docs/reliability.md",
    )


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault(
        "BENCH_PAGE", "0"
    )  # tests of the page ask for it: drawing takes longer than a tiny run
    os.fsync = lambda descriptor: None  # no test cuts the power; a run waits for a hundred of them
    if file := config.getoption("faults"):
        config.pluginmanager.register(FaultResults(Path(file)))


@pytest.fixture(params=["fast reader", "strict reader"])
def either_reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text files are read by Arrow as far as it can be trusted; or by the strict reader, whatever they hold."""
    from bench.data.tables import text_file, vouched

    def refuse(*_: object, **__: object) -> None:
        raise vouched.NotVouchedError

    if request.param == "strict reader":
        monkeypatch.setattr(text_file, "vouched_chunks", refuse)
