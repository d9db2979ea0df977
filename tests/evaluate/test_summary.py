"""What is derived over records: best-single, RelaImpr, means over seeds, ties."""

from __future__ import annotations

from typing import Any

import pytest

from bench.evaluate import Line, best_single, estimate, marks, ordered, printed, summarise
from bench.interfaces import Score
from bench.job.outcome import Outcome, Status

KINDS = {"gating": "method", "lr": "base_model", "fm": "base_model", "perfect-user": "bound"}


def record(
    method: str,
    seed: int,
    auc: float | None = 0.7,
    logloss: float | None = 0.6,
    valid: float | None = 0.6,
    status: Status = "ok",
    dataset: str = "ml",
) -> dict[str, Any]:
    metrics = {
        "auc": {"value": auc, "reason": "" if auc else "one class"},
        "logloss": {"value": logloss, "reason": ""},
    }
    return {
        "trial": {"dataset": dataset, "protocol": "cold", "method": method, "seed": seed},
        "kind": KINDS[method],
        "outcome": Outcome(
            status=status, signal="SIGSEGV" if status == "crashed" else None
        ).model_dump(mode="json"),
        "metrics": metrics if status == "ok" else {},
        "validation": {"logloss": valid},
    }


def lines(records: list[dict[str, Any]], base: str = "best-single") -> dict[str, Line]:
    return {
        line.name: line
        for line in summarise(KINDS, records, (0, 1), ("auc", "logloss", "relaimpr"), base)
    }


def line(name: str, kind: str, *logloss: float | None, model: str | None = None) -> Line:
    return Line(name, kind, {"logloss": estimate([Score(value) for value in logloss])}, model)


def test_best_single_is_one_model_for_all_seeds_by_validation_loss_never_by_test() -> None:
    records = [
        record("lr", 0, valid=0.50, logloss=0.9), record("lr", 1, valid=0.60, logloss=0.9),
        record("fm", 0, valid=0.52, logloss=0.1), record("fm", 1, valid=0.59, logloss=0.1),
        record("lr", 0, valid=0.7, dataset="other"), record("fm", 0, valid=0.6, dataset="other"),
    ]  # fmt: skip
    assert best_single(records) == {("ml", "cold"): "lr", ("other", "cold"): "fm"}


def test_a_model_that_failed_for_a_seed_is_not_best_single() -> None:
    records = [
        record("lr", 0, valid=0.1),
        record("lr", 1, status="error"),
        record("fm", 0),
        record("fm", 1),
    ]
    assert best_single(records) == {("ml", "cold"): "fm"}
    assert best_single([record("lr", 0, status="error"), record("lr", 1)]) == {("ml", "cold"): "lr"}
    assert best_single([record("lr", 0, valid=None)]) == {}


def test_relaimpr_pairs_with_the_base_of_the_same_seed() -> None:
    records = [
        record("gating", 0, auc=0.8), record("gating", 1, auc=0.9),
        record("lr", 0, auc=0.7), record("lr", 1, auc=0.6),
        record("fm", 0, auc=0.6, valid=0.9), record("fm", 1, auc=0.5, valid=0.9),
    ]  # fmt: skip
    assert lines(records)["gating"].metrics["relaimpr"].values == pytest.approx((50.0, 300.0))
    assert lines(records)["best-single"].metrics["relaimpr"].values == (0.0, 0.0)
    against_fm = lines(records, "fm")["gating"].metrics["relaimpr"]
    assert against_fm.values == pytest.approx((200.0, None))
    assert against_fm.reason == "the base is no better than guessing (AUC 0.5000)"


def test_relaimpr_without_a_base_says_why() -> None:
    figure = lines([record("gating", 0), record("gating", 1)])["gating"].metrics["relaimpr"]
    assert (figure.mean, figure.reason) == (
        None,
        "no base model has a validation log loss for every seed",
    )


def test_failed_and_missing_trials_have_no_value_and_a_reason() -> None:
    got = lines(
        [record("gating", 0, auc=0.8), record("gating", 1, status="crashed"), record("fm", 0)]
    )
    assert got["gating"].metrics["auc"].values == (0.8, None)
    assert got["gating"].metrics["auc"].reason == "crashed:SIGSEGV"
    assert got["lr"].metrics["auc"].reason == "missing"
    assert not got["gating"].metrics["auc"].complete


def test_one_seed_has_no_sd_and_more_have_the_sample_sd() -> None:
    assert estimate([Score(0.3)]).sd is None
    assert estimate([Score(1.0), Score(2.0), Score(None, "x")]).sd == pytest.approx(0.5**0.5)
    assert estimate([]).mean is None
    assert not estimate([]).complete


def test_the_best_mean_is_marked_and_bounds_never_are() -> None:
    table = [
        line("gating", "method", 0.5, 0.5),
        line("lr", "base_model", 0.6, 0.6),
        line("perfect-user", "bound", 0.1, 0.1),
    ]
    assert marks(table, "logloss", higher_is_better=False) == {"gating": "best"}
    assert marks(table, "logloss", higher_is_better=True) == {"lr": "best"}


def test_same_printed_figure_is_a_tie_even_with_one_seed() -> None:
    table = [
        line("a", "method", 0.50001),
        line("b", "method", 0.50004),
        line("c", "method", 0.5002),
    ]
    assert marks(table, "logloss", higher_is_better=False) == {"a": "best", "b": "tie"}


def test_differences_of_both_signs_are_a_tie_and_one_sign_is_none() -> None:
    table = [
        line("a", "method", 0.50, 0.52),
        line("b", "method", 0.49, 0.54),
        line("c", "method", 0.51, 0.53),
    ]
    assert marks(table, "logloss", higher_is_better=False) == {"a": "best", "b": "tie"}


def test_best_single_is_marked_as_the_model_that_it_names() -> None:
    table = [
        line("lr", "base_model", 0.5),
        line("best-single", "best_single", 0.5, model="lr"),
        line("a", "method", 0.6),
    ]
    assert marks(table, "logloss", higher_is_better=False) == {"lr": "best", "best-single": "best"}


def test_a_line_that_lacks_a_seed_is_never_best() -> None:
    table = [line("a", "method", 0.1, None), line("b", "method", 0.5, 0.5)]
    assert marks(table, "logloss", higher_is_better=False) == {"b": "best"}
    assert marks(table[:1], "logloss", higher_is_better=False) == {}


def test_order_is_best_first_then_incomplete_then_undefined() -> None:
    table = [
        line("none", "method", None, None),
        line("half", "method", 0.1, None),
        line("b", "method", 0.5, 0.5),
    ]
    table.append(line("a", "method", 0.4, 0.5))
    assert [x.name for x in ordered(table, "logloss", higher_is_better=False)] == [
        "a",
        "b",
        "half",
        "none",
    ]
    assert [x.name for x in ordered(table, "logloss", higher_is_better=True)] == [
        "b",
        "a",
        "half",
        "none",
    ]


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        ("auc", 0.81304, ".8130"), ("logloss", 1.02144, "1.0214"), ("logloss", 0.99999, "1.0000"), ("auc", 0.0, ".0000"),
        ("x", -0.25, "-.2500"), ("x", 10.5, "10.5000"), ("relaimpr", 3.104, "+3.10"), ("relaimpr", -0.5, "-0.50"),
        ("relaimpr", -0.001, "0.00"), ("relaimpr", 0.0, "0.00"),
    ],
)  # fmt: skip
def test_printed_figures(metric: str, value: float, text: str) -> None:
    assert printed(metric, value) == text
