"""Documents that stay true: links resolve, suites load, commands, plugins, hooks, keys and defaults in them are those of the
code, and what they show is what the commands print."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from bench import errors, hookspecs, interfaces
from bench.cli import main
from bench.cli._group import INTERNAL
from bench.cli._output import BROKEN_PIPE
from bench.gate import EXIT_CODES
from bench.margins import DEFAULT_QUALITY, GateException, GateMargins
from bench.registry import KINDS, load_registry
from bench.settings import RESERVED_KEYS, MetaTrainSettings, TrainSettings
from bench.suite import load
from bench.suite.check.schema import MetaLearnerUse, MethodEntry, ProtocolUse, SuiteFile
from tests.docs.pages import exit_codes, files_in, save_all

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("plugins/*/README.md"),
        *ROOT.glob("benchmarks/*.md"),
    ]
)
REGISTRY = load_registry(autoload=False)
each = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix()
)


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(text: str) -> list[list[str]]:
    """The lines of console blocks that start with `$`, as words."""
    return [
        line.split()
        for line in re.findall(r"^\$ (.*)", "\n".join(blocks(text, "console")), re.MULTILINE)
    ]


def heading_anchors(document: Path) -> set[str]:
    """As GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


# -- every document


@each
def test_links_resolve(document):
    links = [
        link
        for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text("utf-8"))
        if "://" not in link
    ]
    targets = {
        link: (document.parent / link.partition("#")[0]) if link[0] != "#" else document
        for link in links
    }
    assert [link for link, target in targets.items() if not target.exists()] == []
    anchors = {link: link.partition("#")[2] for link in links if "#" in link}
    assert [
        link for link, anchor in anchors.items() if anchor not in heading_anchors(targets[link])
    ] == []


@each
def test_suites_in_it_load(document, tmp_path):
    suites = [
        text
        for text in blocks(document.read_text("utf-8"), "yaml")
        if text.startswith("version: 1\n")
    ]
    shutil.copy(ROOT / "tests/fixtures/single_file_plugin.py", tmp_path / "nfm.py")
    save_all(files_in(document.read_text("utf-8")), tmp_path)  # plugins that they name
    for number, text in enumerate(suites):
        file = tmp_path / f"{number}.yaml"
        file.write_text(text, "utf-8")
        assert load(file, REGISTRY).name


@each
def test_commands_in_it_exist_with_their_options(document):
    for program, command, *arguments in filter(
        lambda words: words[0] == "bench", commands(document.read_text("utf-8"))
    ):
        assert command in main.targets, f"{program} {command}"
        found = main.get_command(None, command)
        if isinstance(found, click.Group):  # bench data info
            found = found.get_command(None, arguments[0])
        known = {option for param in found.params for option in param.opts}
        assert {word for word in arguments if word.startswith("--")} <= known


@each
def test_make_targets_in_it_exist(document):
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    named = {
        word
        for program, *words in commands(document.read_text("utf-8"))
        if program == "make"
        for word in words
    }
    assert named <= targets


# -- the code, all of it told of


@pytest.mark.parametrize("suite", sorted(ROOT.glob("suites/*.yaml")), ids=lambda path: path.stem)
def test_suites_that_ship_load_and_are_listed(suite):
    assert load(suite, REGISTRY).seeds
    assert f"(../suites/{suite.name})" in read("docs/suites.md")


@pytest.mark.parametrize("kind", KINDS)
def test_every_plugin_is_documented(kind):
    everything = "\n".join(document.read_text("utf-8") for document in DOCUMENTS)
    assert [name for name in REGISTRY.names(kind) if f"`{name}`" not in everything] == []


@pytest.mark.parametrize("document", ["docs/architecture.md", "docs/plugins.md"])
def test_every_hook_stands_beside_its_interface(document):
    text = read(document)
    hooks = {name: hook for name, hook in vars(hookspecs).items() if name.startswith("bench_")}
    assert hooks.keys() == {f"bench_{kind}" for kind in KINDS}
    for name, hook in hooks.items():
        row = next((line for line in text.splitlines() if line.startswith(f"| `{name}`")), "")
        wanted = [word for word in re.findall(r"\w+", hook.__doc__) if word in interfaces.__all__]
        assert [interface for interface in wanted if interface not in row] == [], name


def test_every_command_is_documented_and_so_is_every_option_of_run():
    table = "\n".join(
        line for line in read("docs/commands.md").splitlines() if line.startswith("| `bench ")
    )
    assert set(re.findall(r"`bench ([a-z-]+)", table)) == set(main.targets)
    options = {
        option
        for param in main.get_command(None, "run").params
        for option in param.opts
        if option[:2] == "--"
    }
    assert options - {"--json", "--traceback", "--no-plugin-autoload"} <= set(
        re.findall(r"`(--[a-z-]+)`", table)
    )


def test_the_commands_that_print_no_json_are_documented():
    told = next(line for line in read("docs/commands.md").splitlines() if "take `--json`" in line)
    named = set(re.findall(r"`([a-z][a-z -]*)`", told.partition("take `--json`")[0]))
    leaves = {}
    for name in main.targets:
        command = main.get_command(None, name)
        for part in getattr(command, "targets", ()):
            leaves[f"{name} {part}"] = command.get_command(None, part)
        if not hasattr(command, "targets"):
            leaves[name] = command
    lacking = {
        name
        for name, command in leaves.items()
        if not any("--json" in param.opts for param in command.params)
    }
    assert lacking == named


def test_every_exit_code_is_documented():
    kinds = [
        getattr(errors, name)
        for name in errors.__all__
        if issubclass(getattr(errors, name), errors.BenchError)
    ]
    codes = {kind.exit_code for kind in kinds} | {0, 1, INTERNAL, BROKEN_PIPE}
    codes |= set(EXIT_CODES.values())
    codes |= {128 + number for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)}
    assert set(exit_codes(read("docs/commands.md"))) == codes


