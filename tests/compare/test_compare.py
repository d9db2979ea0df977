"""Verdicts over two runs, and the command that prints them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bench.cli import main
from bench.cli._compare_words import told_apart
from bench.compare import compare
from bench.errors import CompareError
from bench.job.outcome import Outcome
from bench.records import SCHEMA, Run, digest, load, write_manifest, write_record

NAMES = {"fm": "base_model", "gating": "method", "perfect-user": "bound"}
Edit = Callable[[list[dict[str, Any]]], object]


def versions(**metrics: int) -> dict[str, Any]:
    return {name: {"version": version, "digest": "m" * 64} for name, version in metrics.items()}


def record(name: str, seed: int) -> dict[str, Any]:
    metrics = {"auc": 0.75 + 0.001 * seed, "logloss": 0.55, "gauc": None}
    own = {} if NAMES[name] == "bound" else {"train_cpu_s": 2.0, "predict_cpu_s": 0.5}
    return {
        "schema": SCHEMA,
        "id": digest([name, seed])[:32],
        "trial": {"dataset": "ml", "protocol": "cold", "method": name, "seed": seed},
        "kind": NAMES[name],
        "outcome": Outcome().model_dump(mode="json"),
        "identity": {
            "data": "d" * 64,
            "split": "s" * 64,
            "metrics": versions(auc=1, logloss=1, gauc=1),
            "plugins": [
                {
                    "name": name,
                    "kind": "models",
                    "origin": "pkg",
                    "version": "1",
                    "digest": "c" * 64,
                }
            ],
            "harness": "h" * 64,
            "settings": {"use": name},
        },
        "metrics": {
            key: {"value": value, "reason": "", "counts": {}} for key, value in metrics.items()
        },
        "cost": {"own": own, "total": own},
    }


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Run]:
    def make_run(
        folder: str, edit: Edit = lambda _: None, tolerance: dict[str, float] | None = None
    ) -> Run:
        records = [record(name, seed) for seed in (0, 1) for name in NAMES]
        edit(records)
        trials = [
            {
                **one["trial"],
                "kind": one["kind"],
                "record": one["id"],
                "status": one["outcome"]["status"],
            }
            for one in records
        ]
        for one in records:
            write_record(tmp_path / folder, one)
        write_manifest(
            tmp_path / folder, {"schema": SCHEMA, "trials": trials, "tolerance": tolerance or {}}
        )
        return load(tmp_path / folder)

    return make_run


def set_metric(name: str, value: float | None, of: str = "gating") -> Edit:
    def edit(records: list[dict[str, Any]]) -> None:
        for one in records:
            if one["trial"]["method"] == of:
                one["metrics"][name]["value"] = value

    return edit


def set_identity(key: str, value: Any) -> Edit:
    return lambda records: [one["identity"].update({key: value}) for one in records]


def bench(*arguments: Any) -> Result:
    return CliRunner().invoke(main, ["compare", *map(str, arguments)])


def test_a_run_with_itself_is_fine(make: Callable[..., Run], tmp_path: Path) -> None:
    run = make("base")
    comparison = compare(run, run)
    assert comparison.exit_code == 0
    assert len(comparison.pairs) == 6
    assert {
        one.verdict for pair in comparison.pairs for one in pair.differences if pair.kind != "bound"
    } == {"same"}
    assert comparison.cpu_ratio == 1.0
    assert (comparison.code, comparison.absent, comparison.added) == ((), (), ())
    result = bench(tmp_path / "base", tmp_path / "base")
    assert result.exit_code == 0
    assert "Fine: 6 trials compared, 0 figures regressed" in result.output


@pytest.mark.parametrize(
    ("metric", "worse", "better"), [("auc", 0.7499, 0.76), ("logloss", 0.5501, 0.54)]
)
def test_the_bad_direction_alone_regresses(
    make: Callable[..., Run], metric: str, worse: float, better: float
) -> None:
    base = make("base")
    assert compare(base, make("worse", set_metric(metric, worse))).exit_code == 1
    improved = compare(base, make("better", set_metric(metric, better)))
    assert improved.exit_code == 0
    assert any(one.verdict == "better" for pair in improved.pairs for one in pair.differences)


def test_that_each_seed_is_judged_by_itself_is_said_where_one_regressed(
    make: Callable[..., Run], tmp_path: Path
) -> None:
    make("base"), make("worse", set_metric("logloss", 0.5501))
    told = " ".join(bench(tmp_path / "base", tmp_path / "worse").output.split())
    assert "a figure that got worse in any one seed has regressed" in told
    assert "bench gate BASE CANDIDATE judges what is beyond chance" in told
    assert "any one seed" not in bench(tmp_path / "base", tmp_path / "base").output


def test_the_tolerance_is_that_of_the_base(make: Callable[..., Run]) -> None:
    lax, strict = make("lax", tolerance={"logloss": 2e-3}), make("strict")
    degraded = make("degraded", set_metric("logloss", 0.551), tolerance={"logloss": 1.0})
    assert compare(lax, degraded).exit_code == 0
    assert compare(strict, degraded).exit_code == 1
    assert compare(strict, make("noise", set_metric("logloss", 0.55 + 9e-7))).exit_code == 0


def test_a_figure_that_was_lost_regresses_and_one_that_was_won_does_not(
    make: Callable[..., Run],
) -> None:
    base = make("base")
    assert compare(base, make("lost", set_metric("auc", None))).exit_code == 1
    assert compare(base, make("won", set_metric("gauc", 0.6))).exit_code == 0


def test_a_metric_without_a_known_direction_regresses_by_any_change(
    make: Callable[..., Run],
) -> None:
    def rename(value: float) -> Edit:
        def edit(records: list[dict[str, Any]]) -> None:
            for one in records:
                one["identity"]["metrics"] = {"own": 1}
                one["metrics"] = {"own": {"value": value, "reason": "", "counts": {}}}

        return edit

    base, higher = make("base", rename(1.0)), make("higher", rename(1.1))
    assert compare(base, higher).exit_code == 1
    base.manifest["higher_is_better"] = {"own": True}
    assert compare(base, higher).exit_code == 0


def test_degraded_predictions_end_with_1_and_name_each_figure(
    make: Callable[..., Run], tmp_path: Path
) -> None:
    make("base")
    make("candidate", set_metric("auc", 0.7))
    result = bench(tmp_path / "base", tmp_path / "candidate")
    assert result.exit_code == 1
    text = " ".join(result.output.split())
    assert "Regressed: ml/cold gating, seed 0: auc .7500 -> .7000 (tolerance 1e-06)." in text
    assert "-0.051000!" in text  # the worse of the two seeds
    assert max(map(len, result.output.splitlines())) <= 80


@pytest.mark.fault(32)
@pytest.mark.parametrize("label", ["error", "crashed:SIGSEGV", "unavailable"])
def test_a_failed_trial_ends_with_4(make: Callable[..., Run], label: str) -> None:
    base = make("base")
    status, _, signal = label.partition(":")
    failed = make(
        "failed", lambda records: records[0]["outcome"].update(status=status, signal=signal or None)
    )
    for comparison in (compare(base, failed), compare(failed, base)):
        assert comparison.exit_code == 4
        assert len(comparison.pairs) == 5
    assert compare(base, failed).absent[0].reason == f"ok in BASE, {label} in CANDIDATE"


def test_a_missing_method_ends_with_4_even_where_others_regressed(
    make: Callable[..., Run], tmp_path: Path
) -> None:
    make("base")

    def edit(records: list[dict[str, Any]]) -> None:
        set_metric("auc", 0.1, of="fm")(records)
        records[:] = [one for one in records if one["trial"]["method"] != "gating"]

    comparison = compare(load(tmp_path / "base"), make("candidate", edit))
    assert comparison.exit_code == 4
    assert comparison.regressions
    result = bench(tmp_path / "base", tmp_path / "candidate")
    assert result.exit_code == 4
    assert "Not compared: ml/cold gating, seed 0: not in CANDIDATE." in result.output
    assert "Regressed: ml/cold fm, seed 0" in result.output


def test_a_record_that_is_gone_ends_with_4(make: Callable[..., Run], tmp_path: Path) -> None:
    base = make("base")
    gone = make("gone")
    (tmp_path / "gone" / "records" / f"{gone.records[0]['id']}.json").unlink()
    assert (
        compare(base, load(tmp_path / "gone")).absent[0].reason
        == "ok in BASE, missing in CANDIDATE"
    )


def test_a_renamed_method_is_recognised_by_its_settings(make: Callable[..., Run]) -> None:
    def edit(records: list[dict[str, Any]]) -> None:
        for one in records:
            if one["trial"]["method"] == "gating":
                one["trial"]["method"] = "gate"

    comparison = compare(make("base"), make("candidate", edit))
    assert comparison.exit_code == 4
    assert (
        comparison.absent[0].reason
        == "not in CANDIDATE; it has 'gate' with the same settings: renamed?"
    )
    assert comparison.added == ("gate",)


@pytest.mark.fault(32)
def test_nothing_in_common_ends_with_4(make: Callable[..., Run], tmp_path: Path) -> None:
    make("base")
    make("candidate", lambda records: [one["trial"].update(dataset="other") for one in records])
    result = bench(tmp_path / "base", tmp_path / "candidate")
    assert result.exit_code == 4
    assert "Incomplete: the runs have no result in common" in result.output
    make("empty", lambda records: records.clear())
    assert bench(tmp_path / "empty", tmp_path / "empty").exit_code == 4


def test_a_new_method_of_the_candidate_is_not_judged(make: Callable[..., Run]) -> None:
    def edit(records: list[dict[str, Any]]) -> None:
        new = copy.deepcopy(records[0])
        new["trial"]["method"], new["id"] = "dcn", "new"
        records.append(new)

    comparison = compare(make("base"), make("candidate", edit))
    assert comparison.exit_code == 0
    assert comparison.added == ("dcn",)


def asked(**params: int) -> dict[str, Any]:
    return {"top": {"use": "ndcg", "params": params, "version": 1, "digest": "m" * 64}}


def test_a_metric_of_other_parameters_is_another_metric(
    make: Callable[..., Run], tmp_path: Path
) -> None:
    make("base", set_identity("metrics", asked(k=5)))
    make("same", set_identity("metrics", asked(k=5)))
    make("candidate", set_identity("metrics", asked(k=10)))
    compare(load(tmp_path / "base"), load(tmp_path / "same"))
    with pytest.raises(CompareError) as raised:
        compare(load(tmp_path / "base"), load(tmp_path / "candidate"))
    assert "metric 'top' is 'ndcg k=5' in BASE and 'ndcg k=10' in CANDIDATE" in str(raised.value)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "data",
            "e" * 64,
            "the data of 'ml' differ (dddddddddddd in BASE, eeeeeeeeeeee in CANDIDATE)",
        ),
        ("split", "t" * 64, "the split of 'ml' under 'cold' differs"),
        (
            "metrics",
            versions(auc=2, logloss=1, gauc=1),
            "metric 'auc' is of version 1 in BASE and 2 in CANDIDATE",
        ),
        (
            "metrics",
            versions(auc=1, logloss=1),
            "metric 'gauc' is of version 1 in BASE and none in CANDIDATE",
        ),
    ],
)
def test_other_data_split_or_metrics_end_with_2(
    make: Callable[..., Run], tmp_path: Path, key: str, value: Any, message: str
) -> None:
    make("base")
    make("candidate", set_identity(key, value))
    with pytest.raises(CompareError) as raised:
        compare(load(tmp_path / "base"), load(tmp_path / "candidate"))
    assert message in str(raised.value)
    assert str(raised.value).count("differ") <= 1  # said once, not once a trial
    result = bench(tmp_path / "base", tmp_path / "candidate")
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output


def test_code_settings_and_time_that_differ_are_shown(
    make: Callable[..., Run], tmp_path: Path
) -> None:
    def edit(records: list[dict[str, Any]]) -> None:
        for one in records:
            one["identity"]["harness"] = "i" * 64
            if one["trial"]["method"] == "fm":
                one["identity"]["plugins"][0]["digest"] = "9" * 64
                one["identity"]["settings"] = {"use": "fm", "embedding_dim": 4}
                one["cost"]["own"] = {"train_cpu_s": 4.0, "predict_cpu_s": 1.0}

    comparison = compare(make("base"), make("candidate", edit))
    assert comparison.exit_code == 0
    assert [(code.what, code.base[0], code.candidate[0]) for code in comparison.code] == [
        ("harness", "h", "i"),
        ("fm (pkg)", "c", "9"),
    ]
    assert {pair.method: pair.cpu_ratio for pair in comparison.pairs} == {
        "fm": 2.0,
        "gating": 1.0,
        "perfect-user": None,
    }
    assert comparison.cpu_ratio == 1.5
    text = " ".join(bench(tmp_path / "base", tmp_path / "candidate").output.split())
    assert "code harness: hhhhhhhhhhhh -> iiiiiiiiiiii" in text
    assert "code fm (pkg): cccccccccccc -> 999999999999" in text
    assert "settings fm: embedding_dim absent -> 4" in text
    assert "candidate takes 1.50 times that of base" in text


def test_the_primary_comes_first_as_in_a_report(make: Callable[..., Run]) -> None:
    comparison = compare(make("base"), make("candidate"))
    assert [one.metric for one in comparison.pairs[0].differences] == ["logloss", "auc", "gauc"]


@pytest.mark.parametrize("where", ["identity", "details"])
def test_a_file_with_other_content_is_shown(
    make: Callable[..., Run], tmp_path: Path, where: str
) -> None:
    """Of any base model that reads files; records of before have that of a file of scores among the details."""

    def of(content: str) -> Edit:
        def edit(records: list[dict[str, Any]]) -> None:
            for one in records:
                if one["trial"]["method"] == "fm":
                    if where == "identity":
                        one["identity"]["files"] = {"a.csv": content * 64, "b.csv": "c" * 64}
                    else:
                        one["details"] = {
                            "predictions": {"file": "a.csv", "sha256": content * 64, "rows": 3}
                        }

        return edit

    comparison = compare(make("base", of("d")), make("candidate", of("e")))
    assert [(one.model, one.file) for one in comparison.files] == [("fm", "a.csv")]
    text = " ".join(bench(tmp_path / "base", tmp_path / "candidate").output.split())
    assert "file fm: a.csv dddddddddddd -> eeeeeeeeeeee" in text
    assert "as the same" not in text
    assert json.loads(bench(tmp_path / "base", tmp_path / "candidate", "--json").output)["files"]
    same = bench(tmp_path / "base", tmp_path / "base").output
    assert "code, settings and files are recorded as the same" in " ".join(same.split())


def test_bounds_are_shown_and_never_judged(make: Callable[..., Run], tmp_path: Path) -> None:
    comparison = compare(make("base"), make("candidate", set_metric("auc", 0.6, of="perfect-user")))
    assert comparison.exit_code == 0
    bounds = [pair for pair in comparison.pairs if pair.kind == "bound"]
    assert {one.verdict for pair in bounds for one in pair.differences} == {"not judged"}
    result = bench(tmp_path / "base", tmp_path / "candidate")
    assert result.exit_code == 0
    assert "Fine: 6 trials compared, 0 figures regressed" in result.output
    assert "-0.151000" in next(
        line for line in result.output.splitlines() if "perfect-user" in line
    )
    assert "perfect-user (bound)" in result.output


def with_pool(**settings: dict[str, Any]) -> Edit:
    """Base models of those settings, under gating."""

    def edit(records: list[dict[str, Any]]) -> None:
        for seed in (0, 1):
            for name in settings.keys() - {"fm"}:
                new = copy.deepcopy(records[0])
                new["trial"] |= {"method": name, "seed": seed}
                new["id"] = f"{name}-{seed}"
                records.append(new)
        for one in records:
            name = one["trial"]["method"]
            if name in settings:
                one["identity"]["settings"] = {"use": name, "params": settings[name]}
            if name == "gating":
                one["details"] = {"source_shift": dict.fromkeys(settings)}

    return edit


@pytest.mark.parametrize(
    ("candidate", "told"),
    [
        ({"fm": {}, "lr": {}, "ffm": {}, "gbdt": {}}, "gating (2 -> 4 base models)"),
        ({"fm": {"embedding_dim": 4}, "lr": {}}, "gating (other settings of fm)"),
        ({"fm": {}, "gbdt": {}}, "gating (gbdt in place of lr)"),
        ({"fm": {}, "lr": {}}, ""),
    ],
)
def test_another_pool_is_told_of(
    make: Callable[..., Run], tmp_path: Path, candidate: dict[str, dict[str, Any]], told: str
) -> None:
    base = make("base", with_pool(fm={}, lr={}))
    comparison = compare(base, make("candidate", with_pool(**candidate)))
    changes = {pair.pool_change for pair in comparison.pairs if pair.method == "gating"}
    assert changes == {told.removeprefix("gating (").removesuffix(")")}
    assert not any(pair.pool_change for pair in comparison.pairs if pair.method != "gating")
    text = " ".join(bench(tmp_path / "base", tmp_path / "candidate").output.split())
    assert (f"pool {told}" in text) if told else (" pool " not in text)


def test_the_worst_seed_is_shown_where_none_regressed(
    make: Callable[..., Run], tmp_path: Path
) -> None:
    """AUC rises by .05 in one seed and falls, within the tolerance, in the other."""

    def edit(records: list[dict[str, Any]]) -> None:
        for one in records:
            if one["trial"]["method"] == "gating":
                one["metrics"]["auc"]["value"] = (0.8, 0.75)[one["trial"]["seed"]]

    make("base", tolerance={"auc": 0.01})
    make("candidate", edit)
    result = bench(tmp_path / "base", tmp_path / "candidate")
    assert result.exit_code == 0
    assert "-0.001000" in next(
        line for line in result.output.splitlines() if line.startswith("gating")
    )


def test_json_holds_the_verdict_and_the_evidence(make: Callable[..., Run], tmp_path: Path) -> None:
    make("base")
    make("candidate", set_metric("auc", 0.7))
    result = bench(tmp_path / "base", tmp_path / "candidate", "--json")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["exit_code"], told["regressions"]) == (1, 1, 2)
    _, of_auc, _ = next(pair for pair in told["pairs"] if pair["method"] == "gating")["differences"]
    assert of_auc == {
        "metric": "auc", "base": 0.75, "candidate": 0.7, "change": pytest.approx(-0.05), "tolerance": 1e-6,
        "verdict": "worse", "higher_is_better": True,
    }  # fmt: skip


def test_a_folder_that_is_no_run_is_one_line(tmp_path: Path) -> None:
    result = bench(tmp_path, tmp_path)
    assert result.exit_code == 2
    assert "is not a run" in result.output
    assert result.output.count("\n") == 1


# -- where and by what the two were computed

HERE = {"system": "Linux", "machine": "x86_64", "processor": "A", "cores": 2, "threads": 1}
VERSIONS = {"python": "3.11.7", "metaselector-bench": "0.1.0", "pandas": "3.0", "torch": "2.13.0"}


def computed(environment: dict[str, Any], versions: dict[str, str], of: str = "") -> Edit:
    """Of all methods, or of one, with HERE and VERSIONS but for what is given."""

    def edit(records: list[dict[str, Any]]) -> None:
        for one in records:
            concerned = of in ("", one["trial"]["method"])
            one["environment"] = HERE | (environment if concerned else {})
            one["versions"] = VERSIONS | (versions if concerned else {})

    return edit


@pytest.mark.parametrize(
    ("environment", "versions", "said"),
    [
        ({"processor": "B"}, {}, "processor A -> B"),
        ({"cores": 64}, {}, "cores 2 -> 64"),
        ({"system": "Darwin"}, {}, "system Linux -> Darwin"),
        ({"threads": 2}, {}, "threads 1 -> 2"),
        (
            {"others": [{"processor": "B", "cores": 2}, {"processor": "C", "cores": 4}]},
            {},
            "other machines not recorded -> B 2; C 4",
        ),
        ({}, {"python": "3.12.1"}, "Python 3.11.7 -> 3.12.1"),
        ({}, {"torch": "2.1.0"}, "torch 2.13.0 -> 2.1.0"),
        ({}, {"numba": "0.68"}, "numba not recorded -> 0.68"),
    ],
)
def test_cpu_times_of_unlike_conditions_are_no_ratio(
    make: Callable[..., Run],
    tmp_path: Path,
    environment: dict[str, Any],
    versions: dict[str, str],
    said: str,
) -> None:
    comparison = compare(
        make("base", computed({}, {})), make("candidate", computed(environment, versions))
    )
    assert comparison.exit_code == 0
    assert comparison.cpu_ratio is None
    assert {pair.cpu_ratio for pair in comparison.pairs} == {None}
    (what,) = comparison.cpu_unlike
    text = " ".join(bench(tmp_path / "base", tmp_path / "candidate").output.split())
    assert text.startswith(
        f"Fine: 6 trials compared, 0 figures regressed What differs, BASE -> CANDIDATE: {said} "
    )
    assert f"CPU time is not compared, since it hangs on what differs: {what}." in text
    assert "ratio" not in text


def test_another_worker_of_the_same_kind_is_told_and_its_times_are_compared(
    make: Callable[..., Run], tmp_path: Path
) -> None:
    one, other = ({"worker": f"node-{number}"} for number in (1, 2))
    comparison = compare(make("base", computed(one, {})), make("candidate", computed(other, {})))
    assert comparison.cpu_ratio is not None
    assert comparison.cpu_unlike == ()
    text = " ".join(bench(tmp_path / "base", tmp_path / "candidate").output.split())
    assert "worker node-1 -> node-2" in text


def of_a_step(*anew: str) -> Edit:
    """The step of each trial is the same in both runs; those of `anew` were computed once more."""

    def edit(records: list[dict[str, Any]]) -> None:
        for one in records:
            name = one["trial"]["method"]
            one["identity"]["steps"] = [name]
            if name in anew:
                one["cost"]["own"]["train_cpu_s"] = 4.5

    return edit


def test_a_cost_that_was_measured_once_is_no_ratio(
    make: Callable[..., Run], tmp_path: Path
) -> None:
    base = make("base", of_a_step())
    comparison = compare(base, make("candidate", of_a_step("gating")))
    ratios = {pair.method: pair.cpu_ratio for pair in comparison.pairs}
    assert ratios == {"fm": None, "gating": 2.0, "perfect-user": None}
    assert (comparison.cpu_ratio, comparison.cpu_once) == (2.0, 2)
    text = " ".join(bench(tmp_path / "base", tmp_path / "candidate").output.split())
    assert "CPU time of 2 trials is not compared: it was measured once" in text
    assert "CPU time, of the other trials: candidate takes 2.00 times that of base." in text
    every = compare(base, make("cached", of_a_step()))
    assert (every.cpu_ratio, every.cpu_once) == (None, 4)
    text = bench(tmp_path / "base", tmp_path / "cached").output
    assert "times that of base" not in text
    assert "ratio" not in text


def test_what_inner_loop_is_stands_below_it(make: Callable[..., Run], tmp_path: Path) -> None:
    make("base", computed({}, {"inner_loop": "numba 0.62"}))
    make("candidate", computed({}, {"inner_loop": "autograd"}))
    make("again", computed({}, {"inner_loop": "autograd"}))
    text = " ".join(bench(tmp_path / "base", tmp_path / "candidate").output.split())
    assert "inner_loop numba 0.62 -> autograd inner_loop is what computed" in text
    assert "compiled code (numba) or torch (autograd)" in text
    assert "inner_loop" not in bench(tmp_path / "candidate", tmp_path / "again").output


@pytest.mark.parametrize("package", ["metaselector-bench", "pandas"])
def test_what_computes_nothing_is_told_of_and_withholds_no_ratio(
    make: Callable[..., Run], package: str
) -> None:
    comparison = compare(
        make("base", computed({}, {})), make("candidate", computed({}, {package: "9"}))
    )
    assert [change.what for change in comparison.conditions] == [package]
    assert comparison.cpu_ratio == 1.0


def test_who_trained_is_told_of_and_withholds_no_ratio(make: Callable[..., Run]) -> None:
    """Times tell of it: a plugin's code that comes to be compiled is what is compared."""
    by_torch, compiled = (
        "numba 0.68: lookups; torch: the forward",
        "numba 0.68: logistic-regression",
    )
    comparison = compare(
        make("base", computed({}, {"training": by_torch})),
        make("candidate", computed({}, {"training": compiled})),
    )
    found = [(change.what, change.base, change.candidate) for change in comparison.conditions]
    assert found == [("training", by_torch, compiled)]
    assert comparison.cpu_ratio == 1.0


