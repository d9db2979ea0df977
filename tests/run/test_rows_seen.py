"""Which rows, labels and ids the steps of a whole run are handed: told by spies, held to the documentation's table."""

from __future__ import annotations

import importlib.util
import itertools
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from bench.data.splits.base_predictions import FitPlan
from bench.data.splits.split import ROLES, Split
from bench.data.views.interactions import Interactions
from bench.job.splits import open_split
from bench.settings import PredictionSource
from bench.worker.inputs import Inputs
from tests.data.rows_oracle import described, slots, source_by_hand, trained_by_hand
from tests.run import mutants

SPY = Path(__file__).parent.parent / "fixtures" / "spy_plugin.py"
FOLDS = 2
OUT, HOLDOUT = "out-of-sample", "holdout"
TASKS = {"fit_train": "train", "fit_valid": "valid", "asked_valid": "valid", "asked_test": "test"}


class Spied(NamedTuple):
    """What spies saw of a run of one base model and one selector."""

    setting: str
    source: str
    split: Split
    truth: np.ndarray  # all labels
    fits: list[dict[str, Any]]
    tasks: dict[str, Any]


@pytest.fixture
def spy_run(write_suite, go, tmp_path):
    def spy_run(setting: str, source: str = "out-of-sample", keys: str = "") -> Spied:
        method = f"  spying: {{selector: {{use: spy-selector}}{keys}}}"
        file = write_suite(setting, "  spy: {use: spy}", method, f"base_predictions: {source}")
        finished, _ = go(file, "run", plugins=(SPY,), cache="cache")
        assert finished.manifest["status"] == "complete"
        (prepared,) = (tmp_path / "cache" / "data").glob("*/meta.json")
        (folder,) = (tmp_path / "cache" / "steps").glob("split-*")
        interactions = Interactions.open(prepared.parent)
        split, _ = open_split(folder, interactions)
        diary = (tmp_path / "cache" / "steps" / "diary.jsonl").read_text("utf-8")
        *fits, tasks = map(json.loads, diary.splitlines())
        return Spied(setting, source, split, np.array(interactions.labels()), fits, tasks)

    return spy_run


def signature(rows: list[int]) -> np.float32:
    spec = importlib.util.spec_from_file_location("spy_plugin", SPY)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.signature(np.array(rows))


# -- what has to hold of any run


def check_fits(spied: Spied) -> None:
    """Every fit that the table asks for, each on its rows, and no other."""
    sources = set(_sources(spied).values())
    wanted = {variant: _trained(spied, variant) for variant in {"star", *sources}}
    assert sorted(entry["train"]["rows"] for entry in spied.fits) == sorted(wanted.values())
    for entry in spied.fits:
        assert entry["valid"]["rows"] == spied.split.rows("valid", "query").tolist()


def check_tasks(spied: Spied) -> None:
    """Every task that the table has, and no other."""
    table = list(slots(spied.split, spied.source))
    for name, part, seen in _slots(spied):
        letter = "TVE"[ROLES.index(TASKS[name])]
        assert seen["rows"] == [row.row for row, *slot in table if slot == [letter, part]]


def check_base_logits(spied: Spied) -> None:
    """Every row of every task is predicted by the fit that the table names for its slot."""
    source = _sources(spied)
    of = {variant: signature(_trained(spied, variant)) for variant in set(source.values())}
    for name, part, seen in _slots(spied):
        # of one model
        logits = np.array(seen["logits"], dtype=np.int32).view(np.float32).reshape(-1)
        letter = "TVE"[ROLES.index(TASKS[name])]
        assert logits.tolist() == [of.get(source.get((row, letter, part))) for row in seen["rows"]]


def check_labels(spied: Spied) -> None:
    """A task's labels are true, and there are none where a prediction is asked for; nobody sees test users' query."""
    kept_out = set(spied.split.rows("test", "query").tolist())
    for name, part, seen in _slots(spied):
        if part == "query" and name.startswith("asked"):
            assert seen["labels"] is None
        else:
            assert seen["labels"] == spied.truth[seen["rows"]].tolist()
    for entry in spied.fits:
        assert not entry["reads_all_labels"]
        assert entry["asked"]["labels"] is None
        for rows in (entry["train"], entry["valid"]):
            assert rows["labels"] == spied.truth[rows["rows"]].tolist()
            assert not kept_out & set(rows["rows"])


def check_hidden(spied: Spied) -> None:
    """Cold: every task row and every row that is predicted or validated on hides its user. Warm: none does."""
    handed = [seen for _, _, seen in _slots(spied)]
    for entry in spied.fits:
        handed += [entry["valid"], entry["asked"]]
    for seen in handed:
        assert seen["hidden"] == (seen["rows"] if spied.setting == "cold" else [])


def _sources(spied: Spied) -> dict[tuple[int, str, str], str]:
    """The fit that the table names for each row in each slot."""
    return {
        (row.row, letter, part): source_by_hand(
            row, letter, part, spied.setting, spied.source, FOLDS, 0
        )
        for row, letter, part in slots(spied.split, spied.source)
    }


