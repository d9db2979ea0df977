"""What BASE and CANDIDATE may name."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bench.errors import CompareError, SuiteError
from bench.gate.speed.sides import Asked, make_side

SUITE = Path("ci") / "ci.yaml"
PLUGIN = Path("ci") / "shop.py"
SAYS = "name: {}\nplugins: [shop.py]\n"


def git(*arguments):
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
    done = subprocess.run(["git", *identity, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def commit(message="more"):
    git("add", "-A")
    git("commit", "-q", "-m", message)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Two commits: suite and plugin say `old`, then `new`; a branch `first` is at the former. We are at its top."""
    top = tmp_path / "repository"
    (top / "ci").mkdir(parents=True)
    monkeypatch.chdir(top)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    git("init", "-q", "-b", "main")
    for said in ("old", "new"):
        SUITE.write_text(SAYS.format(said))
        PLUGIN.write_text(f"# {said}\n")
        commit(said)
    git("branch", "first", "HEAD~1")
    return top


def side(name, tmp_path, suite=SUITE, role="BASE", **asked):
    return make_side(role, name, Asked(suite, **asked), tmp_path / "room")


@pytest.mark.parametrize("name", ["first", "HEAD~1", "main^", "refs/heads/first"])
def test_a_ref_has_its_own_suite(repository, tmp_path, name):
    made = side(name, tmp_path)
    assert made.suite.read_text() == SAYS.format("old")
    assert made.title.startswith(name)
    assert (made.python, made.path, made.notes) == (Path(sys.executable), (), ())
    assert made.data_dir == repository / "ci"  # what git ignores is read there


def test_a_ref_is_found_from_a_folder_within(repository, tmp_path, monkeypatch):
    monkeypatch.chdir(repository / "ci")
    made = side("first", tmp_path, suite=Path("ci.yaml"))
    assert made.suite.read_text() == SAYS.format("old")


def test_the_working_tree_is_taken_as_it_is(repository, tmp_path):
    SUITE.write_text(SAYS.format("edited"))
    made = side(".", tmp_path, role="CANDIDATE")
    assert made.suite.read_text() == SAYS.format("edited")
    assert made.notes == ()


def test_a_commit_without_the_suite_runs_it_with_its_own_plugins(repository, tmp_path):
    """So that it is the code of BASE that is timed, and not the candidate's twice."""
    later = Path("ci") / "later.yaml"
    later.write_text(SAYS.format("later"))
    made = side("first", tmp_path, suite=later)
    assert made.suite.read_text() == SAYS.format("later")
    assert made.suite.with_name("shop.py").read_text() == "# old\n"
    assert not made.suite.is_relative_to(repository)
    assert "has no later.yaml of its own" in made.notes[0]
    assert made.data_dir == repository / "ci"


def test_what_such_a_suite_includes_comes_with_it(repository, tmp_path):
    (repository / "ci" / "parts").mkdir()
    (repository / "ci" / "parts" / "seeds.yaml").write_text("seeds: [7]\n")
    later = Path("later.yaml")
    later.write_text("name: later\ninclude: ci/parts/seeds.yaml\nplugins: [ci/shop.py]\n")
    made = side("first", tmp_path, suite=later)
    assert (made.suite.parent / "ci/parts/seeds.yaml").read_text() == "seeds: [7]\n"


def test_a_commit_that_lacks_a_plugin_of_the_suite_is_refused(repository, tmp_path):
    (repository / "ci" / "fast.py").write_text("# new\n")
    later = Path("ci") / "later.yaml"
    later.write_text("name: later\nplugins: [shop.py, fast.py]\n")
    with pytest.raises(CompareError, match=r"BASE first \(.*\) lacks fast\.py, .*; commit it"):
        side("first", tmp_path, suite=later)


def test_a_commit_without_the_suite_and_without_code_is_refused(repository, tmp_path):
    later = Path("later.yaml")
    later.write_text("name: later\n")
    with pytest.raises(CompareError, match=r"no later\.yaml of its own, and that is no package"):
        side("first", tmp_path, suite=later)
    later.unlink()
    package(repository)
    commit()
    later.write_text("name: later\n")
    assert "no later.yaml of its own" in side("HEAD", tmp_path / "2", suite=later).notes[0]