def test_a_record_of_before_it_told_who_trained_is_of_no_other_conditions(
    make: Callable[..., Run],
) -> None:
    told = {"training": "numba 0.68: logistic-regression"}
    for base, candidate in (({}, told), (told, {})):
        comparison = compare(
            make("base", computed({}, base)), make("candidate", computed({}, candidate))
        )
        assert comparison.conditions == ()
        assert comparison.cpu_ratio == 1.0


def test_of_trials_that_ran_elsewhere_alone_the_ratio_is_withheld(
    make: Callable[..., Run], tmp_path: Path
) -> None:
    make("base", computed({}, {}))
    make("candidate", computed({"processor": "B"}, {}, of="fm"))
    comparison = compare(load(tmp_path / "base"), load(tmp_path / "candidate"))
    assert {pair.method: pair.cpu_ratio for pair in comparison.pairs} == {
        "fm": None,
        "gating": 1.0,
        "perfect-user": None,
    }
    text = " ".join(bench(tmp_path / "base", tmp_path / "candidate").output.split())
    assert "CPU time, of trials computed alike: candidate takes 1.00 times that of base." in text
    assert "CPU time of the others is not compared" in text


def old(records: list[dict[str, Any]]) -> None:
    """As schema 1 had them: no digests of metrics, no key of a setting that came later."""
    for one in records:
        one["schema"] = 1
        one["identity"]["metrics"] = {"auc": 1, "logloss": 1, "gauc": 1}


