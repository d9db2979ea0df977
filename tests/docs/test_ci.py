"""docs/ci.md, followed: the workflows parse and their commands run; exit codes are what the page says of them."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import shutil

import pytest
import yaml

import bench
from bench.cli import main
from tests.docs.pages import DOCS, commands_of, exit_codes, files_of, follow, save, text_of

PAGE = "ci.md"
WORKFLOWS = [name for name in files_of(PAGE) if name.startswith(".github/")]
ACTIONS = {"checkout", "setup-python", "cache", "upload-artifact"}


def steps_of(workflow):
    (job,) = yaml.safe_load(files_of(PAGE)[workflow])["jobs"].values()
    return job["steps"]


def bench_lines(workflow):
    """What its steps run of `bench`, redirections cut off."""
    lines = [step["run"].partition(" >> ")[0] for step in steps_of(workflow) if "run" in step]
    return [line for line in lines if line.startswith("bench ")]


def nfm():
    return re.search(r"^```python\n(.*?)^```", text_of("plugins.md"), re.DOTALL | re.MULTILINE)[1]


def prepare(folder):
    """The page's suite, the model and the table that it names."""
    folder.mkdir(exist_ok=True)
    (folder / "ci.yaml").write_text(files_of(PAGE)["ci.yaml"], "utf-8")
    (folder / "nfm.py").write_text(nfm(), "utf-8")
    shutil.copy(DOCS.parent / "suites/golden/ratings.csv", folder / "clicks.csv")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the base and a candidate of the page were run."""
    folder = tmp_path_factory.mktemp("ci")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("BENCH_CACHE", str(folder / "cache"))
        prepare(folder)
        save(PAGE, folder)
        for line in commands_of(PAGE):
            result = follow(line)
            assert result.exit_code == 0, f"{line}\n{result.output}"
        yield folder


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_workflow_is_one(workflow):
    parsed = yaml.safe_load(files_of(PAGE)[workflow])
    assert parsed.keys() == {"name", True, "jobs"}, (
        "`on` is a truth value to YAML 1.1, not to GitHub"
    )
    for step in steps_of(workflow):
        assert ("run" in step) != ("uses" in step)
        action, _, version = step.get("uses", "actions/checkout@v4").partition("@")
        assert action.removeprefix("actions/") in ACTIONS
        assert re.fullmatch(r"v\d", version)


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_commands_of_a_workflow_exist_with_their_options(workflow):
    assert len(bench_lines(workflow)) >= 3
    for line in bench_lines(workflow):
        _, command, *words = shlex.split(line)
        known = {
            option for param in main.get_command(None, command).params for option in param.opts
        }
        assert {word for word in words if word.startswith("--")} <= known, line


def test_the_workflow_runs_what_the_page_says(folder):
    on_a_change = commands_of(PAGE)[2:]
    lines = [line.removesuffix(" --github") for line in bench_lines(WORKFLOWS[0])]
    assert [line for line in lines if line in on_a_change] == on_a_change
    for line in set(bench_lines(WORKFLOWS[0])) - set(commands_of(PAGE)):
        result = follow(line)
        assert result.exit_code == 0, f"{line}\n{result.output}"


def test_base_and_candidate_can_be_run_in_one_job(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("base", "candidate"):
        prepare(tmp_path / name)
    for line in bench_lines(WORKFLOWS[1]):
        result = follow(line)
        assert result.exit_code == 0, f"{line}\n{result.output}"
    assert "\nFine: of" in result.output


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_workflow_installs_the_wheel_under_constraints(workflow):
    """The wheel has the name that this version builds, and no list of constraints is taken for one of requirements."""
    (line,) = [step["run"] for step in steps_of(workflow) if "pip" in step.get("run", "")]
    assert re.search(r" -c (candidate/)?constraints\.txt (candidate/)?vendor/", line)
    assert line.endswith(f"/metaselector_bench-{bench.__version__}-py3-none-any.whl")
    assert " -r " not in line
    assert "pip wheel --no-deps -w vendor ." in text_of(PAGE)


def test_what_of_a_base_to_commit_is_said_of_every_file(folder):
    said = text_of(PAGE).partition("The base is a folder")[2].partition("\n\n")[0]
    names = {entry.name + "/" * entry.is_dir() for entry in (folder / "ci-base").iterdir()}
    assert {name for name in names if f"`{name}`" not in said} == set()


def test_every_exit_code_is_told_of():
    assert exit_codes(text_of(PAGE)) == exit_codes(text_of("commands.md"))


# -- what the page says of the gate


def test_a_lean_base_is_judged_as_the_whole_one(folder):
    """Of the blobs those alone that the page's line of Python names."""
    shutil.copytree(folder / "ci-base", folder / "lean")
    (line,) = re.findall(r'^python -c "(.*)"$', text_of(PAGE), re.MULTILINE)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(line, {})
    kept = {f"{blob}.npy" for blob in printed.getvalue().split()}
    blobs = {file.name: file for file in (folder / "lean/blobs").iterdir()}
    assert kept < blobs.keys()
    for name in blobs.keys() - kept:
        blobs[name].unlink()
    worse = "bench run ci.yaml --out results/moved --set train.learning_rate=1e-3"
    assert follow(worse).exit_code == 0
    lean, whole = (
        json.loads(follow(f"bench gate {base} results/moved --json").stdout)["cells"]
        for base in ("lean", "ci-base")
    )
    assert lean == whole
    assert any(cell["low"] is not None for cell in lean)
    sizes = [file.stat().st_size for file in (folder / "lean/records").iterdir()]
    assert sum(sizes) / len(sizes) == pytest.approx(5_000, rel=0.5)