@pytest.mark.parametrize("text", ["plugins: [", "name: later\ninclude: gone.yaml\n"])
def test_a_suite_that_is_wrong_is_said_to_be(repository, tmp_path, text):
    """And not that the commit lacks code."""
    Path("later.yaml").write_text(text)
    with pytest.raises(SuiteError, match=r"later\.yaml"):
        side("first", tmp_path, suite=Path("later.yaml"))


def test_a_suite_from_elsewhere_is_refused_where_no_code_of_the_tree_would_run(
    repository, tmp_path
):
    suite = tmp_path / "ci.yaml"
    suite.write_text(SAYS.format("elsewhere"))
    suite.with_name("shop.py").touch()
    for name in ("first", "."):
        with pytest.raises(
            CompareError, match=r"lies outside of BASE .*none of its code would run"
        ):
            side(name, tmp_path / name.strip("."), suite=suite)
    package(repository)
    made = side(".", tmp_path / "2", suite=suite)
    assert made.suite == suite
    assert made.notes[1].startswith("BASE . ran shop.py as the other side has it")


def test_a_folder_without_the_suite_is_left_as_it_lies_and_refused(repository, tmp_path):
    other = tmp_path / "other"
    (other / "ci").mkdir(parents=True)
    (other / "ci" / "shop.py").touch()
    with pytest.raises(CompareError, match=r"has no ci/ci\.yaml; copy ci/ci\.yaml there"):
        side("../other", tmp_path)
    package(other)
    with pytest.raises(
        CompareError, match=r"has no ci/ci\.yaml"
    ):  # its plugins are not the other's
        side("../other", tmp_path)
    SUITE.write_text("name: without\n")
    made = side("../other", tmp_path)
    assert (made.suite, len(made.notes)) == (SUITE, 1)
    assert [path.name for path in (other / "ci").iterdir()] == ["shop.py"]


def test_of_two_folders_each_has_its_own_suite(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("old", "new"):
        Path(name).mkdir()
        Path(name, "shop.py").touch()
        Path(name, "ci.yaml").write_text(SAYS.format(name))
    folders = (Path("old"), Path("new"))
    for name in ("old", "new"):
        made = side(f"./{name}", tmp_path, suite=Path("new/ci.yaml"), folders=folders)
        assert made.suite.read_text() == SAYS.format(name)
    Path("old/ci.yaml").unlink()
    with pytest.raises(CompareError, match=r"has no ci\.yaml; copy new/ci\.yaml there"):
        side("./old", tmp_path, suite=Path("new/ci.yaml"), folders=folders)


def test_a_tree_without_code_is_told_of(repository, tmp_path):
    SUITE.write_text("name: data alone\n")
    (note,) = side(".", tmp_path).notes
    assert "brings a suite and no code" in note
    package(repository)
    assert side(".", tmp_path / "2").notes == ()


def test_what_an_archive_would_leave_out_or_change_is_there_as_it_is(repository, tmp_path):
    (repository / ".gitattributes").write_text("ci export-ignore\nversion.txt export-subst\n")
    (repository / "version.txt").write_text("$Format:%H$\n")
    commit()
    made = side("HEAD", tmp_path)
    tree = made.suite.parents[1]
    assert made.suite.with_name("shop.py").read_text() == "# new\n"
    assert (tree / "version.txt").read_text() == "$Format:%H$\n"
    assert (sorted(path.name for path in tree.iterdir())) == [".gitattributes", "ci", "version.txt"]


def test_unpacking_leaves_the_repository_alone_and_runs_no_hook(repository, tmp_path):
    git("sparse-checkout", "set", "--no-cone", "/nothing")
    hook = repository / ".git" / "hooks" / "post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {repository}/hooked\n")
    hook.chmod(0o755)
    before = {path: path.stat().st_mtime_ns for path in repository.rglob("*")}
    made = side("first", tmp_path, suite=repository / SUITE)
    assert made.suite.with_name("shop.py").read_text() == "# old\n"
    assert {path: path.stat().st_mtime_ns for path in repository.rglob("*")} == before