def test_of_an_older_schema_what_both_have_is_compared(
    make: Callable[..., Run], tmp_path: Path
) -> None:
    def newer(records: list[dict[str, Any]]) -> None:
        for one in records:
            one["identity"]["settings"] = {**one["identity"]["settings"], "since": "soft"}

    base = make("base", old)
    comparison = compare(base, make("candidate", newer))
    assert {pair.settings_change for pair in comparison.pairs} == {""}
    assert comparison.code == ()
    assert comparison.code_unknown == ("auc", "logloss", "gauc")
    text = " ".join(bench(tmp_path / "base", tmp_path / "candidate").output.split())
    assert "Whether the code of the metrics auc, logloss, gauc differs is not known" in text
    assert "absent" not in text
    changed = make(
        "changed",
        lambda records: [one["identity"].update(settings={"use": "other"}) for one in records],
    )
    assert {pair.settings_change for pair in compare(base, changed).pairs} == {
        f'use "{name}" -> "other"' for name in NAMES
    }


def test_defaults_of_keys_that_came_later_are_no_change(make: Callable[..., Run]) -> None:
    method = {"selector": {"use": "mlp", "params": {"hidden": [8]}, "train": {}}}

    def having(**keys: Any) -> Edit:
        def edit(records: list[dict[str, Any]]) -> None:
            for one in records:
                if one["kind"] == "method":
                    one["identity"]["settings"] = method | keys

        return edit

    base = make("base", having())
    same = compare(base, make("same", having(select="soft")))
    assert {pair.settings_change for pair in same.pairs} == {""}
    other = compare(base, make("other", having(select="hard")))
    assert [pair.settings_change for pair in other.pairs if pair.kind == "method"] == [
        'select "soft" -> "hard"'
    ] * 2


