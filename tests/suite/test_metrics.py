"""Metrics of a suite: by name, with parameters, and under names of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.errors import PluginUnavailable, SuiteError
from bench.registry import Registry, load_registry
from bench.run.recording import metrics_of
from bench.suite import MetricSpec, load, resolved

SuiteFile = Callable[..., Path]


def with_metrics(metrics: str, more: str = "") -> tuple[str, str]:
    return "seeds:", f"metrics: [{metrics}]\n{more}seeds:"


def test_a_metric_takes_parameters_and_is_named_by_them(
    suite_file: SuiteFile, registry: Registry
) -> None:
    entries = "auc, {use: ndcg, k: 5}, {use: ndcg}, {use: ndcg, k: 3, as: top three}, relaimpr"
    suite = load(suite_file(with_metrics(entries)), registry)
    assert suite.metrics == {
        "auc": MetricSpec("auc", {}),
        "ndcg k=5": MetricSpec("ndcg", {"k": 5}),
        "ndcg": MetricSpec("ndcg", {"k": 10}),
        "top three": MetricSpec("ndcg", {"k": 3}),
        "relaimpr": MetricSpec("relaimpr", {}),
    }
    assert list(suite.metrics) == ["auc", "ndcg k=5", "ndcg", "top three", "relaimpr"]
    assert suite.primary == "auc"


def test_relaimpr_has_its_auc_computed_whether_or_not_it_is_shown(
    suite_file: SuiteFile, registry: Registry
) -> None:
    suite = load(suite_file(with_metrics("gauc, relaimpr")), registry)
    assert list(suite.metrics) == ["gauc", "relaimpr"]
    assert list(suite.computed) == ["gauc", "auc"]
    assert list(load(suite_file(with_metrics("gauc")), registry).computed) == ["gauc"]


def test_a_named_one_may_lead_and_have_a_tolerance(
    suite_file: SuiteFile, registry: Registry
) -> None:
    more = "primary: ndcg k=5\ngate: {tolerance: {ndcg k=5: 1e-3}}\n"
    suite = load(suite_file(with_metrics("auc, {use: ndcg, k: 5}", more)), registry)
    assert (suite.primary, suite.tolerance) == ("ndcg k=5", {"ndcg k=5": 1e-3})


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        ("{use: ndcg, kk: 5}", "12:23: unknown parameter 'kk' of metric 'ndcg'; did you mean 'k'?"),
        ("{use: ndcg, k: 0}", "12:26: parameter 'k' of metric 'ndcg' must be at least 1; got 0"),
        ("auc, {use: auc, k: 1}", "12:27: unknown parameter 'k' of metric 'auc'; there are none"),
        ("{k: 5}", "12:11: metrics.0 lacks the key 'use'; add it"),
        ("{use: auc, as: 3}", "12:26: metrics.0.as must be text; got 3; quote it: '3'"),
        ("3", "12:11: metrics.0 must be text; got 3; quote it: '3'"),
        (
            "auc, auc",
            "12:16: two metrics are called 'auc'; remove one, or give one a name with `as`",
        ),
        (
            "{use: ndcg, k: 5}, {use: ndcg, k: 5}",
            "12:30: two metrics are called 'ndcg k=5'; remove one, or give one a name with `as`",
        ),
        (
            "{use: gauc, as: auc}",
            "12:27: 'auc' is another metric's name; choose another for this one of 'gauc'",
        ),
        (
            "{use: relaimpr, as: gain}",
            "12:11: relaimpr is derived and has no parameters; write its name alone",
        ),
    ],
)
def test_what_is_wrong_with_a_metric_is_said_with_its_place(
    errors_of: Callable[..., list[str]], metrics: str, expected: str
) -> None:
    assert errors_of(with_metrics(metrics)) == [f"suite.yaml:{expected}"]


def test_the_suite_as_it_was_run_has_them_all(
    suite_file: SuiteFile, registry: Registry, tmp_path: Path
) -> None:
    entries = "auc, {use: ndcg, k: 5}, {use: ndcg}, {use: ndcg, k: 3, as: top three}, relaimpr"
    suite = load(suite_file(with_metrics(entries, "against: net\n")), registry)
    again = tmp_path / "again.yaml"
    again.write_text(resolved(suite, (0,)), "utf-8")
    found = load(again, registry)
    assert list(found.metrics.items()) == list(suite.metrics.items())
    assert (found.against, found.primary) == ("net", "auc")


@pytest.mark.parametrize("key", ["against", "relaimpr_base"])
def test_whom_others_are_held_against_is_a_base_model_or_a_method(
    errors_of: Callable[..., list[str]], suite_file: SuiteFile, registry: Registry, key: str
) -> None:
    (error,) = errors_of(("seeds:", f"{key}: gatin\nseeds:"))
    told = f"{key} 'gatin' is no base model or method; did you mean 'gating'?"
    assert error == f"suite.yaml:12:{len(key) + 3}: {told}"
    suite = load(suite_file(("seeds:", f"{key}: gating\nseeds:")), registry)
    assert getattr(suite, key) == "gating"
    assert load(suite_file(), registry).against is None


def quarantined(folder: Path, text: str) -> Registry:
    (folder / "mine.py").write_text(text, "utf-8")
    return load_registry([folder / "mine.py"], autoload=False)


WRONG_HOOK = """
from bench import hookimpl

