"""Documents that stay true: links resolve, suites in them load, commands and plugins in them exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.cli import main
from bench.registry import load_registry
from bench.suite import load

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("plugins/*/README.md"), *ROOT.glob("benchmarks/*.md")]
)
REGISTRY = load_registry(autoload=False)
each = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())


@each
def test_links_resolve(document):
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text("utf-8"))
    missing = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert missing == []


@each
def test_suites_in_it_load(document, tmp_path):
    for number, text in enumerate(re.findall(r"```yaml\n(version: 1\n.*?)```", document.read_text("utf-8"), re.DOTALL)):
        file = tmp_path / f"{number}.yaml"
        file.write_text(text, "utf-8")
        assert load(file, REGISTRY).name


@each
def test_commands_in_it_exist(document):
    blocks = re.findall(r"```console\n(.*?)```", document.read_text("utf-8"), re.DOTALL)
    commands = set(re.findall(r"^\$ bench ([a-z-]+)", "\n".join(blocks), re.MULTILINE))
    assert commands <= set(main.targets)


@pytest.mark.parametrize("suite", sorted(ROOT.glob("suites/*.yaml")), ids=lambda path: path.stem)
def test_suites_that_ship_load(suite):
    assert load(suite, REGISTRY).seeds


@pytest.mark.parametrize("kind", ["models", "selectors", "meta_learners", "datasets", "protocols", "metrics"])
def test_every_plugin_is_documented(kind):
    everything = "\n".join(document.read_text("utf-8") for document in DOCUMENTS)
    assert [name for name in REGISTRY.names(kind) if f"`{name}`" not in everything] == []


def test_every_hook_is_documented():
    text = (ROOT / "docs" / "plugins.md").read_text("utf-8")
    hooks = re.findall(r"^def (bench_\w+)", (ROOT / "bench" / "hookspecs.py").read_text("utf-8"), re.MULTILINE)
    assert [hook for hook in hooks if f"`{hook}`" not in text] == []


def test_the_model_in_the_documentation_is_the_one_that_is_tested():
    text = (ROOT / "docs" / "plugins.md").read_text("utf-8")
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL).group(1)
    assert code == (ROOT / "tests" / "fixtures" / "single_file_plugin.py").read_text("utf-8")
