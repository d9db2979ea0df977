"""Both sides of the engine's benchmark compute the same thing."""

from __future__ import annotations

import pytest
import torch

from benchmarks.meta_engine import (
    beside_one_thread,
    engine_step,
    fastest,
    full_step,
    in_own_process,
    make_case,
    plain_step,
    print_sizes,
)


@pytest.mark.slow
@pytest.mark.parametrize("full", [False, True], ids=["selector-only", "full"])
def test_the_engine_and_the_plain_loop_find_the_same_gradients(full):
    case = make_case(300, 4, full=full)
    engine = engine_step(case)()
    leaves = [
        f"{name}/{leaf}" for name, network in case.networks.items() for leaf in network.leaves()
    ]
    names = [*leaves, *(f"rate of {name}" for name in case.learnable.adapted())]
    plain = dict(zip(names, plain_step(case)(), strict=True))
    # a rate is its start times a factor: the factor's gradient is the start times the rate's
    starts = case.learnable.rates(case.rule.params.rates.model_dump())
    for name, found in engine.items():
        expected = (
            plain[name] * starts[name.removeprefix("rate of ")]
            if name not in leaves
            else plain[name]
        )
        assert expected.abs().max() > 0
        torch.testing.assert_close(found.to_dense(), expected.float(), rtol=1e-3, atol=1e-6)


def test_a_step_is_timed_and_its_memory_read():
    found = full_step(300)
    assert found["ms"] > 0
    assert found["peak"] > found["tables"] > 0
    assert found["peak"] >= found["imports"] > 0


def test_threads_change_no_bit():
    found = beside_one_thread(make_case(300, 40, full=True, steps=2), threads=2, rounds=1)
    assert found.equal
    assert found.one > 0 < found.several


def test_rounds_take_turns_and_the_first_does_not_count():
    said, ticks = [], iter([0, 50, 50, 51, 60, 62, 70, 71, 80, 84, 90, 93])
    works = {"a": lambda: said.append("a"), "b": lambda: said.append("b")}
    assert fastest(works, 2, clock=lambda: next(ticks)) == {"a": 2, "b": 1}
    assert said == ["a", "b"] * 3


def test_sizes_are_compared_with_the_smallest(monkeypatch, capsys):
    times = iter([5.0, 6.0, 4.0, 8.0])
    memory = {"tables": 10.0, "imports": 200.0, "peak": 250.0}
    monkeypatch.setattr(
        "benchmarks.meta_engine.in_own_process", lambda rows: {"ms": next(times), **memory}
    )
    print_sizes([10, 1000], passes=2)
    assert capsys.readouterr().out.splitlines()[3:] == [
        "| 10 | 4.000 | 1.00 | 10 | 200 | 250 | 330 |",
        "| 1,000 | 6.000 | 1.50 | 10 | 200 | 250 | 330 |",
    ]


def test_a_process_of_its_own_says_what_it_took():
    found = in_own_process(300)
    assert found.keys() == {"ms", "tables", "imports", "peak"}
    assert found["peak"] >= found["imports"] > 0