@hookimpl
def bench_metric():
    return {NAME: f"{__name__}:Mine"}
"""
WHY = "mine.py is quarantined: unknown hook 'bench_metric'; did you mean 'bench_metrics'?"


@pytest.mark.parametrize("entry", ["my-metric", "{use: my-metric, k: 3}"])
def test_a_metric_of_a_quarantined_plugin_is_unavailable_and_not_unknown(
    tmp_path: Path, suite_file: SuiteFile, entry: str
) -> None:
    registry = quarantined(tmp_path, WRONG_HOOK.replace("NAME", '"my-metric"'))
    suite = load(_without_plugins(suite_file, entry), registry)
    assert [spec.use for spec in suite.metrics.values()] == ["my-metric"]
    with pytest.raises(PluginUnavailable, match=f"metric 'my-metric' is unavailable: .*{WHY[:-1]}"):
        metrics_of(registry, suite.computed)


@pytest.mark.parametrize("built", ['f"hit-{10}"', '"-".join(["hit", "10"])'])
@pytest.mark.parametrize(
    ("old", "new"),
    [("seeds:", "metrics: [hit-10]\nseeds:"), ("lr: {use: mean}", "lr: {use: hit-10}")],
)
def test_a_name_that_a_quarantined_file_may_build_is_not_asked_for_by_plugins(
    tmp_path: Path, suite_file: SuiteFile, built: str, old: str, new: str
) -> None:
    registry = quarantined(tmp_path, WRONG_HOOK.replace("NAME", built))
    file = _without_plugins(suite_file, "auc")
    file.write_text(
        file.read_text("utf-8").replace("metrics: [auc]\n", "").replace(old, new), "utf-8"
    )
    with pytest.raises(SuiteError) as caught:
        load(file, registry)
    error = str(caught.value)
    assert WHY in error
    assert "is it in a plugin that was left out? " in error
    assert "--plugins" not in error


def _without_plugins(suite_file: SuiteFile, metrics: str) -> Path:
    """A suite of the harness's own plugins but for its metrics."""
    return suite_file(
        ("  toy: {use: toy, path: x.csv}", "  toy: {use: synthetic}"),
        ("  trees: {use: trees}\n  net: {use: net, dropout: 0.1}", "  lr: {use: mean}"),
        ("methods:\n  gating: {selector: {use: gate}}\n", ""),
        with_metrics(metrics),
    )