def _trained(spied: Spied, variant: str) -> list[int]:
    rows = described(spied.split, spied.source)
    return [
        r.row for r in rows if trained_by_hand(r, spied.setting, spied.source, variant, FOLDS, 0)
    ]


def _slots(spied: Spied):
    for name in TASKS:
        for part in ("support", "query"):
            yield name, part, spied.tasks[name][part]


CHECKS = [check_fits, check_tasks, check_base_logits, check_labels, check_hidden]


@pytest.mark.parametrize(
    ("setting", "source"),
    [
        *itertools.product(["cold", "warm", "blocks"], ["out-of-sample", "in-sample"]),
        ("cold", "holdout"),
        ("warm", "holdout"),
    ],
)
def test_a_run_hands_its_steps_what_the_table_says(spy_run, setting, source):
    spied = spy_run(setting, source)
    for check in CHECKS:
        check(spied)
    assert {TASKS[name] for name in TASKS} == set(ROLES)


def test_cold_training_hides_a_share_of_ids(spy_run):
    trained = [entry["train"] for entry in spy_run("cold").fits]
    shares = [len(rows["hidden"]) / len(rows["rows"]) for rows in trained]
    assert np.mean(shares) == pytest.approx(0.3, abs=0.08)
    assert all(0 < share < 1 for share in shares)


def test_warm_training_hides_none(spy_run):
    assert [entry["train"]["hidden"] for entry in spy_run("warm").fits] == [[]] * 4


def test_withheld_labels_can_not_be_asked_for(spy_run, tmp_path):
    spied = spy_run("cold")
    (folder,) = (tmp_path / "cache" / "steps").glob("split-*")
    (prepared,) = (tmp_path / "cache" / "data").glob("*/meta.json")
    interactions = Interactions.open(prepared.parent, with_labels=False)
    split, labels = open_split(folder, interactions)
    given = Inputs(None, interactions, FitPlan(split, PredictionSource()), labels)
    rows = spied.split.rows("test", "query")
    with pytest.raises(AssertionError, match="withheld labels"):
        given.view(rows[-1:], labelled=True)
    with pytest.raises(AssertionError, match="withheld labels"):
        given.task_view(np.arange(len(spied.truth)), labelled=True)
    assert given.task_view(rows, labelled=False).labels is None
    with pytest.raises(PermissionError):
        interactions.labels()


@pytest.mark.parametrize("rows", [0, 6])
@pytest.mark.parametrize("setting", ["cold", "warm", "blocks"])
def test_few_support_rows_are_the_last_of_validation_and_test_users(spy_run, setting, rows):
    spied = spy_run(setting, keys=f", support_rows: {rows}")
    for check in set(CHECKS) - {check_tasks}:
        check(spied)
    table = list(slots(spied.split))
    for name, part, seen in _slots(spied):
        letter = "TVE"[ROLES.index(TASKS[name])]
        own = [row for row, *slot in table if slot == [letter, part]]
        if part == "support" and letter != "T":
            by_user = [list(of_user) for _, of_user in itertools.groupby(own, lambda row: row.user)]
            assert min(map(len, by_user)) < 6 < max(map(len, by_user)), (
                "shorter and longer supports"
            )
            own = [row for of_user in by_user for row in of_user[max(0, len(of_user) - rows) :]]
        assert seen["rows"] == [row.row for row in own]


# -- the checks catch what they are for


@pytest.mark.parametrize(
    ("setting", "source", "mutate", "caught_by"),
    [
        ("warm", OUT, mutants.front_fitted_with_training_query, {check_fits, check_base_logits}),
        ("cold", OUT, mutants.row_folds_in_cold, {check_fits, check_base_logits}),
        ("warm", OUT, mutants.star_for_warm_support, {check_base_logits}),
        ("blocks", OUT, mutants.front_fitted_with_training_query, {check_fits, check_base_logits}),
        ("blocks", OUT, mutants.star_for_warm_support, {check_base_logits}),
        ("blocks", OUT, mutants.star_fitted_with_validation_rows, {check_fits, check_base_logits}),
        ("cold", OUT, mutants.ids_left_unmasked, {check_hidden}),
        ("cold", HOLDOUT, mutants.held_users_kept_among_tasks, {check_tasks, check_base_logits}),
        ("cold", HOLDOUT, mutants.ids_left_unmasked, {check_hidden}),
        ("warm", HOLDOUT, mutants.star_for_warm_support, {check_base_logits}),
        ("warm", HOLDOUT, mutants.star_fitted_with_training_query, {check_fits, check_base_logits}),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_mutants_are_caught(spy_run, monkeypatch, setting, source, mutate, caught_by):
    mutate(monkeypatch)
    spied = spy_run(setting, source)
    assert {check for check in CHECKS if _fails(check, spied)} == caught_by


def _fails(check, spied: Spied) -> bool:
    try:
        check(spied)
    except AssertionError:
        return True
    return False
