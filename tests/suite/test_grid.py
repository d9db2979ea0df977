"""`grid:`: which entries it makes, what they are called, and what is refused before any is made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.errors import SuiteError
from bench.registry import Registry
from bench.suite import Suite, load
from bench.suite.compose.grid_names import canonical, entry_name, labels

Grid = Callable[..., Suite]
META = (
    "gating: {selector: {use: gate}}",
    "gating: {selector: {use: gate}}\n  meta: {selector: {use: gate}, meta_learner: {use: steps, adapt: [selector]}}",
)


@pytest.fixture
def grid(suite_file: Callable[..., Path], registry: Registry) -> Grid:
    """The small suite and a meta-learner, loaded with a grid in its 14th line."""

    def load_with(text: str, *changes: tuple[str, str], overrides: tuple[str, ...] = ()) -> Suite:
        return load(
            suite_file(META, ("seeds: [0]\n", f"seeds: [0]\ngrid: {text}\n"), *changes),
            registry,
            overrides=overrides,
        )

    return load_with


@pytest.fixture
def errors(grid: Grid, tmp_path: Path) -> Callable[..., list[str]]:
    def of(text: str, *changes: tuple[str, str], overrides: tuple[str, ...] = ()) -> list[str]:
        with pytest.raises(SuiteError) as caught:
            grid(text, *changes, overrides=overrides)
        return str(caught.value).replace(f"{tmp_path}/", "").splitlines()

    return of


Errors = Callable[..., list[str]]


def test_an_entry_becomes_the_product_of_its_lists_in_order(grid: Grid) -> None:
    suite = grid("{base_models.net.hidden: [[8], [4, 4]], base_models.net.dropout: [0.5, 0]}")
    names = [
        "net[dropout=0.5,hidden=[8]]",
        "net[dropout=0,hidden=[8]]",
        "net[dropout=0.5,hidden=[4,4]]",
        "net[dropout=0,hidden=[4,4]]",
    ]
    assert list(suite.base_models) == ["trees", *names]
    values = [([8], 0.5), ([8], 0), ([4, 4], 0.5), ([4, 4], 0)]
    found = [
        (suite.base_models[name].params["hidden"], suite.base_models[name].params["dropout"])
        for name in names
    ]
    assert found == values
    assert suite.expanded == {"net": tuple(names)}


def test_methods_keep_what_the_grid_does_not_say(grid: Grid) -> None:
    suite = grid(
        "{methods.meta.meta_learner.inner_steps: [1, 3], methods.meta.meta_learner.train.epochs: [2]}"
    )
    assert list(suite.methods) == [
        "gating",
        "meta[epochs=2,inner_steps=1]",
        "meta[epochs=2,inner_steps=3]",
    ]
    learner = suite.methods["meta[epochs=2,inner_steps=3]"].meta_learner
    assert learner is not None
    assert (learner.params, learner.train.epochs, learner.adapt) == (
        {"inner_steps": 3},
        2,
        ("selector",),
    )


def test_methods_of_several_supports(grid: Grid) -> None:
    suite = grid("{methods.meta.support_rows: [5, 20, null], methods.gating.support_rows: [0]}")
    assert {name: method.support_rows for name, method in suite.methods.items()} == {
        "gating[support_rows=0]": 0,
        "meta[support_rows=5]": 5,
        "meta[support_rows=20]": 20,
        "meta[support_rows=null]": None,
    }


def test_datasets_and_protocols_multiply_too(grid: Grid) -> None:
    suite = grid("{datasets.toy.path: [a.csv, b.csv], protocols.cold.setting: [warm, cold]}")
    assert list(suite.datasets) == ["toy[path=a.csv]", "toy[path=b.csv]"]
    assert [spec.params["setting"] for spec in suite.protocols.values()] == ["warm", "cold"]
    assert suite.expanded == {}, "names of methods alone"


def test_a_grid_of_one_value_is_that_value_and_whole_uses_may_be_listed(grid: Grid) -> None:
    assert list(grid("{methods.gating.selector.use: [gate]}").methods) == [
        "gating[use=gate]",
        "meta",
    ]
    suite = grid("{methods.gating.selector: [{use: gate}, {use: vote, train: {epochs: 1}}]}")
    assert [method.selector.use for method in suite.methods.values()] == ["gate", "vote", "gate"]


def test_names_that_hold_dots(grid: Grid) -> None:
    suite = grid("{base_models.trees-1.10.depth: [1, 2]}", ("  trees:", "  trees-1.10:"))
    assert list(suite.base_models) == ["trees-1.10[depth=1]", "trees-1.10[depth=2]", "net"]


def test_neither_the_order_of_the_grid_s_lines_nor_spelling_makes_another_name(grid: Grid) -> None:
    one = grid("{base_models.net.hidden: [[8], [4]], base_models.net.dropout: [1e-1, 0.5]}")
    other = grid('{"base_models.net.dropout": [0.10, 5e-1], base_models.net.hidden: [[4], [8]]}')
    assert dict(one.base_models) == dict(other.base_models)


def test_labels_are_as_long_as_tells_them_apart() -> None:
    assert labels([("a", "b"), ("c", "d")]) == ["b", "d"]
    assert labels(
        [("selector", "train", "epochs"), ("meta_learner", "train", "epochs"), ("hidden",)]
    ) == [
        "selector.train.epochs",
        "meta_learner.train.epochs",
        "hidden",
    ]
    assert labels([("train", "epochs"), ("selector", "train", "epochs")]) == [
        "train.epochs",
        "selector.train.epochs",
    ]


def test_different_values_have_different_names() -> None:
    values = [
        4,
        "4",
        4.5,
        True,
        "true",
        None,
        "null",
        "",
        "a",
        "a,b=c",
        "[a]",
        ["a"],
        ["a", "b"],
        ["a,b"],
        {"a": 1},
        1e-5,
        "é",
    ]
    assert (
        len({entry_name("m", {"k": value}) for value in values})
        == len({*map(canonical, values)})
        == len(values)
    )
    assert entry_name("m", {"k": 1e-5}) == "m[k=1e-05]"
    assert entry_name("m", {"k": 1.0}) == entry_name("m", {"k": 1}) == "m[k=1]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{base_models.net.dropuot: [0, 0.5]}", "14:8: unknown parameter 'dropuot' of base model 'net'; did you mean"),
        ("{base_models.net.dropout: [0, 2, 3]}", "14:37: parameter 'dropout' of base model 'net' must be below 1; got 2"),
        ("{base_models.net.dropout: [0.5, 5e-1]}", "14:39: the grid has 0.5 twice here; remove one"),
        ("{base_models.net.clip: [1, 1.0]}", "14:34: the grid has 1.0 twice here; remove one"),
        ("{base_models.nte.dropout: [0]}", "14:8: grid path 'base_models.nte.dropout': no base model 'nte' in base_models"),
        ("{methods.gating: [{}]}", "14:8: grid path 'methods.gating': it must lead to a key inside one entry, like"),
        ("{base_models: [1]}", "14:8: grid path 'base_models': it must lead to a key inside one entry, like"),
        ("{method.meta.x: [1]}", "14:8: grid path 'method.meta.x': a path of the grid starts with one of datasets, pro"),
        ("{seeds: [1]}", "14:8: grid path 'seeds': a path of the grid starts with one of datasets, protocols"),
        ("{base_models.net.dropout.x: [1]}", "14:8: grid path 'base_models.net.dropout.x': base_models.net.dropout is 0.1"),
        ("{base_models.net.dropout: 0.5}", "14:33: grid.base_models.net.dropout must be a list; got 0.5; write [0.5]"),
        ("{base_models.net.dropout: []}", "14:33: grid.base_models.net.dropout must hold at least 1; got a list"),
        ("[1]", "14:7: grid must be a mapping; got a list"),
        (
            "{methods.gating.selector: [{use: gate}], methods.gating.selector.use: [vote]}",
            "14:48: lies inside of methods.gating.selector, which the grid has too",
        ),
        ("{base_models.trees.train: [{epochs: 0}, {l2: 1}]}", "14:43: base_models.trees.train.epochs must be at least 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_grid(errors: Errors, text: str, expected: str) -> None:
    assert errors(text)[0].startswith(f"suite.yaml:{expected}")


def test_a_fault_that_the_entry_has_is_told_once_and_by_the_name_in_the_file(
    errors: Errors,
) -> None:
    fault = ("use: net", "use: net, train: {epochs: 0}")
    assert errors("{base_models.net.hidden: [[1], [2], [3]]}", fault) == [
        "suite.yaml:9:35: base_models.net.train.epochs must be at least 1; got 0"
    ]


def test_what_names_an_expanded_entry_must_name_one_of_those_made(
    errors: Errors, grid: Grid
) -> None:
    text = "{base_models.trees.depth: [1, 2]}\nrelaimpr_base: "
    assert errors(f"{text}trees") == [
        "suite.yaml:15:16: relaimpr_base 'trees' became 2 entries by the grid; did you mean 'trees[depth=1]'?"
    ]
    assert errors(f"{text}'trees[depth=3]'")[0].endswith(
        "is no base model or method; did you mean 'trees[depth=2]'?"
    )
    assert grid(f"{text}'trees[depth=2]'").relaimpr_base == "trees[depth=2]"


def test_a_name_that_is_there_already_or_is_too_long_is_refused(errors: Errors) -> None:
    taken = ("  trees:", "  'net[dropout=0]': {use: net}\n  trees:")
    assert errors("{base_models.net.dropout: [0, 0.5]}", taken) == [
        "suite.yaml:15:8: the grid makes 'net[dropout=0]', which base_models has already; rename that one"
    ]
    (line,) = errors(f"{{datasets.toy.path: [a, {'x' * 120}]}}")
    assert line.startswith("suite.yaml:14:8: the grid makes the name 'toy[path=xxx")
    assert "of 130 characters, at most 100" in line


def test_what_the_command_line_sets_is_not_overridden_in_silence(
    errors: Errors, grid: Grid
) -> None:
    lists = "{base_models.net.dropout: [0, 0.5]}"
    assert errors(lists, overrides=("base_models.net.dropout=0.3",)) == [
        "--set base_models.net.dropout=0.3: the grid gives this key its values; set the grid's list instead"
    ]
    suite = grid(
        lists, overrides=("grid.base_models.net.dropout=[0.3]", "base_models.net.norm=true")
    )
    assert suite.base_models["net[dropout=0.3]"].params["norm"] is True
    assert (
        list(grid("{}", overrides=("grid.base_models.net.dropout=[0.3]",)).base_models)[1]
        == "net[dropout=0.3]"
    )


def numbers(count: int) -> str:
    return f"[{', '.join(map(str, range(1, count + 1)))}]"


@pytest.mark.fault(38)
@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("{" + ", ".join(f"base_models.net.{key}: {numbers(100)}" for key in ("dropout", "clip", "hidden")) + "}",
         "1 dataset x 1 protocol x 1,000,003 methods x 1 seed = 1,000,003 trials"),
        (f"{{base_models.net.clip: {numbers(1000)}, methods.gating.selector.use: {numbers(9000)}}}",
         "1 dataset x 1 protocol x 10,002 methods x 1 seed = 10,002 trials"),
        (f"{{datasets.toy.path: {numbers(1000)}, protocols.cold.folds: {numbers(1000)}}}",
         "1,000 datasets x 1,000 protocols x 4 methods x 1 seed = 4,000,000 trials"),
        ("{" + ", ".join(f"base_models.net.k{n}: [1, 2, 3, 4]" for n in range(300)) + "}", " trials; at most 10,000"),
    ],
    ids=["three lists", "two entries", "data", "astronomical"],
)  # fmt: skip
def test_too_many_trials_are_refused_by_their_count_before_any_is_made(
    errors: Errors, text: str, count: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "bench.suite.compose.grid._entries", lambda *_: pytest.fail("entries are made")
    )
    (line,) = errors(text)
    assert line.startswith("suite.yaml:14:1: ")
    assert count in line
    assert line.endswith("trials; at most 10,000; shorten a list of the grid")


@pytest.mark.fault(38)
def test_seeds_and_entries_alone_may_be_too_many_as_well(errors: Errors) -> None:
    (line,) = errors("{}", ("seeds: [0]", f"seeds: {numbers(3000)}"))
    assert line.endswith(
        "x 4 methods x 3,000 seeds = 12,000 trials; at most 10,000; split the suite"
    )


@pytest.mark.fault(38)
def test_a_big_entry_many_times_is_refused_by_its_values(errors: Errors) -> None:
    hidden = ("dropout: 0.1", f"hidden: {numbers(5000)}")
    (line,) = errors(f"{{base_models.net.dropout: {numbers(100)}}}", hidden)
    assert "values; at most 200,000; shorten a list" in line
