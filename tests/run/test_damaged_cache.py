"""A damaged cache: no figure comes of it, no model is blamed for it, and what is damaged is made again, aloud."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from bench.errors import StorageError
from bench.job.steps import RESULT
from bench.records import read_blob
from bench.run.preview import preview
from bench.storage.kept import DIGESTS, KeptFolder
from tests.run.conftest import Counting, by_method, load_suite, status

AVERAGE = "  average: {selector: {use: average}}"
FULL = """  metaselector:
    selector: {use: mlp, embedding_dim: 2, hidden: [4]}
    meta_learner: {use: meta-sgd, adapt: [selector, base_models], inner_steps: 1, train: {epochs: 1}}"""


class Telling(Counting):
    """Keeps what is said of damage; and damages `when` a step ends or a trial is recorded: title -> what to do."""

    def __init__(self, when=None, times: int = 1) -> None:
        super().__init__()
        self.when, self.times_left, self.said = when or {}, times, []

    def say(self, text):
        if "damaged" in text:
            self.said.append(text)

    def ended(self, step, title, failure):
        super().ended(step, title, failure)
        self._act(title)

    def recorded(self, trial, status):
        self._act(trial)

    def _act(self, title):
        for part, act in self.when.items():
            if part in title and self.times_left:
                self.times_left -= 1
                act()


def zero(file) -> None:
    file.write_bytes(bytes(file.stat().st_size))


def truncate(file) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def edit_result(file) -> None:
    file.write_text(file.read_text("utf-8").replace('"train_rows": ', '"train_rows": 1'), "utf-8")


def edit_split(file) -> None:
    file.write_text(file.read_text("utf-8").replace('"id_dropout": 0', '"id_dropout": 1'), "utf-8")


def remove_folder(file) -> None:
    shutil.rmtree(file.parent)


def figures(finished):
    """By method: its logits, its metrics and on how many rows it was trained."""
    return {
        method: (
            [read_blob(finished.folder, blob).tobytes() for blob in record["blobs"].values()],
            record["metrics"],
            record["cost"]["total"].get("train_rows"),
            record["details"].get("best_model_share"),
        )
        for method, record in by_method(finished).items()
    }


@pytest.fixture
def folder_of(tmp_path):
    """The folder of a step in the cache `shared`, by a part of its title."""

    def folder_of(file, title: str):
        planned = preview(load_suite(file), cache_dir=tmp_path / "shared", autoload=False)
        (folder,) = (each.step.folder for each in planned.steps if title in each.step.title)
        return folder

    return folder_of


# -- of steps, before a run that reads them


@pytest.mark.fault(29)
@pytest.mark.parametrize(
    ("title", "file", "damage", "what"),
    [
        ("fm, all training rows", "logits.npy", zero, "logits.npy is truncated or changed"),
        pytest.param(
            *("fm, fold 1 of 2", "logits.npy", zero, "logits.npy is truncated or changed"),
            marks=pytest.mark.slow,
        ),
        ("fm, all training rows", RESULT, edit_result, "result.json is truncated or changed"),
        pytest.param(
            *(
                "fm, all training rows",
                RESULT,
                lambda file: file.unlink(),
                "result.json is missing",
            ),
            marks=pytest.mark.slow,
        ),
        ("fm, all training rows", DIGESTS, lambda file: file.unlink(), "digests.json is missing"),
        ("average", "weights.npy", zero, "weights.npy is truncated or changed"),
        pytest.param(
            *("average", "weights.npy", lambda file: file.unlink(), "weights.npy is missing"),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_damaged_step_is_made_again_aloud(go, write_suite, folder_of, title, file, damage, what):
    suite = write_suite()
    first, _ = go(suite, "one", cache="shared")
    damage(folder_of(suite, title) / file)
    watcher = Telling()
    second, _ = go(suite, "two", cache="shared", watcher=watcher)
    assert figures(second) == figures(first)
    assert watcher.titles == [f"small/cold {title}, seed 0"]
    (said,) = watcher.said
    assert said.startswith(f"small/cold {title}, seed 0: damaged in the cache ({what}")
    assert said.endswith("); it is made again")
    assert KeptFolder(folder_of(suite, title)).damage() == ""


@pytest.mark.fault(29)
@pytest.mark.parametrize(
    ("title", "file"),
    [
        ("fm, all training rows", "parameters.safetensors"),
        ("metaselector", "movements.npy"),
        pytest.param("metaselector", "logits_before.npy", marks=pytest.mark.slow),
    ],
)
def test_what_adaptation_reads_and_leaves_is_checked_too(go, write_suite, folder_of, title, file):
    suite = write_suite(methods=FULL, protocol="base_predictions: in-sample")
    first, _ = go(suite, "one", cache="shared")
    zero(folder_of(suite, title) / file)
    watcher = Telling()
    second, _ = go(suite, "two", cache="shared", watcher=watcher)
    assert figures(second) == figures(first)
    assert watcher.titles == [f"small/cold {title}, seed 0"]
    assert len(watcher.said) == 1


# -- of splits


@pytest.mark.fault(29)
@pytest.mark.parametrize(
    ("file", "damage"),
    [
        ("labels.npy", truncate),
        ("labels.npy", zero),
        pytest.param("role.npy", zero, marks=pytest.mark.slow),
        ("split.json", edit_split),
        (DIGESTS, truncate),
    ],
)
def test_a_damaged_split_is_made_again_aloud(go, write_suite, tmp_path, file, damage):
    suite = write_suite(models="  lr: {use: lr}", methods=AVERAGE)
    first, _ = go(suite, "one", cache="shared")
    (split,) = (tmp_path / "shared" / "steps").glob("split-*")
    for step in (tmp_path / "shared" / "steps").glob("*-*"):
        if step != split:
            shutil.rmtree(step)
    damage(split / file)
    watcher = Telling()
    second, _ = go(suite, "two", cache="shared", watcher=watcher)
    assert figures(second) == figures(first)
    (said,) = watcher.said
    assert said.startswith(f"small/cold: its division is damaged in the cache ({file} is ")


def test_a_split_in_blocks_without_its_first_cut_is_no_split_of_two(go, write_suite, tmp_path):
    suite = write_suite("blocks")
    first, _ = go(suite, "one", cache="shared")
    (split,) = (tmp_path / "shared" / "steps").glob("split-*")
    (split / "train_cut.npy").unlink()
    watcher = Telling()
    second, _ = go(suite, "two", cache="shared", watcher=watcher)
    assert figures(second) == figures(first)
    assert len(watcher.said) == 1


# -- while a run goes on


@pytest.mark.fault(29)
@pytest.mark.parametrize(
    ("ended", "damaged"),
    [
        ("fm, all training rows", "fm, all training rows"),
        ("average", "average"),
        ("small/cold fm, seed 0", "fm, all training rows"),
    ],
    ids=["a fit that was just done", "a method that was just done", "a fit that a bound reads"],
)
@pytest.mark.parametrize(
    "damage", [zero, pytest.param(truncate, marks=pytest.mark.slow), remove_folder]
)
def test_a_step_that_is_damaged_before_it_is_recorded_is_made_again(
    go, write_suite, folder_of, ended, damaged, damage
):
    suite = write_suite(methods=AVERAGE, protocol="base_predictions: in-sample")
    first, _ = go(suite, "one", cache="other")
    folder = folder_of(suite, damaged)
    watcher = Telling({ended: lambda: damage(folder / "logits.npy")})
    second, _ = go(suite, "two", cache="shared", watcher=watcher)
    assert figures(second) == figures(first)
    assert watcher.titles.count(f"small/cold {damaged}, seed 0") == 2
    assert len(watcher.said) == 1


@pytest.mark.fault(29)
def test_a_step_that_is_damaged_again_ends_the_run_by_name(go, write_suite, folder_of):
    suite = write_suite(methods=AVERAGE, protocol="base_predictions: in-sample")
    folder = folder_of(suite, "fm, all training rows")
    watcher = Telling({"fm, all training rows": lambda: zero(folder / "logits.npy")}, times=2)
    with pytest.raises(
        StorageError, match=rf"^cache {folder}: logits.npy is truncated or changed.*; run again"
    ):
        go(suite, cache="shared", watcher=watcher)
    assert set(status(go(suite, cache="shared")[0]).values()) == {"ok"}


@pytest.mark.fault(29)
@pytest.mark.parametrize("executor", [pytest.param("inline", marks=pytest.mark.slow), "local"])
@pytest.mark.parametrize(
    ("ended", "damaged", "file"),
    [
        ("fm, fold 2 of 2", "fm, fold 1 of 2", "logits.npy"),
        ("lr, fold 2 of 2", "split", "labels.npy"),
    ],
)
def test_a_worker_that_reads_what_is_damaged_blames_no_model(
    go, write_suite, folder_of, tmp_path, executor, ended, damaged, file
):
    suite = write_suite(methods=AVERAGE)
    first, _ = go(suite, "one", cache="other")
    fit = folder_of(suite, "fm, fold 1 of 2")
    (split,) = fit.parent.glob("split-*")
    folder = split if damaged == "split" else fit
    watcher = Telling({ended: lambda: truncate(folder / file)})
    with pytest.raises(StorageError, match=rf"^cache {folder}: {file} is truncated or changed"):
        go(suite, "two", cache="shared", watcher=watcher, executor=executor)
    assert not list((tmp_path / "two" / "failures").glob("*"))
    watcher = Telling()
    resumed, _ = go(suite, "two", cache="shared", watcher=watcher)
    assert figures(resumed) == figures(first)
    assert len(watcher.said) == 1


# -- `all` does every step anew, whatever the cache holds


def test_rerun_all_reads_nothing_that_is_damaged(go, write_suite, folder_of):
    suite = write_suite()
    first, _ = go(suite, "one", cache="shared")
    zero(folder_of(suite, "fm, all training rows") / "logits.npy")
    again, _ = go(suite, "one", cache="shared", rerun="all")
    assert figures(again) == figures(first)


@pytest.mark.fault(42)
def test_nothing_is_read_through_numpy_s_pickles(go, write_suite, folder_of):
    suite = write_suite()
    first, _ = go(suite, "one", cache="shared")
    np.save(
        folder_of(suite, "fm, all training rows") / "logits.npy",
        np.array([print]),
        allow_pickle=True,
    )
    assert figures(go(suite, "two", cache="shared")[0]) == figures(first)
