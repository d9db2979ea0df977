"""The pages about plugins, followed: each file of them works as it stands, and the contracts are those of the interfaces."""

from __future__ import annotations

import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bench import interfaces
from bench.hookspecs import PROJECT
from bench.records import load
from tests.docs.pages import DOCS, commands_of, files_of, follow, save, text_of

CONTRACTS = {
    "plugin-selectors.md": (interfaces.Tasks, interfaces.Selection, interfaces.Context),
    "plugin-metrics.md": (interfaces.MetricRows, interfaces.Score, interfaces.UserParts),
    "plugin-datasets.md": (interfaces.Source, interfaces.Column, interfaces.Tables),
    "plugin-protocols.md": (interfaces.Timeline, interfaces.Cut),
    "plugin-meta-learners.md": (interfaces.Learnable, interfaces.MetaLearner),
    "plugin-executors.md": (interfaces.StepEvent, interfaces.Executor),
}
OF_MODELS = (interfaces.Rows, interfaces.Fields)
OF_THE_ENGINE = {"parameters", "head", "only"}  # of Learnable: what a rule may well do without
PAGES = ["plugins.md", *CONTRACTS]
TAKE_LONG = ("plugin-executors.md", "plugin-meta-learners.md")


@pytest.fixture
def reader(tmp_path, monkeypatch):
    """Saves what a page says, in the reader's folder beside a table."""

    def reader(page: str) -> Path:
        shutil.copy(DOCS.parent / "suites/golden/ratings.csv", tmp_path / "clicks.csv")
        save(page, tmp_path)
        if (tmp_path / "events.py").exists():
            runpy.run_path("events.py")
        return tmp_path

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return reader


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def figures(folder):
    """Method to its metrics."""
    return {one["trial"]["method"]: one["metrics"] for one in load(Path(folder)).records}


def shown(page: str, begin: str) -> str:
    """A line of what the page shows as printed."""
    texts = re.findall(r"^```text\n(.*?)^```", text_of(page), re.DOTALL | re.MULTILINE)
    return next(line for text in texts for line in text.splitlines() if line.startswith(begin))


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.slow] if page in TAKE_LONG else [])
        for page in CONTRACTS
    ],
)
def test_every_command_ends_with_0(page, reader):
    """Of executors, the figures too: where a step runs is no part of what it is."""
    reader(page)
    lines = commands_of(page)
    assert any(line.startswith("bench run") for line in lines)
    for line in lines:
        result = follow(line)
        assert result.exit_code == 0, f"{line}\n{result.output}"
    if page == "plugin-executors.md":
        anywhere, nice, local = (
            figures(f"results/{name}") for name in ("anywhere", "nice", "local")
        )
        assert anywhere == nice == local


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(
            page,
            marks=[pytest.mark.slow, pytest.mark.timeout(900)]
            if page == "plugin-executors.md"
            else [],
        )
        for page in PAGES
    ],
)
def test_tests_of_the_page_pass(page, reader):
    folder = reader(page)
    lines = re.findall(r"^\$ (pytest .*)", text_of(page), re.MULTILINE)
    assert sorted(line.split()[1] for line in lines) == sorted(
        name for name in files_of(page) if name.startswith("test_")
    )
    for line in lines:
        command = [sys.executable, "-m", *shlex.split(line), "-q", "-p", "no:cacheprovider"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=800)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("page", PAGES)
def test_the_contract_names_all_that_is_handed_over_and_back(page):
    names = {
        name
        for interface in (OF_MODELS if page == "plugins.md" else CONTRACTS[page])
        for name in (*getattr(interface, "_fields", ()), *_own(interface))
    }
    prose = re.sub(r"^```.*?^```", "", text_of(page), flags=re.DOTALL | re.MULTILINE)
    words = set(re.findall(r"\w+", prose))
    assert names - words - OF_THE_ENGINE == set()


def _own(interface):
    """Public methods and properties, of what is no tuple."""
    if hasattr(interface, "_fields"):
        return []
    return [name for name in vars(interface) if not name.startswith("_")]


@pytest.mark.parametrize("page", CONTRACTS)
def test_it_is_found_from_the_page_of_all_kinds(page):
    assert f"({page})" in text_of("plugins.md")
    assert "## What may fail, and how" in text_of(page)
    assert "The contract" in text_of(page)


# -- selectors


def recent_best(rows: int):
    found = runpy.run_path("recent_best.py")["RecentBest"]
    return found(found.Params(rows=rows))


