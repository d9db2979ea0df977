"""Whether anything answers at an address."""

from __future__ import annotations

import socket

import pytest

from bench.executors.reach import why_unreachable


def test_who_listens_is_reached_and_who_does_not_is_told_why() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert why_unreachable(f"tcp://127.0.0.1:{port}") == ""
        assert why_unreachable(f"127.0.0.1:{port}") == ""
    assert why_unreachable(f"tcp://127.0.0.1:{port}") == "Connection refused"


@pytest.mark.parametrize("address", ["auto", "inproc://10.0.0.1/1/1", "tcp://host", "ucx://a:1"])
def test_an_address_of_another_form_is_the_engines_to_judge(address: str) -> None:
    assert why_unreachable(address) == ""


def test_a_host_that_there_is_not_is_told() -> None:
    assert why_unreachable("no-such-host.invalid:1")
    assert why_unreachable("127.0.0.1:99999")
