"""`gate:` of a suite: margins, exceptions, and what is wrong with them, by its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.margins import GateMargins
from bench.registry import Registry
from bench.suite import load
from bench.suite.resolved import resolved

GATE = """\
metrics: [auc, logloss, ndcg]
gate:
  quality: {auc: 1e-3}
  memory: 0
  exceptions:
    - {method: "n*", quality: {auc: 5e-3}, throughput: 0.2}
    - {dataset: toy, method: net, quality: {logloss: 4e-3}}
seeds:"""


@pytest.fixture
def margins(registry: Registry, suite_file: Callable[..., Path]) -> GateMargins:
    return load(suite_file(("seeds:", GATE)), registry).margins


def test_the_last_exception_that_names_the_figure_counts(margins: GateMargins) -> None:
    def auc_and_loss(method: str) -> list[float | None]:
        return [margins.margin("quality", of, "toy", "cold", method) for of in ("auc", "logloss")]

    assert auc_and_loss("trees") == [1e-3, 1e-3]
    assert auc_and_loss("net") == [5e-3, 4e-3]
    assert margins.margin("throughput", "train_cpu_s", "toy", "cold", "net") == 0.2
    assert margins.margin("throughput", "train_cpu_s", "toy", "cold", "trees") == 0.1
    assert margins.margin("memory", "peak_rss_bytes", "toy", "cold", "net") == 0


def test_a_metric_of_unknown_scale_has_no_margin_of_its_own(margins: GateMargins) -> None:
    assert margins.margin("quality", "ndcg", "toy", "cold", "net") is None


def test_a_name_with_brackets_is_itself() -> None:
    gate = GateMargins.model_validate(
        {"exceptions": [{"method": "fm [wide]", "quality": {"auc": 0.5}}]}
    )
    assert gate.margin("quality", "auc", "a", "b", "fm [wide]") == 0.5
    assert gate.margin("quality", "auc", "a", "b", "fm w") == 2e-3


def test_what_was_resolved_loads_as_the_same(
    registry: Registry, suite_file: Callable[..., Path], tmp_path: Path
) -> None:
    suite = load(suite_file(("seeds:", GATE)), registry)
    again = tmp_path / "again.yaml"
    again.write_text(resolved(suite, suite.seeds), "utf-8")
    assert load(again, registry).margins == suite.margins
    assert suite.margins.exceptions


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ("{quality: {auc: -1}}", "12:23: gate.quality.auc must be at least 0; got -1"),
        ("{quality: {auc: .inf}}", "12:23: .inf is not a finite number"),
        ("{memory: -0.1}", "12:16: gate.memory must be at least 0; got -0.1"),
        ("{quality: {acu: 1}}", "12:18: margin of 'acu', which is no metric of the suite; did"),
        (
            "{quality: {relaimpr: 1}}",
            "12:18: relaimpr is derived from the AUC when reporting; give auc a margin",
        ),
        (
            "{exceptions: [{method: nat, memory: 1}]}",
            "12:30: 'nat' is no base model or method of the suite; did you mean 'net'?",
        ),
        (
            "{exceptions: [{protocol: 'w*', memory: 1}]}",
            "12:32: 'w*' is no protocol of the suite",
        ),
        ("{exceptions: [{dataset: toi, memory: 1}]}", "12:31: 'toi' is no dataset of the suite"),
        (
            "{exceptions: [{method: net}]}",
            "12:21: an exception without a margin changes nothing; give it quality,",
        ),
        (
            "{exceptions: [{quality: {acu: 1}}]}",
            "12:32: margin of 'acu', which is no metric of the suite; did you mean 'auc'?",
        ),
        ("{qualty: {auc: 1}}", "12:8: unknown key 'qualty' in gate; did you mean 'quality'?"),
    ],
)
def test_a_mistake_has_its_place(errors_of: Callable[..., list[str]], gate: str, said: str) -> None:
    (line,) = errors_of(("seeds:", f"gate: {gate}\nseeds:"))
    assert line.startswith(f"suite.yaml:{said}")