def test_a_worse_model_is_1(folder):
    """One that says `like` of everybody."""
    good = (folder / "nfm.py").read_text("utf-8")
    sum_of_linear = 'rows["linear"].sum((-2, -1))'
    assert sum_of_linear in good
    (folder / "nfm.py").write_text(good.replace(sum_of_linear, f"{sum_of_linear} + 30"), "utf-8")
    try:
        assert follow("bench run ci.yaml --out results/worse").exit_code == 0
    finally:
        (folder / "nfm.py").write_text(good, "utf-8")
    result = follow("bench gate ci-base results/worse --aspect quality")
    assert result.exit_code == 1
    assert "Regressed, quality" in result.output
    assert "nfm logloss" in result.output


def test_too_few_seeds_are_3(folder):
    few = "bench run ci.yaml --out results/few --seeds 0 --set train.epochs=30 --set train.learning_rate=1"
    assert follow(few).exit_code == 0
    result = follow("bench gate ci-base results/few --aspect quality")
    assert result.exit_code == 3
    assert "run 3 seeds" in " ".join(result.output.split())


def test_other_data_are_2(folder):
    lines = (folder / "clicks.csv").read_text("utf-8").splitlines(keepends=True)
    (folder / "fewer.csv").write_text("".join(lines[:-5]), "utf-8")
    again = "bench run ci.yaml --out results/fewer --only lr --set datasets.clicks.path=fewer.csv"
    assert follow(again).exit_code == 0
    assert follow("bench gate ci-base results/fewer").exit_code == 2
    assert follow("bench gate ci-base results/no-such-run").exit_code == 2


def test_a_method_that_is_missing_is_4_though_another_regressed(folder):
    less = "bench run ci.yaml --out results/less --only lr --set train.learning_rate=1e-5"
    assert follow(less).exit_code == 0
    result = follow("bench gate ci-base results/less")
    assert result.exit_code == 4
    assert result.output.startswith("Incomplete: of")


@pytest.mark.fault(21)
def test_an_edited_record_is_5(folder):
    shutil.copytree(folder / "ci-base", folder / "edited")
    record = next((folder / "edited/records").iterdir())
    record.write_text(record.read_text("utf-8").replace("0", "1", 1), "utf-8")
    assert follow("bench compare edited results/candidate").exit_code == 5
