"""The end of a log as people may read it."""

from __future__ import annotations

import pytest

from bench.executors.shown_log import end_of_log


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        (b"", ""),
        (b"one\ntwo\n", "one\ntwo"),
        (b"\x1b[31mred\x1b[0m \x1b]0;title\x07and \x1b[2Jgone", "red and gone"),
        (b"10%\r50%\r100%\nnext\r\n", "100%\nnext"),
        (b"\x00\x07bell \xff\xfe", "bell \ufffd\ufffd"),
        ("tab\there, \u00fc".encode(), "tab\there, \u00fc"),
        (b"\n\n  indented\n\n", "  indented"),
    ],
)
def test_it_is_text_alone(tmp_path, printed, shown):
    log = tmp_path / "it.log"
    log.write_bytes(printed)
    assert end_of_log(log) == shown


def test_it_is_the_end(tmp_path):
    log = tmp_path / "it.log"
    log.write_bytes(b"x" * 100_000 + b"\n" + b"y" * 3_000)
    assert len(end_of_log(log)) == 4_000
    assert end_of_log(log).endswith("y" * 3_000)


def test_without_a_log_there_is_none(tmp_path):
    assert end_of_log(tmp_path / "it.log") == ""
    assert end_of_log(tmp_path) == ""
