"""From what workers say to samples and missing figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.errors import CompareError
from bench.gate.speed.blocks import Figure, Place, Trial, Work, block_of
from bench.gate.speed.presence import (
    added,
    changed_predictions,
    check_same_work,
    differences,
    lacking,
    shared_methods,
)
from bench.gate.speed.samples import memory_samples, short_alone, short_together, throughput_samples
from bench.gate.speed.schedule import Pair

FM, LR = Place("clicks", "cold", "fm"), Place("clicks", "cold", "lr")


def trial(method, seed=0, status="ok", **changed):
    told = {
        "dataset": "clicks",
        "protocol": "cold",
        "method": method,
        "seed": seed,
        "kind": "base_model",
        "status": status,
        "reason": "" if status == "ok" else "RuntimeError: no",
        "data": "d" * 64,
        "split": "s" * 64,
        "settings": {"use": method},
        "logits": f"{method} {seed}",
        "figures": {"train_cpu_s": 0.1, "predict_cpu_s": 0.001, "peak_rss_bytes": 1e8},
    }
    return told | changed


def block(*trials, **changed):
    answer = {
        "bench": "/x/bench/__init__.py",
        "version": "0.1.0",
        "versions": {"numpy": "2.0"},
        "gate": {},
        "trials": list(trials) or [trial("fm"), trial("lr")],
        "cache_bytes": 1000,
    }
    return block_of(answer | changed)


def margin(*_):
    return 0.1


def launches(base, candidate, count=5):
    return [Pair((base, base), (candidate, candidate))] * count


def test_seconds_of_seeds_add_up_and_memory_is_the_most_of_any():
    two = block(trial("fm"), trial("fm", 1, figures={"train_cpu_s": 0.3, "peak_rss_bytes": 3e8}))
    assert two.values[Figure(FM, "train_cpu_s")] == pytest.approx(0.4)
    assert two.values[Figure(FM, "peak_rss_bytes")] == 3e8


def test_bounds_are_no_methods():
    assert block(trial("fm"), trial("perfect-user", kind="bound", logits=None)).places == {FM}


def test_work_that_takes_no_time_is_judged_together_or_not_at_all():
    pairs = launches(block(), block())
    samples = throughput_samples(pairs, pairs, 1, margin, {})
    assert {(one.method, one.measure) for one in samples} == {
        ("fm", "train_cpu_s"),
        ("lr", "train_cpu_s"),
    }
    assert [figure.measure for figure in short_alone(pairs, 1)] == ["predict_cpu_s"] * 2
    assert short_together(pairs, 1) == ["predict_cpu_s"]
    figures = {"train_cpu_s": 0.003, "predict_cpu_s": 0.001}
    many = block(*(trial(f"m{number}", figures=figures) for number in range(3)))
    assert short_together(launches(many, many), 1) == ["predict_cpu_s"]
    (together,) = throughput_samples(launches(many, many), launches(many, many), 1, margin, {})
    assert (together.method, together.base) == ("short steps", pytest.approx(0.009))


def test_what_was_short_and_is_no_longer_is_judged():
    slow = block(trial("fm", figures={"train_cpu_s": 0.1, "predict_cpu_s": 0.5}), trial("lr"))
    samples = throughput_samples(launches(block(), slow), launches(block(), block()), 1, margin, {})
    (predict,) = [one for one in samples if one.measure == "predict_cpu_s"]
    assert (predict.method, predict.candidate) == ("fm", 0.5)


def test_what_costs_nothing_has_a_ratio_too():
    free = block(trial("fm", figures={"train_cpu_s": 0.0}), trial("lr"))
    for base, candidate in ((block(), free), (free, block())):
        samples = throughput_samples(launches(base, candidate), [], 1, margin, {})
        assert ("fm", "train_cpu_s") in {(one.method, one.measure) for one in samples}


def test_threads_that_wait_spend_no_cpu_so_that_the_wall_clock_counts():
    told = block(trial("fm", figures={"train_cpu_s": 0.1, "train_wall_s": 0.2}))
    (sample,) = throughput_samples(launches(told, told), launches(told, told), 2, margin, {})
    assert (sample.measure, sample.base) == ("train_wall_s", 0.2)


def test_memory_and_sizes_are_judged_by_run():
    larger = block(trial("fm", figures={"peak_rss_bytes": 2e8}), trial("lr"), cache_bytes=5000)
    samples = memory_samples(Pair((block(),) * 5, (larger,) * 5), margin)
    changes = {(one.method, one.measure): one.estimate.median for one in samples}
    assert set(changes) == {
        ("fm", "peak_rss_bytes"),
        ("lr", "peak_rss_bytes"),
        ("suite", "cache_bytes"),
    }
    assert all(one.estimate.launches == 5 for one in samples)
    assert changes["lr", "peak_rss_bytes"] == 0 < changes["fm", "peak_rss_bytes"]


def test_a_cache_of_more_methods_is_not_judged():
    more = block(trial("fm"), trial("lr"), trial("nfm"), cache_bytes=9000)
    assert "cache_bytes" not in {
        one.measure for one in memory_samples(Pair((block(),), (more,)), margin)
    }
    assert added(block(), more) == ["nfm"]


@pytest.mark.parametrize(
    ("candidate", "told"),
    [
        (block(trial("lr")), "not in CANDIDATE's suite"),
        (
            block(trial("fm", status="error"), trial("lr")),
            "no result in CANDIDATE (error: RuntimeError: no)",
        ),
        (block(trial("fm"), trial("fm", 1), trial("lr")), "other seeds"),
    ],
)
def test_a_method_that_a_side_lacks_is_incomplete(candidate, told):
    (cell,) = lacking(block(), candidate)
    assert (cell.method, cell.verdict) == ("fm", "incomplete")
    assert told in cell.reason
    assert shared_methods(block(), candidate) == ["lr"]


def test_a_method_that_fails_in_base_is_incomplete():
    (cell,) = lacking(block(trial("fm", status="crashed"), trial("lr")), block())
    assert "no result in BASE (crashed" in cell.reason


def test_a_figure_that_candidate_lacks_is_incomplete():
    without = block(trial("fm", figures={"train_cpu_s": 0.1, "predict_cpu_s": 0.1}), trial("lr"))
    (cell,) = lacking(block(), without)
    assert (cell.method, cell.measure, cell.verdict) == ("fm", "peak_rss_bytes", "incomplete")


@pytest.mark.parametrize("what", ["data", "split"])
def test_other_work_is_not_comparable(what):
    with pytest.raises(CompareError, match=f"the {what} of 'clicks' under 'cold' differ"):
        check_same_work(block(), block(trial("fm", **{what: "o" * 64}), trial("lr")))


def test_versions_settings_and_predictions_that_differ_are_told():
    other = block(
        trial("fm", settings={"use": "fm", "dim": 2}),
        trial("lr", logits="?"),
        versions={"numpy": "2.1"},
    )
    told = differences(block(), other)
    assert told[0] == "numpy 2.0 in BASE, 2.1 in CANDIDATE"
    assert told[1] == "settings of fm differ"
    assert "predictions of lr differ" in told[2]
    assert differences(block(), block()) == []
    newer = block(version="0.2.0", versions={"numpy": "2.0", "metaselector-bench": "0.1.0"})
    assert differences(block(), newer) == ["metaselector-bench 0.1.0 in BASE, 0.2.0 in CANDIDATE"]


def test_predictions_that_change_from_block_to_block_are_a_fault():
    drawn = block(trial("fm", logits="another"), trial("lr"))
    (place,) = changed_predictions([Pair((block(), drawn), (block(), block()))])
    assert place == FM
    pairs = [*launches(block(), block()), Pair((block(),), (drawn,))]
    samples = throughput_samples(pairs, [], 1, margin, changed_predictions(pairs))
    faults = {one.method: one.fault for one in samples}
    assert faults["lr"] == ""
    assert "CANDIDATE's predictions change" in faults["fm"]


def test_a_failed_seed_takes_its_method_with_it():
    half = block(trial("fm"), trial("fm", 1, status="error"), trial("lr"))
    assert half.places == {LR}
    assert replace(half).work[Trial(LR, 0)] == Work("d" * 64, "s" * 64, {"use": "lr"})
