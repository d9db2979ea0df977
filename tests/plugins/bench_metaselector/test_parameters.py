"""What is out of a parameter's range is refused when the suite is read, with its place and its range."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import SuiteError
from bench.registry import Registry, load_registry
from bench.suite import load

SUITE = """\
version: 1
name: ranges
datasets:
  generated: {use: synthetic}
protocols:
  cold: {use: user-holdout}
base_models:
  lr: {use: lr}
methods:
  m: {selector: {use: mlp}, meta_learner: {use: RULE, adapt: [selector], KEY}}
seeds: [0]
"""
RULES = ("maml", "meta-sgd", "anil", "reptile")
DIFFERENTIATED = ("maml", "meta-sgd", "anil")


@pytest.fixture(scope="module")
def installed() -> Registry:
    return load_registry(autoload=False)


@pytest.mark.parametrize(
    ("rules", "key", "said"),
    [
        (RULES, "inner_steps: -1", "must be at least 0; got -1"),
        (RULES, "inner_steps: 101", "must be at most 100; got 101"),
        (RULES, "inner_steps: 1.5", "must be a whole number; got 1.5"),
        (RULES, "inner_batch: -1", "must be at least 0; got -1"),
        (RULES, "rates: {selector: -0.1}", "must be at least 0; got -0.1"),
        (RULES, "rates: {item: 101}", "must be at most 100; got 101"),
        (RULES, "rates: {items: 1}", "did you mean 'item'?"),
        (DIFFERENTIATED, "order: third", "must be 'first' or 'second'; got 'third'"),
        (DIFFERENTIATED, "support_scale: -1", "must be at least 0; got -1"),
        (DIFFERENTIATED, "step_factors: 1", "must be true or false; got 1"),
        (("maml", "anil"), "rate: parameter", "must be 'scalar' or 'tensor'; got 'parameter'"),
        (("maml", "anil"), "learn_rates: 1", "must be true or false; got 1"),
        (("meta-sgd",), "positive: 2", "must be true or false; got 2"),
        (("reptile",), "order: first", "unknown parameter 'order' of meta-learner 'reptile'"),
        (
            RULES,
            "train: {episodes: latest}",
            "must be 'chronological', 'random', 'window' or 'like-test'; got 'latest'",
        ),
        (RULES, "train: {support_fraction: 1}", "must be below 1; got 1"),
        (RULES, "train: {max_support: 2}", "must be at least 3; got 2"),
        (RULES, "train: {max_rows: 1}", "must be at least 2; got 1"),
        (RULES, "train: {users: 0}", "must be at least 1; got 0"),
    ],
)
def test_out_of_range_is_refused(
    tmp_path: Path, installed: Registry, rules, key: str, said: str
) -> None:
    file = tmp_path / "suite.yaml"
    for rule in rules:
        file.write_text(SUITE.replace("RULE", rule).replace("KEY", key), "utf-8")
        with pytest.raises(SuiteError) as caught:
            load(file, installed)
        assert str(caught.value).startswith(f"{file}:10:")
        assert said in str(caught.value)


RATE = "43: meta-learner 'RULE': rate is read with learn_rates: true alone; drop the key, or write learn_rates: true"


@pytest.mark.parametrize(
    ("rules", "key", "said"),
    [
        (("maml", "anil"), "rate: tensor", RATE),
        (("maml", "anil"), "rate: scalar", RATE),
        (("maml", "anil"), "learn_rates: false, rate: tensor", RATE),
        (
            ("fine-tune",),
            "train: {epochs: 3}",
            "79: meta-learner 'RULE' is not meta-trained and reads no train; drop the key",
        ),
    ],
)
def test_what_nothing_reads_is_refused(
    tmp_path: Path, installed: Registry, rules, key: str, said: str
) -> None:
    file = tmp_path / "suite.yaml"
    for rule in rules:
        file.write_text(SUITE.replace("RULE", rule).replace("KEY", key), "utf-8")
        with pytest.raises(SuiteError) as caught:
            load(file, installed)
        assert str(caught.value) == f"{file}:10:{said.replace('RULE', rule)}"


@pytest.mark.parametrize(
    ("rules", "key"),
    [
        (("maml", "anil"), "learn_rates: true, rate: tensor"),
        (("maml", "anil"), "learn_rates: true"),
        (("fine-tune",), "train: {}"),
    ],
)
def test_what_is_read_is_right(tmp_path: Path, installed: Registry, rules, key: str) -> None:
    file = tmp_path / "suite.yaml"
    for rule in rules:
        file.write_text(SUITE.replace("RULE", rule).replace("KEY", key), "utf-8")
        assert load(file, installed)


@pytest.mark.parametrize("rule", ["maml", "anil", "fine-tune"])
def test_defaults_written_out_are_right(installed: Registry, rule: str) -> None:
    """As a step hands them to a worker."""
    params = installed.load("meta_learners", rule).Params
    assert params.model_validate_json(params().model_dump_json()) == params()


@pytest.mark.parametrize("rule", RULES)
def test_the_summary_names_its_source(installed: Registry, rule: str) -> None:
    plugin = installed.load("meta_learners", rule)
    assert "20" in plugin.__doc__.splitlines()[0], "the year of the paper"
    assert all(field.description for field in plugin.Params.model_fields.values())
