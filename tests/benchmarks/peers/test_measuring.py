"""Jobs in processes: who comes when, what is told of one that fails, and how many threads it has."""

from __future__ import annotations

import sys
from itertools import pairwise

import numpy as np
import pytest

from benchmarks.peers import measuring
from benchmarks.peers.cases import CURVES, EPOCHS, entrants
from benchmarks.peers.division import generated
from benchmarks.peers.environments import InstallError, python_of, reason
from benchmarks.peers.formats import FORMATS, write_arrays
from benchmarks.peers.libraries import LIBRARIES, OURS, Library
from benchmarks.peers.measuring import Place, installed, run_curves, run_epochs

# What every driver is handed; it answers with the labels themselves, and notes that it ran.
SCRIPT = """
import json, os, sys
import numpy as np
job = json.loads(sys.argv[1])
with open(os.path.join(job["folder"], "ran"), "a") as ran:
    print(sys.argv[0].rpartition("/")[2], job["model"], job["batch"], job["optimizer"], os.environ["OMP_NUM_THREADS"],
          os.environ["NUMBA_NUM_THREADS"], "PYTHONPATH" in os.environ, os.getcwd() == os.path.dirname(job["logits"]),
          len(os.sched_getaffinity(0)), file=ran)
labels = np.load(job["folder"] + "/test.npz")["labels"]
np.save(job["logits"], np.tile(labels, (len(job["checkpoints"]), 1)))
points = [{"checkpoint": c, "cpu_s": 1.0 + c, "wall_s": 2.0 + c} for c in job["checkpoints"]]
print("noise")
print(json.dumps({"reading": {"cpu_s": 0.5, "wall_s": 0.5}, "points": points, "peak_mb": 9.0, "versions": {}}))
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Three libraries whose drivers are SCRIPT."""
    for name in ("FuxiCTR", "RecBole", "xLearn"):
        (tmp_path / LIBRARIES[name].driver).write_text(SCRIPT)
    monkeypatch.setattr(measuring, "DRIVERS", tmp_path)
    monkeypatch.setenv("PYTHONPATH", "somewhere")
    write_arrays(generated(200, 200), tmp_path / "rows")
    pythons = dict.fromkeys(("FuxiCTR", "RecBole", "xLearn"), sys.executable)
    return Place(pythons, {}, tmp_path)


def ran(place):
    return [line.split() for line in (place.scratch / "rows" / "ran").read_text().splitlines()]


def test_libraries_take_turns_on_one_thread(place):
    case = next(epoch for epoch in EPOCHS if epoch.model.kind == "lr")
    found = list(run_epochs([case], {1: place.scratch / "rows"}, place, repeats=2))
    assert [row["library"] for row in found] == ["FuxiCTR", "RecBole", "xLearn"]
    assert [words[0] for words in ran(place)] == 2 * [
        "run_fuxictr.py",
        "run_recbole.py",
        "run_xlearn.py",
    ]
    assert {tuple(words[4:]) for words in ran(place)} == {("1", "1", "False", "True", "1")}
    assert [row["batch"] for row in found] == [2048, 2048, 1]
    assert [len(row["runs"]) for row in found] == [2, 2, 2]
    assert found[0]["runs"][0]["points"] == [
        {"checkpoint": 1, "cpu_s": 2.0, "wall_s": 3.0, "auc": 1.0}
    ]


def test_a_library_without_batches_goes_once(place):
    cases = [epoch for epoch in EPOCHS if epoch.model.kind == "fm"]
    found = list(run_epochs(cases, {1: place.scratch / "rows"}, place, repeats=1))
    assert [(row["beside"], row["library"]) for row in found] == [
        (2048, "FuxiCTR"),
        (2048, "RecBole"),
        (2048, "xLearn"),
        (10_000, "FuxiCTR"),
        (10_000, "RecBole"),
    ]


def test_a_driver_that_fails_is_told_and_the_others_go_on(place):
    (place.scratch / "run_recbole.py").write_text("raise RuntimeError('no such model')")
    curves = [curve for curve in CURVES if curve.model.kind == "fm"]
    found = {line["line"]: line for line in run_curves(curves, place.scratch / "rows", place)}
    assert found["RecBole, Adam"]["failed"] == "RuntimeError: no such model"
    assert [point["auc"] for point in found["xLearn, AdaGrad"]["points"]] == 5 * [1.0]


