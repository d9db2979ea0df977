"""What is timed beside the engine finds its gradients, or is not timed."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from benchmarks.meta_beside import (
    AGREE,
    HOW_TO_INSTALL,
    OTHERS,
    RATE,
    case_of,
    difference,
    disagreement,
    engine,
    importable,
    loss_of,
    main,
    measure,
    perceptron_of,
    tasks_of,
)

WITHOUT_KERNEL = "engine, without the hand-derived kernel"


def by_hand(module: nn.Module, tasks, steps):
    """As learn2learn and higher: a user at a time, steps by torch.autograd."""

    def gradients():
        leaves, total = dict(module.named_parameters()), 0.0
        for task in tasks:
            mine = leaves
            for _ in range(steps):
                loss = loss_of(
                    lambda inputs, mine=mine: torch.func.functional_call(module, mine, inputs),
                    task.support,
                )
                found = torch.autograd.grad(loss, list(mine.values()), create_graph=True)
                mine = {
                    name: value - RATE * slope
                    for (name, value), slope in zip(mine.items(), found, strict=True)
                }
            total += loss_of(
                lambda inputs, mine=mine: torch.func.functional_call(module, mine, inputs),
                task.query,
            )
        return list(torch.autograd.grad(total / len(tasks), list(leaves.values())))

    return gradients


def no_steps(module: nn.Module, tasks, steps):
    """What must not be timed."""
    return by_hand(module, tasks, 0)


@pytest.mark.slow
@pytest.mark.parametrize("steps", [1, 2])
def test_a_module_on_dense_features_is_the_engines_case(steps):
    assert disagreement(by_hand, 3, steps) < AGREE


@pytest.mark.slow
def test_both_ways_of_the_engine_agree():
    cases = [case_of(3, 2, torch.float64, kernel) for kernel in (None, "autograd")]
    one, other = (engine(case)() for case in cases)
    assert difference(one, other) < AGREE


def test_nan_is_no_agreement():
    right = [torch.ones(2), torch.ones(2)]
    assert difference(right, right) == 0
    assert not difference([torch.ones(2), torch.full((2,), torch.nan)], right) <= AGREE


@pytest.mark.slow
def test_what_agrees_is_timed_and_what_does_not_is_not():
    apart, seconds = measure({"right": by_hand, "wrong": no_steps}, users=2, steps=1, rounds=1)
    assert apart["right"] < AGREE < apart["wrong"]
    assert seconds.keys() == {"engine", WITHOUT_KERNEL, "right"}
    assert all(found > 0 for found in seconds.values())


@pytest.mark.parametrize("name", OTHERS)
def test_a_library_finds_the_engines_gradients(name):
    others = importable()
    if name not in others:
        pytest.skip(f"{name} is not installed")
    assert disagreement(others[name], 3, 2) < AGREE


def test_what_cannot_be_imported_is_named_with_how_to_install_it(monkeypatch, capsys):
    def missing(*_):
        raise ImportError("No module named 'higher'")

    monkeypatch.setitem(OTHERS, "higher", missing)
    assert "higher" not in importable()
    assert (
        f"left out: higher (No module named 'higher'); to install it: {HOW_TO_INSTALL['higher']}"
        in capsys.readouterr().err
    )


@pytest.mark.slow
def test_it_prints_a_line_for_each(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["meta_beside", "--users", "2", "--rounds", "1"])
    monkeypatch.setattr(
        "benchmarks.meta_beside.importable", lambda: {"by hand": by_hand, "wrong": no_steps}
    )
    main()
    lines = [line.split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    assert [line[1] for line in lines] == ["engine", WITHOUT_KERNEL, "by hand", "wrong"] * 2
    assert all(float(line[3]) > 0 for line in lines if line[1] != "wrong")


def test_perceptrons_score_alike():
    case = case_of(2, 1, torch.float64)
    task = tasks_of(case)[0]
    assert task.support[0].shape[1] == 64
    assert perceptron_of(case)(task.support[0]).shape == (len(task.support[1]), 4)