def test_recent_best_is_a_plain_loop_over_users(reader):
    reader("plugin-selectors.md")
    rng = np.random.default_rng(0)
    tasks = SimpleNamespace(
        support=SimpleNamespace(labels=rng.integers(0, 2, 7).astype(np.uint8)),
        support_ptr=np.array([0, 4, 4, 7]),
        query_ptr=np.array([0, 2, 3, 5]),
        support_base_logits=rng.normal(size=(7, 3)).astype(np.float32),
    )
    weights = recent_best(rows=2).weights(tasks, 1.5)
    p = 1 / (1 + np.exp(-tasks.support_base_logits.astype(np.float64)))
    observed = np.where(tasks.support.labels[:, None] == 1, p, 1 - p)
    for user, (begin, end) in enumerate(zip((2, 4, 5), (4, 4, 7), strict=True)):
        expected = np.prod(observed[begin:end], axis=0) ** 1.5
        for row in range(tasks.query_ptr[user], tasks.query_ptr[user + 1]):
            assert weights[row] == pytest.approx(expected / expected.sum())


# -- metrics


def test_another_version_is_not_judged_and_other_code_is(reader):
    folder = reader("plugin-metrics.md")
    assert follow("bench run metrics.yaml --out one").exit_code == 0
    edit(folder / "tail_logloss.py", '"no rows"', '"there are no rows"')
    assert follow("bench run metrics.yaml --out two").exit_code == 0
    judged = follow("bench compare one two")
    assert judged.exit_code == 0
    assert re.search(r"^ *code +metric tail-logloss: \w+ -> \w+", judged.output, re.MULTILINE)
    edit(folder / "tail_logloss.py", "version = 1", "version = 2")
    again = follow("bench run metrics.yaml --out three")
    assert again.exit_code == 0
    assert "5 to score; all steps are in the cache" in again.output, "nothing is trained again"
    refused = follow("bench compare one three")
    assert refused.exit_code == 2
    assert "of version 1 in BASE and 2 in CANDIDATE" in refused.output


def test_what_is_no_score_is_told_of_as_shown(reader):
    folder = reader("plugin-metrics.md")
    edit(folder / "tail_logloss.py", "return Score(float(", "return Score(float('nan') * float(")
    result = follow("bench run metrics.yaml")
    assert result.exit_code == 4
    assert shown("plugin-metrics.md", "There is no answer") in " ".join(result.output.split())


# -- datasets


def test_a_line_that_is_no_event_is_told_of_as_shown(reader):
    folder = reader("plugin-datasets.md")
    lines = (folder / "events.jsonl").read_text("utf-8").splitlines(keepends=True)
    lines[4] = lines[4].replace('"item"', '"thing"')
    (folder / "events.jsonl").write_text("".join(lines), "utf-8")
    result = follow("bench run shop.yaml")
    assert result.exit_code == 2
    assert shown("plugin-datasets.md", "events.jsonl:5") in result.output


def test_a_changed_file_is_read_anew(reader):
    folder = reader("plugin-datasets.md")
    before = json.loads(follow("bench data info shop.yaml --json").stdout)
    lines = (folder / "events.jsonl").read_text("utf-8").splitlines(keepends=True)
    (folder / "events.jsonl").write_text("".join(lines[:-1]), "utf-8")
    after = json.loads(follow("bench data info shop.yaml --json").stdout)
    assert before != after


# -- protocols


def test_a_role_without_query_rows_is_told_of_as_shown(reader):
    reader("plugin-protocols.md")
    result = follow("bench run newcomers.yaml --set protocols.newcomers.rows=1000")
    assert result.exit_code == 2
    assert shown("plugin-protocols.md", "protocol 'first-rows'") in result.output


# -- executors


def test_a_step_server_that_is_killed_loses_no_step(reader):
    folder = reader("plugin-executors.md")
    edit(
        folder / "fresh.py",
        "            try:\n",
        "            if not hasattr(self, 'killed'):\n                self.killed = self.server.close()\n            try:\n",
    )
    result = follow("bench run anywhere.yaml --plugins fresh.py --executor fresh")
    assert result.exit_code == 0, result.output
    warnings = [
        "begun again once: its worker was lost" in str(record)
        for record in load(Path("results/anywhere")).records
    ]
    assert warnings.count(True) == 1


# -- in a package


def test_the_package_is_found_by_its_entry_point(reader):
    folder = reader("plugins.md")
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    points = project["project"]["entry-points"]
    assert points.keys() == {PROJECT}
    (module,) = project["tool"]["setuptools"]["py-modules"]
    assert (folder / f"{module}.py").exists()
    name, version = project["project"]["name"], project["project"]["version"]
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8"
    )
    lines = [f"{key} = {address}" for key, address in points[PROJECT].items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{PROJECT}]", *lines]) + "\n", "utf-8")
    path = os.pathsep.join([str(folder), str(DOCS.parent), str(DOCS.parent / "plugins")])
    command = [sys.executable, "-m", "bench.cli", "list", "models", "--json"]
    done = subprocess.run(
        command, check=True, capture_output=True, env=os.environ | {"PYTHONPATH": path}
    )
    origins = {one["name"]: one["origin"] for one in json.loads(done.stdout)["plugins"]}
    assert origins["nfm"] == "my-models 0.1.0 (nfm)"


def test_any_learner_conforms(reader):
    reader("plugins.md")
    assert "bench test-plugin item_rate.py" in commands_of("plugins.md")
    assert follow("bench test-plugin item_rate.py").exit_code == 0