@pytest.mark.parametrize(
    ("base", "candidate", "shown"),
    [
        (0.75, 0.7, (".7500", ".7000")),
        (0.123456789, 0.123456123, (".123457", ".123456")),
        (1 / 3, 1 / 3 + 1e-16, (".3333333333333333", ".3333333333333334")),
        (0.5, None, (".5000", "no value")),
    ],
)
def test_figures_have_the_digits_that_tell_them_apart(
    base: float, candidate: float | None, shown: tuple[str, str]
) -> None:
    assert told_apart(base, candidate) == shown


def test_many_regressions_are_counted_and_the_first_are_shown(
    make: Callable[..., Run], tmp_path: Path
) -> None:
    def many(value: float) -> Edit:
        def edit(records: list[dict[str, Any]]) -> None:
            for seed in range(2, 30):
                new = copy.deepcopy(records[0])
                new["trial"]["seed"], new["id"] = seed, f"fm-{seed}"
                new["metrics"]["auc"]["value"] = value
                records.append(new)

        return edit

    make("base", many(0.7))
    make("candidate", many(0.6))
    result = bench(tmp_path / "base", tmp_path / "candidate")
    assert result.exit_code == 1
    assert result.output.count("Regressed: ml/cold fm, seed") == 20
    assert "And 8 more like these; --json has all." in result.output


def test_versions_that_a_plugin_tells_stand_for_no_fact_of_the_machine(
    make: Callable[..., Run],
) -> None:
    told = {"processor": "Z"}
    comparison = compare(
        make("base", computed({}, told)), make("candidate", computed({"processor": "B"}, told))
    )
    found = [(change.what, change.base, change.candidate) for change in comparison.conditions]
    assert found == [("processor", "A", "B")]