@pytest.mark.parametrize("entry", ["src", "/src"])
def test_a_path_into_the_checkout_is_one_into_the_tree(repository, tmp_path, monkeypatch, entry):
    """Else what the base imports would be the candidate's."""
    (repository / "src").mkdir()
    (repository / "src" / "helper.py").touch()
    commit()
    outside = tmp_path / "outside"
    named = f"{repository}{entry}" if entry.startswith("/") else entry
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([named, str(outside)]))
    made = side("HEAD", tmp_path)
    path = made.environment(1)["PYTHONPATH"].split(os.pathsep)
    assert path == [str(made.suite.parents[1] / "src"), str(outside)]
    assert (
        side("first", tmp_path / "2").environment(1)["PYTHONPATH"].startswith(f"{repository}/src")
    )


def test_plugins_of_the_command_are_those_of_each_side(repository, tmp_path):
    asked = {"plugins": (PLUGIN,)}
    made = side("first", tmp_path, **asked)
    assert [path.read_text() for path in made.plugins] == ["# old\n"]
    assert side(".", tmp_path, **asked).plugins == (repository / PLUGIN,)
    (repository / "fast.py").touch()
    with pytest.raises(
        CompareError, match=r"BASE first \(.*\) lacks fast\.py, which --plugins names"
    ):
        side("first", tmp_path / "2", plugins=(Path("fast.py"),))
    (tmp_path / "far.py").touch()
    with pytest.raises(CompareError, match=r"far\.py lies outside of BASE"):
        side("first", tmp_path / "3", plugins=(tmp_path / "far.py",))
    package(repository)
    assert side(".", tmp_path / "4", plugins=(tmp_path / "far.py",)).plugins == (
        tmp_path / "far.py",
    )


def package(folder):
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "shop"\nversion = "1"\n[tool.setuptools]\npy-modules = ["shop"]\n'
    )
    (folder / "shop.py").write_text("WHERE = 'package'\n")


def test_a_package_is_installed_aside_and_its_tree_left_alone(repository, tmp_path):
    package(repository)
    commit()
    (repository / "shop.py").write_text("WHERE = 'edited'\n")
    for name, said in (("HEAD", "package"), (".", "edited")):
        made = side(name, tmp_path / said)
        (installed,) = made.path
        assert (installed / "shop.py").read_text() == f"WHERE = '{said}'\n"
        assert (installed / "shop-1.dist-info").is_dir()
        assert made.environment(1)["PYTHONPATH"].split(os.pathsep)[0] == str(installed)
    assert git("status", "--short") == "M shop.py"


def test_settings_of_tools_make_no_package_and_setup_py_does(repository, tmp_path):
    (repository / "pyproject.toml").write_text("[tool.ruff]\nline-length = 100\n")
    assert side(".", tmp_path).path == ()
    (repository / "setup.py").write_text(
        "from setuptools import setup\nsetup(name='shop', version='1', py_modules=['shop'])\n"
    )
    (repository / "shop.py").touch()
    (installed,) = side(".", tmp_path / "2").path
    assert (installed / "shop.py").is_file()


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
    assert made.notes[0].startswith("BASE the virtual environment .venv ran shop.py as")


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
    assert made.notes[0].startswith("BASE shop-1.0-py3-none-any.whl ran shop.py as the other side")


def test_a_name_that_is_two_things_is_refused_with_the_fix(repository, tmp_path):
    (repository / "first" / "ci").mkdir(parents=True)
    (repository / "first" / SUITE).touch()
    with pytest.raises(CompareError, match=r"both a folder and a git ref; write \./first"):
        side("first", tmp_path)
    assert side("./first", tmp_path).suite == repository / "first" / SUITE


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


def test_a_run_is_no_version(repository, tmp_path):
    """`bench gate` takes runs; with --speed their suite would time one version against itself."""
    for name in ("records", "blobs"):
        (repository / "results" / name).mkdir(parents=True)
    (repository / "results" / "manifest.json").write_text("{}")
    with pytest.raises(CompareError, match="'results' is a run, whose times are of another day"):
        side("results", tmp_path)
