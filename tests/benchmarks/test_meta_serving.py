"""Every way of serving a user that is timed gives the same predictions."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.meta_engine import make_case
from benchmarks.meta_serving import (
    ROWS,
    Served,
    adapting,
    alone,
    main,
    measure,
    rules,
    scoring,
    table,
)


@pytest.fixture(params=[False, True], ids=["selector-only", "full"])
def case(request):
    return make_case(300, 4, full=request.param, rows=ROWS)


def test_support_has_four_to_eighty_rows():
    tasks = make_case(300, 400, full=False, rows=ROWS).tasks
    support = tasks.cut - tasks.ptr[:-1]
    assert (support.min(), support.max()) == (4, 80)


def test_no_steps_are_no_adaptation(case):
    found = adapting(case, rules(steps=(0,))["meta-sgd, 0 steps"])(case.tasks)
    assert found.logits == pytest.approx(scoring(case)(case.tasks).numpy(), abs=1e-5)


@pytest.mark.parametrize("name", ["none", "meta-sgd, 3 steps", "fine-tune, 2 steps"])
def test_a_user_alone_is_served_as_among_others(case, name):
    rule = rules(fine_tuning=2).get(name)
    serve = scoring(case) if rule is None else adapting(case, rule)

    def logits(tasks):
        found = serve(tasks)
        return found.numpy() if rule is None else found.logits

    together = logits(case.tasks)
    assert np.concatenate([logits(one) for one in alone(case.tasks)]) == pytest.approx(
        together, abs=1e-4
    )


def test_calls_are_timed(case):
    serving = {
        "none": scoring(case),
        "meta-sgd, 1 step": adapting(case, rules()["meta-sgd, 1 step"]),
    }
    measured = measure(serving, case.tasks, calls=3, rounds=1)
    assert measured.keys() == serving.keys()
    for served in measured.values():
        assert served.batch > 0
        assert served.alone.shape == (3,)


def test_ratios_are_to_no_adaptation():
    measured = {
        "none": Served(2.0, np.array([0.001, 0.003, 0.002])),
        "rule": Served(8.0, np.full(3, 0.01)),
    }
    assert table(measured, users=10) == [
        "| none | 5 | 1.0 | 2.00 | 2.98 | 1.0 |",
        "| rule | 1 | 4.0 | 10.00 | 10.00 | 5.0 |",
    ]


def test_it_prints_a_line_for_each_rule(monkeypatch, capsys):
    few = rules(steps=(0, 1), fine_tuning=2)
    monkeypatch.setattr("benchmarks.meta_serving.CASES", {"full": (300, True, 3)})
    monkeypatch.setattr("benchmarks.meta_serving.WARM_UP", 1)
    monkeypatch.setattr("benchmarks.meta_serving.rules", lambda: few)
    monkeypatch.setattr("sys.argv", ["meta_serving", "--users", "3", "--calls", "2"])
    main()
    lines = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()[5:]]
    assert [line[0] for line in lines] == ["none", *few]
    assert all(float(line[2]) > 0 and float(line[5]) > 0 for line in lines)
