"""What BASE and CANDIDATE may name."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bench.errors import CompareError
from bench.gate.speed.sides import make_side

SUITE = Path("ci") / "ci.yaml"


def git(*arguments):
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
    done = subprocess.run(["git", *identity, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Two commits: the suite says `old`, then `new`; a branch `first` is at the former. The current folder is its top."""
    top = tmp_path / "repository"
    (top / "ci").mkdir(parents=True)
    monkeypatch.chdir(top)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    git("init", "-q", "-b", "main")
    for said in ("old", "new"):
        SUITE.write_text(f"name: {said}\n")
        git("add", "-A")
        git("commit", "-q", "-m", said)
    git("branch", "first", "HEAD~1")
    return top


def side(name, tmp_path, suite=SUITE, role="BASE"):
    return make_side(role, name, suite, None, tmp_path / "room")


@pytest.mark.parametrize("name", ["first", "HEAD~1", "main^", "refs/heads/first"])
def test_a_ref_has_its_own_suite(repository, tmp_path, name):
    made = side(name, tmp_path)
    assert made.suite.read_text() == "name: old\n"
    assert made.title.startswith(name)
    assert (made.python, made.path, made.notes) == (Path(sys.executable), (), ())
    assert made.data_dir == repository / "ci"  # what git ignores is read there


def test_a_ref_is_found_from_a_folder_within(repository, tmp_path, monkeypatch):
    monkeypatch.chdir(repository / "ci")
    made = side("first", tmp_path, suite=Path("ci.yaml"))
    assert made.suite.read_text() == "name: old\n"


def test_the_working_tree_is_taken_as_it_is(repository, tmp_path):
    SUITE.write_text("name: edited\n")
    made = side(".", tmp_path, role="CANDIDATE")
    assert made.suite.read_text() == "name: edited\n"
    assert made.notes == ()


def test_a_side_without_the_suite_runs_the_other_and_says_so(repository, tmp_path):
    later = Path("later.yaml")
    later.write_text("name: later\n")
    made = side("first", tmp_path, suite=later)
    assert made.suite == later
    assert "BASE has no later.yaml of its own" in made.notes[0]


def test_a_tree_of_this_project_comes_first_on_the_path(repository, tmp_path):
    (repository / "bench").mkdir()
    (repository / "bench" / "hookspecs.py").touch()
    (repository / "plugins").mkdir()
    (repository / "plugins" / "x").touch()
    git("add", "-A")
    git("commit", "-q", "-m", "project")
    made = side("HEAD", tmp_path)
    tree = made.expected
    assert made.path == (tree, tree / "plugins")
    assert made.environment(1)["PYTHONPATH"].startswith(f"{tree}{os.pathsep}{tree / 'plugins'}")
    assert made.environment(1)["OMP_NUM_THREADS"] == "1"


def test_a_virtual_environment_stands_for_what_is_installed(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    python = repository / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    made = side(".venv", tmp_path)
    assert made.python == python  # not what it links to: that has other packages
    assert "PYTHONPATH" not in made.environment(1)


def test_a_wheel_is_unpacked_before_all_else(repository, tmp_path):
    wheel = repository / "shop-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as made_wheel:
        made_wheel.writestr("shop.py", "VERSION = 1\n")
        made_wheel.writestr(
            "shop-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: shop\nVersion: 1.0\n"
        )
        made_wheel.writestr(
            "shop-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        made_wheel.writestr("shop-1.0.dist-info/RECORD", "")
    made = side(wheel.name, tmp_path)
    assert (made.path[0] / "shop.py").is_file()
    assert made.suite == SUITE


def test_a_name_that_is_two_things_is_refused_with_the_fix(repository, tmp_path):
    (repository / "first").mkdir()
    with pytest.raises(CompareError, match=r"both a folder and a git ref; write \./first"):
        side("first", tmp_path)
    assert side("./first", tmp_path).notes  # the folder, which has no suite


def test_a_tree_whose_links_lead_out_of_it_is_refused(repository, tmp_path):
    (repository / "link").symlink_to("/etc")
    git("add", "-A")
    git("commit", "-q", "-m", "link")
    with pytest.raises(CompareError, match="can't be unpacked"):
        side("HEAD", tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "nothing",
        "-h",
        "--output=x",
        "--upload-pack=touch x",
        "main;touch x",
        "../nowhere",
        "a\0b",
        "a\nb",
        "gone.whl",
    ],
)
def test_a_name_that_is_nothing_is_refused(repository, tmp_path, name):
    before = sorted(repository.rglob("*"))
    with pytest.raises(CompareError, match="BASE"):
        side(name, tmp_path)
    assert sorted(repository.rglob("*")) == before


def test_a_file_that_is_no_wheel_is_refused(repository, tmp_path):
    with pytest.raises(CompareError, match="no wheel"):
        side("ci/ci.yaml", tmp_path)


def test_outside_of_a_repository_that_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CompareError, match="no git repository"):
        side("main", tmp_path)
