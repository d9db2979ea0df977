"""`bench schema`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Bench = Callable[..., Result]


def test_it_is_printed_with_the_plugins_that_are_there(bench: Bench) -> None:
    result = bench("schema")
    assert result.exit_code == 0
    schema = json.loads(result.stdout)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "gate" in schema["$defs"]["SelectorUse"]["properties"]["use"]["enum"]


def test_it_is_written_to_a_file(bench: Bench, tmp_path: Path) -> None:
    result = bench("schema", "--out", tmp_path / "suite.schema.json")
    assert (result.exit_code, result.stdout) == (0, "")
    assert json.loads((tmp_path / "suite.schema.json").read_text("utf-8")) == json.loads(
        bench("schema").stdout
    )


@pytest.mark.fault(23)
def test_a_file_that_can_t_be_written_exits_5(bench: Bench, tmp_path: Path) -> None:
    result = bench("schema", "--out", tmp_path / "none" / "x.json")
    assert result.exit_code == 5
    assert result.stderr.endswith(
        "can't be written: No such file or directory; choose another file\n"
    )
