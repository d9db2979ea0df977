"""What docs/suites.md shows of include, --set and grid is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.errors import SuiteError
from bench.registry import Registry, load_registry
from bench.suite import load

TEXT = (Path(__file__).parents[2] / "docs" / "suites.md").read_text("utf-8")
YAML = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def installed() -> Registry:
    return load_registry(autoload=False)


def write(folder: Path, name: str, start: str) -> Path:
    """The document's block that starts so, as a file."""
    (folder / name).write_text(next(block for block in YAML if block.startswith(start)), "utf-8")
    return folder / name


def test_the_including_suite(installed: Registry, tmp_path: Path) -> None:
    write(tmp_path, "common.yaml", "# common.yaml\n")
    suite = load(write(tmp_path, "including.yaml", "# including.yaml\n"), installed)
    assert list(suite.base_models) == ["lr", "fm"]
    assert suite.base_models["fm"].params["embedding_dim"] == 4
    assert (suite.base_models["fm"].train.epochs, suite.base_models["fm"].train.batch_size) == (
        6,
        1024,
    )


def test_the_grid(installed: Registry, tmp_path: Path) -> None:
    suite = load(write(tmp_path, "grid.yaml", "version: 1\nname: grid\n"), installed)
    assert len(suite.methods) == 6
    assert next(iter(suite.methods)) == "metaselector[hidden=[32],inner_steps=1]"
    assert [name.rpartition("[hidden=")[2] for name in suite.methods][:2] == [
        "[32],inner_steps=1]",
        "[64,32],inner_steps=1]",
    ]


def test_the_slip(installed: Registry, tmp_path: Path) -> None:
    shown = next(line for line in TEXT.splitlines() if line.startswith("--set "))
    override = shown.removeprefix("--set ").partition(":")[0]
    with pytest.raises(SuiteError) as caught:
        load(
            write(tmp_path, "grid.yaml", "version: 1\nname: grid\n"),
            installed,
            overrides=[override, "grid={}"],
        )
    assert shown in str(caught.value).splitlines()