def test_every_key_of_a_suite_is_documented():
    keys = {
        *SuiteFile.model_fields,
        *MethodEntry.model_fields,
        *MetaLearnerUse.model_fields,
        *ProtocolUse.model_fields,
    }
    assert [
        key for key in sorted(keys | RESERVED_KEYS) if f"`{key}`" not in read("docs/suites.md")
    ] == []


def test_every_key_of_the_gate_is_documented_with_its_default():
    text, keys = read("docs/gate.md"), GateMargins.model_fields | GateException.model_fields
    assert [key for key in keys if f"{key}:" not in text and f"`{key}`" not in text] == []
    assert f"| `throughput` | {GateMargins().throughput:.2f} |" in text
    assert f"| `memory` | {GateMargins().memory:.2f} |" in text
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| (\de-\d) \|", text, re.MULTILINE)
    told = {name: float(value) for names, value in rows for name in re.findall(r"\w+", names)}
    assert told == dict(DEFAULT_QUALITY)


@pytest.mark.parametrize(
    "settings", [TrainSettings, MetaTrainSettings], ids=lambda model: model.__name__
)
def test_training_settings_stand_with_their_defaults(settings):
    tables = re.findall(r"(?:^\| `\w+` \| [\w.-]+ \|.*\n)+", read("docs/suites.md"), re.MULTILINE)
    told = [
        dict(re.findall(r"^\| `(\w+)` \| ([\w.-]+) \|", table, re.MULTILINE)) for table in tables
    ]
    defaults = {name: field.default for name, field in settings.model_fields.items()}
    assert defaults in [
        {name: _number_or_word(value) for name, value in table.items()} for table in told
    ]


def _number_or_word(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def test_every_key_of_the_protocol_is_documented():
    names = REGISTRY.names("protocols")
    params = set().union(*(REGISTRY.load("protocols", name).Params.model_fields for name in names))
    keys = params | (ProtocolUse.model_fields.keys() - {"use"})
    rows = set(re.findall(r"^\| `(\w+)` \|", read("docs/protocols.md"), re.MULTILINE))
    assert rows - set(names) == keys


def test_every_package_and_dependency_is_in_the_architecture():
    text = read("docs/architecture.md")
    packages = [folder.parent.name for folder in ROOT.glob("bench/*/__init__.py")]
    assert [package for package in packages if f"{package}/" not in text] == []
    wanted = tomllib.loads(read("pyproject.toml"))["project"]["dependencies"]
    assert [name for name in wanted if re.split("[<>=]", name)[0] not in text] == []


# -- what documents show is what happens


@pytest.mark.parametrize("name", ["faulty.yaml", "clashing.yaml"])
def test_faults_are_told_of_as_shown(name, tmp_path, monkeypatch):
    text = read("docs/suites.md")
    suite = next(block for block in blocks(text, "yaml") if block.startswith(f"# {name}\n"))
    shown = next(
        block for block in blocks(text, "console") if block.startswith(f"$ bench check {name}\n")
    )
    (tmp_path / name).write_text(suite, "utf-8")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["check", name])
    assert (result.exit_code, f"$ bench check {name}\n{result.output}") == (2, shown)


def test_the_fault_in_the_readme_is_told_of_as_shown(tmp_path, monkeypatch):
    (tmp_path / "shop.yaml").write_text(
        shop().replace("fm: {use: fm}", "fm: {use: fm, embeding_dim: 10}"), "utf-8"
    )
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["check", "shop.yaml"])
    assert result.exit_code == 2
    assert result.output in blocks(read("README.md"), "text")


def test_the_model_in_the_documentation_is_the_one_that_is_tested():
    assert blocks(read("docs/plugins.md"), "python")[0] == read(
        "tests/fixtures/single_file_plugin.py"
    )


@pytest.mark.slow
def test_the_readme_can_be_followed(tmp_path):
    """Its suite, a table, its model added, and the commands of all three sections, each of which ends with 0."""
    (tmp_path / "shop.yaml").write_text(shop(), "utf-8")
    shutil.copy(ROOT / "suites/golden/ratings.csv", tmp_path / "clicks.csv")
    (tmp_path / "nfm.py").write_text(blocks(read("docs/plugins.md"), "python")[0], "utf-8")
    told = [
        " ".join(words)
        for words in commands(read("README.md"))
        if re.search("shop.yaml|nfm", " ".join(words))
    ]
    assert told == [
        "bench check shop.yaml",
        "bench run shop.yaml --workers 2",
        "bench test-plugin nfm.py",
        "bench run shop.yaml --plugins nfm.py --out results/with-nfm",
        "bench run shop.yaml --plugins nfm.py --out results/candidate",
        "bench compare results/with-nfm results/candidate",
    ]
    for line in told[:2]:
        follow(line, tmp_path)
    (tmp_path / "shop.yaml").write_text(
        shop().replace("methods:", "  nfm: {use: nfm}\nmethods:"), "utf-8"
    )
    for line in told[2:4]:
        output = follow(line, tmp_path)
    assert re.search(r"^nfm +\.\d", output, re.MULTILINE)
    assert re.search(r"^metaselector +\.\d", output, re.MULTILINE)
    for line in told[4:]:
        output = follow(line, tmp_path)
    assert output.startswith("Fine: ")


def shop() -> str:
    """The suite of the README."""
    return next(block for block in blocks(read("README.md"), "yaml") if "name: shop" in block)


def follow(line: str, folder: Path) -> str:
    command = [sys.executable, "-m", "bench.cli", *line.split()[1:]]
    environment = os.environ | {"BENCH_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=250
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
