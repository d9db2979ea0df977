"""Clusters that an executor starts on this machine are reached from this machine alone."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bench.interfaces import Executor
from bench.registry import load_registry
from bench.testing.driven import Driven, beside
from bench.testing.executor_steps import TestSteps

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("name", "package"), [("dask", "distributed"), ("ray", "ray")])
def test_every_port_is_on_loopback(tmp_path: Path, name: str, package: str) -> None:
    pytest.importorskip(package, reason=f"{package} is not installed")
    plugin: type[Executor] = load_registry().load("executors", name)
    steps, found = TestSteps(tmp_path), set[str]()
    executor = plugin(plugin.Params(), 1)
    with beside(_look, steps, found):
        Driven(executor).run([steps.step("long", "wait")])
    executor.close()
    assert found, "its ports were seen"
    assert {place for place in found if not _is_local(place)} == set()


def _look(steps: TestSteps, found: set[str]) -> None:
    try:
        steps.wait_for_begun("long")
        found.update(_listening())
    finally:
        steps.let_go("long")


def _listening() -> Iterator[str]:
    """Address and program of each port that a process of this tree listens on."""
    here = psutil.Process(os.getpid())
    for process in (here, *here.children(recursive=True)):
        try:
            for connection in process.net_connections(kind="inet"):
                if connection.status == psutil.CONN_LISTEN:
                    command = Path(process.cmdline()[0]).name if process.cmdline() else "?"
                    yield f"{connection.laddr.ip} {command}"
        except psutil.Error:
            continue


def _is_local(place: str) -> bool:
    address = ipaddress.ip_address(place.partition(" ")[0])
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