def test_one_that_dies_without_a_word_is_told_too(place):
    (place.scratch / "run_xlearn.py").write_text("import os\nos.abort()")
    curves = [c for c in CURVES if c.library == "xLearn" and c.model.kind == "fm"]
    (found,) = run_curves(curves, place.scratch / "rows", place)
    assert found["failed"] == "exit -6"


def test_one_that_does_not_end_is_ended(place, monkeypatch):
    monkeypatch.setattr(measuring, "LIMIT_S", 0.5)
    (place.scratch / "run_xlearn.py").write_text("import time\ntime.sleep(60)")
    curves = [c for c in CURVES if c.library == "xLearn" and c.model.kind == "fm"]
    (found,) = run_curves(curves, place.scratch / "rows", place)
    assert found["failed"] == "not done after 0.5 s"


def test_logits_that_another_left_are_no_answer(place):
    """A driver that ends well without logits has failed."""
    np.save(place.scratch / "logits.npy", np.zeros((1, 40)))
    (place.scratch / "run_xlearn.py").write_text(
        "\n".join(line for line in SCRIPT.splitlines() if not line.startswith("np.save"))
    )
    curves = [c for c in CURVES if c.library == "xLearn" and c.model.kind == "fm"]
    (found,) = run_curves(curves, place.scratch / "rows", place)
    assert "left no logits" in found["failed"]


# -- cases and environments


def test_every_case_is_of_a_library_that_has_the_model():
    for curve in CURVES:
        assert curve.model.kind in LIBRARIES[curve.library].models
        assert all(one != other for one, other in pairwise(curve.checkpoints))
    for epoch in EPOCHS:
        jobs = list(entrants(epoch))
        assert jobs[0].library == OURS
        assert all(job.learning_rate == epoch.learning_rate for job in jobs if job.batch > 1)
    assert {curve.library for curve in CURVES} == set(LIBRARIES)


def test_every_library_has_a_driver_and_formats():
    for library in LIBRARIES.values():
        assert (measuring.DRIVERS / library.driver).is_file()
        assert set(library.formats) <= set(FORMATS)
        assert all("==" in wanted for wanted in (*library.requirements, *library.alone))


def test_what_is_installed_as_pinned_is_used(tmp_path):
    library = Library("some", "run_some.py", ("lr",), ("some==1",), ("other==2",))
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "installed.txt").write_text("some==1\nother==2")
    assert python_of(library, tmp_path) == tmp_path / "some" / "bin" / "python"


def test_what_cannot_be_installed_is_told_and_not_taken_for_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    library = Library("some", "run_some.py", ("lr",), ("no-package-of-this-name==1",))
    with pytest.raises(InstallError, match="no-package-of-this-name"):
        python_of(library, tmp_path)
    assert not (tmp_path / "some" / "installed.txt").exists()


def test_the_reason_is_what_a_build_said_last():
    build = "Exception: Please install CMake first"
    end = "[end of output]\n\nERROR: Failed building wheel\nERROR: Could not build wheels"
    assert reason(f"  Traceback:\n  {build}\n  {end}") == build
    assert reason("WARNING: slow\nERROR: No matching distribution\n") == (
        "ERROR: No matching distribution"
    )
    assert reason("killed") == "killed"
    assert reason("") == "pip says nothing"


def test_a_run_goes_on_without_what_cannot_be_installed(tmp_path, monkeypatch):
    def fail(library, home):
        if library.name == "xLearn":
            raise InstallError("no CMake")
        return home / library.name

    monkeypatch.setattr(measuring, "python_of", fail)
    place = installed(["FuxiCTR", "xLearn"], tmp_path, tmp_path / "scratch")
    assert place.pythons == {"FuxiCTR": tmp_path / "FuxiCTR"}
    assert place.failed == {"xLearn": "no CMake"}
    assert place.scratch.is_dir()
