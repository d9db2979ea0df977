"""What is wrong with a suite: each fault one line with its place and its mend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.errors import SuiteError
from bench.registry import Registry
from bench.suite import load

Errors = Callable[..., list[str]]
GATING = "gating: {selector: {use: gate}}"
META = "gating: {selector: {use: gate}, meta_learner: {use: steps, adapt: [selector]}}"
FULL = META.replace("[selector]", "[selector, base_models]")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "dropout",
            "droput",
            "9:19: unknown parameter 'droput' of base model 'net'; did you mean 'dropout'?",
        ),
        (
            "use: net",
            "use: nets",
            "9:14: unknown base model 'nets'; did you mean 'net'? or is it in a file? "
            "give it with --plugins FILE, or under `plugins:`",
        ),
        (
            "dropout: 0.1",
            "dropout: 2",
            "9:28: parameter 'dropout' of base model 'net' must be below 1; got 2",
        ),
        (
            "dropout: 0.1",
            "dropout: high",
            "9:28: parameter 'dropout' of base model 'net' must be a number; got 'high'",
        ),
        (
            "dropout: 0.1",
            "norm: on",
            "9:25: parameter 'norm' of base model 'net' must be true or false; got 'on'; write true",
        ),
        (
            "dropout: 0.1",
            "hidden: 8",
            "9:27: parameter 'hidden' of base model 'net' must be a list; got 8; write [8]",
        ),
        (
            "dropout: 0.1",
            "hidden: [8, 1_0]",
            "9:31: parameter 'hidden.1' of base model 'net' must be a whole number; got '1_0'; write 10",
        ),
        (
            "dropout: 0.1",
            "hidden: [1, 2, 3, 4, 5]",
            "9:27: parameter 'hidden' of base model 'net' must hold at most 4; got a list",
        ),
        (
            "dropout: 0.1",
            "clip: 0",
            "9:25: parameter 'clip' of base model 'net' must be above 0; got 0",
        ),
        (
            "use: trees",
            "use: trees, depth: 1e1",
            "8:30: parameter 'depth' of base model 'trees' must be a whole number; got 1e1; write 10",
        ),
        (
            "path: x.csv",
            "pth: x.csv",
            "4:19: unknown parameter 'pth' of dataset 'toy'; did you mean 'path'?",
        ),
        (", path: x.csv", "", "4:8: dataset 'toy' needs the parameter 'path'; add it"),
        (
            "path: x.csv",
            "path: 1.10",
            "4:25: parameter 'path' of dataset 'toy' must be text; got 1.10; quote it: '1.10'",
        ),
        (
            "path: x.csv",
            "path: x, sides: {a: itm}",
            "4:39: parameter 'sides.a' of dataset 'toy' must be 'user' or 'item'; got 'itm'",
        ),
        (
            "use: user-holdout",
            "use: user-holdout, users: {trian: 1}",
            "6:37: unknown parameter 'users.trian' of protocol 'user-holdout'; did you mean 'train'?",
        ),
        (
            "use: user-holdout",
            "use: user-holdout, users: {train: 0.9}",
            "6:36: parameter 'users' of protocol 'user-holdout': shares of users add up to 1.1; they must add up to 1",
        ),
    ],
)
def test_faults_of_plugins_and_their_parameters(
    errors_of: Errors, old: str, new: str, expected: str
) -> None:
    assert errors_of((old, new)) == [f"suite.yaml:{expected}"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("version: 1", "version: 2", "1:10: version must be 1; got 2"),
        ("version: 1\n", "", "1:1: the suite lacks the key 'version'; add it"),
        (
            "base_models:",
            "base_model:",
            "7:1: unknown key 'base_model' in the suite; did you mean 'base_models'?",
        ),
        ("seeds:", "seed:", "12:1: unknown key 'seed' in the suite; did you mean 'seeds'?"),
        ("name: small", "name: 1.10", "2:7: name must be text; got 1.10; quote it: '1.10'"),
        ("name: small", "name: ''", "2:7: name must have at least 1 characters; got ''"),
        ("name: small", 'name: "a\\nb"', "2:7: name: must hold visible characters alone"),
        ("name: small", 'name: " "', "2:7: name: must neither begin nor end with a blank"),
        ("name: small", 'name: "a "', "2:7: name: must neither begin nor end with a blank"),
        ("  toy: {", '  " toy": {', "4:3: the name ' toy' must neither begin nor end with a blank"),
        ("  net:", '  "net ":', "9:3: the name 'net ' must neither begin nor end with a blank"),
        (
            "seeds:",
            "seed: 1\nseeds:",
            "12:1: unknown key 'seed' in the suite; did you mean 'seeds'?",
        ),
        (
            "seeds:",
            "includes: a.yaml\nseeds:",
            "12:1: unknown key 'includes' in the suite; did you mean 'include'?",
        ),
        ("seeds: [0]", "seeds: []", "12:8: seeds must hold at least 1; got a list"),
        ("seeds: [0]", "seeds: [0, 1, 0]", "12:8: seeds: holds 0 twice; remove one"),
        ("seeds: [0]", "seeds: [-1]", "12:9: seeds.0 must be at least 0; got -1"),
        (
            "seeds: [0]",
            "seeds: [2147483648]",
            "12:9: seeds.0 must be below 2147483648; got 2147483648",
        ),
        ("seeds: [0]", "seeds: [true]", "12:9: seeds.0 must be a whole number; got true"),
        ("{use: trees}", "trees", "8:10: base_models.trees must be a mapping; got 'trees'"),
        ("{use: trees}", "{}", "8:10: base_models.trees lacks the key 'use'; add it"),
        ("  trees: {use: trees}", "  trees:", "8:9: base_models.trees must be a mapping; got null"),
        (
            "trees: {use",
            f"{'x' * 101}: {{use",
            f"8:3: the name '{'x' * 55}...' must have at most 100 characters",
        ),
        (
            "use: net",
            "use: net, train: {epoch: 5}",
            "9:27: unknown key 'epoch' in base_models.net.train; did you mean 'epochs'?",
        ),
        (
            "use: net",
            "use: net, train: {epochs: 0}",
            "9:35: base_models.net.train.epochs must be at least 1; got 0",
        ),
        (
            "use: user-holdout",
            "use: user-holdout, folds: 21",
            "6:36: protocols.cold.folds must be at most 20; got 21",
        ),
        (
            "use: user-holdout",
            "use: user-holdout, split_seed: x",
            "6:41: protocols.cold.split_seed must be a whole number or 'trial'; got 'x'",
        ),
        (
            "selector: {use: gate}",
            "selectr: {use: gate}",
            "11:12: unknown key 'selectr' in methods.gating; did you mean 'selector'?",
        ),
        (
            "selector: {use: gate}",
            "select: soft",
            "11:11: methods.gating lacks the key 'selector'; add it",
        ),
        (
            GATING,
            META.replace(", adapt: [selector]", ""),
            "11:49: methods.gating.meta_learner lacks the key 'adapt'; add it",
        ),
        (
            GATING,
            META.replace("[selector]", "[]"),
            "11:69: methods.gating.meta_learner.adapt",
        ),
        (
            "selector: {use: gate}",
            "selector: {use: gate}, calibrate: item",
            "11:46: methods.gating.calibrate must be 'user'; got 'item'",
        ),
        *(
            (
                "selector: {use: gate}",
                f"selector: {{use: gate}}, support_rows: {value}",
                f"11:49: methods.gating.support_rows must be {told}",
            )
            for value, told in [
                ("-1", "at least 0; got -1"),
                ("2147483648", "below 2147483648; got 2147483648"),
                ("true", "a whole number; got true"),
                ("2.5", "a whole number; got 2.5"),
                ("1e1", "a whole number; got 1e1; write 10"),
                ("all", "a whole number; got 'all'"),
                ("'5'", "a whole number; got '5'; write 5"),
                ("[5, 10]", "a whole number; got a list"),
            ]
        ),
        (
            "seeds:",
            "metrics: auc\nseeds:",
            "12:10: metrics must be a list; got 'auc'; write ['auc']",
        ),
        (
            "seeds:",
            "gate: {tolerance: {auc: -1}}\nseeds:",
            "12:25: gate.tolerance.auc must be at least 0; got -1",
        ),
    ],
)
def test_faults_of_the_harness_s_keys(errors_of: Errors, old: str, new: str, expected: str) -> None:
    assert errors_of((old, new))[0].startswith(f"suite.yaml:{expected}")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "  trees:",
            "  best-single:",
            "8:3: 'best-single' is a row of every report; choose another name",
        ),
        (
            "  gating:",
            "  perfect-user:",
            "11:3: 'perfect-user' is a row of every report; choose another name",
        ),
        (
            "  gating:",
            "  net:",
            "11:3: 'net' is a base model already, which is a method of its own; choose another name",
        ),
        (
            "seeds:",
            "relaimpr_base: gatin\nseeds:",
            "12:16: relaimpr_base 'gatin' is no base model or method; did you mean 'gating'?",
        ),
        (
            "seeds:",
            "metrics: [auc, loglos]\nseeds:",
            "12:16: unknown metric 'loglos'; did you mean 'logloss'? or is it in a file? give it with --plugins FILE, or "
            "under `plugins:`",
        ),
        (
            "seeds:",
            "metrics: [auc]\ngate: {tolerance: {gauc: 1e-3}}\nseeds:",
            "13:20: tolerance of 'gauc', which is no metric of the suite; list it under `metrics`, too",
        ),
        (
            "seeds:",
            "metrics: [auc]\nprimary: gauc\nseeds:",
            "13:10: primary 'gauc' is no metric of the suite; list it under `metrics`, too",
        ),
        (
            "seeds:",
            "metrics: [auc]\ngate: {tolerance: {acu: 1e-3}}\nseeds:",
            "13:20: tolerance of 'acu', which is no metric of the suite; did you mean 'auc'?",
        ),
        (
            GATING,
            "gating: {selector: {use: vote}, select: hard}",
            "11:43: select: hard takes a differentiable selector, and 'vote' is none; choose another or drop the key",
        ),
        (
            GATING,
            META.replace("use: gate", "use: vote"),
            "11:28: selector 'vote' is not differentiable: no meta-learner can adapt it; choose another or drop meta_learner",
        ),
        (
            GATING,
            FULL,
            "11:69: base model 'trees' (trees) is not differentiable: it can't be adapted; write [selector] or leave it out",
        ),
    ],
)
def test_faults_between_keys(errors_of: Errors, old: str, new: str, expected: str) -> None:
    assert errors_of((old, new)) == [f"suite.yaml:{expected}"]


def test_a_protocol_that_leaves_no_validation_users_is_refused(errors_of: Errors) -> None:
    none_left = ("use: user-holdout", "use: user-holdout, users: {train: 0.8, valid: 0, test: 0.2}")
    assert errors_of(none_left) == [
        "suite.yaml:6:56: protocol 'cold' leaves no validation users, on whom early stopping, best-single and strengths are "
        "chosen; give valid a share, 0.1 say"
    ]


def test_adapting_base_models_refuses_predictions_that_do_not_fit(errors_of: Errors) -> None:
    method = FULL.replace("}}", "}, base_predictions: out-of-sample}")
    assert errors_of((GATING, method), ("  trees: {use: trees}\n", "")) == [
        "suite.yaml:10:113: adapting base models takes base_predictions in-sample or holdout; got out-of-sample; drop the key"
    ]


@pytest.mark.parametrize(
    ("train", "place", "expected"),
    [
        (
            "max_support: 50",
            "89: train.max_support",
            "is read with episodes like-test alone, and they are chronological; drop the key, or write episodes: like-test",
        ),
        (
            "episodes: window, max_support: 100",
            "107: train.max_support",
            "is read with episodes like-test alone, and they are window; drop the key, or write episodes: like-test",
        ),
        (
            "episodes: like-test, support_fraction: 0.5",
            "110: train.support_fraction",
            "is not read with episodes like-test, which draw the size of each support; drop the key, or choose other episodes",
        ),
    ],
)
def test_a_setting_of_other_episodes_is_refused(
    errors_of: Errors, train: str, place: str, expected: str
) -> None:
    method = META.replace("}}", f", train: {{{train}}}}}}}")
    assert errors_of((GATING, method)) == [f"suite.yaml:11:{place} of method 'gating' {expected}"]


def test_a_rate_of_base_models_that_are_not_adapted_is_refused(errors_of: Errors) -> None:
    method = META.replace("}}", ", train: {base_learning_rate: 1e-3, max_support: 9}}}")
    rate, support = errors_of((GATING, method))
    assert rate == (
        "suite.yaml:11:89: train.base_learning_rate of method 'gating' is read where base models are adapted, and adapt "
        "names the selector alone; drop the key, or add base_models to adapt"
    )
    assert support.startswith("suite.yaml:11:115: train.max_support of method 'gating' ")


@pytest.mark.parametrize(
    ("adapt", "right"),
    [("[selector/gate.weight]", False), ("[net]", True), ("[base_models]", True)],
)
def test_a_rate_of_base_models_needs_some_that_are_adapted(
    suite_file: Callable[..., Path], registry: Registry, adapt: str, right: bool
) -> None:
    method = META.replace("[selector]}}", f"{adapt}, train: {{base_learning_rate: 1e-3}}}}}}")
    file = suite_file((GATING, method), ("  trees: {use: trees}\n", ""))
    if right:
        assert load(file, registry)
    else:
        with pytest.raises(
            SuiteError, match="base_learning_rate of method 'gating' is read where base"
        ):
            load(file, registry)


@pytest.mark.parametrize(
    "train",
    [
        "{}",
        "{episodes: like-test, max_support: 50}",
        "{episodes: like-test, support_fraction: 0}",
        "{support_fraction: 0.5}",
    ],
)
def test_a_setting_of_its_episodes_is_right(
    suite_file: Callable[..., Path], registry: Registry, train: str
) -> None:
    assert load(suite_file((GATING, META.replace("}}", f", train: {train}}}}}"))), registry)


def test_episodes_set_otherwise_on_the_command_line_are_checked(
    suite_file: Callable[..., Path], registry: Registry
) -> None:
    file = suite_file(
        (GATING, META.replace("}}", ", train: {episodes: like-test, max_support: 50}}}"))
    )
    with pytest.raises(
        SuiteError,
        match=r"suite.yaml:11:110: train.max_support .* and they are random; drop the key",
    ):
        load(file, registry, overrides=["methods.gating.meta_learner.train.episodes=random"])
    with pytest.raises(
        SuiteError, match=r"^--set \S+: train.support_fraction of method 'gating' is not read"
    ):
        load(file, registry, overrides=["methods.gating.meta_learner.train.support_fraction=0.5"])


def test_episodes_of_a_grid_are_checked_one_by_one(errors_of: Errors) -> None:
    method = (GATING, META.replace("}}", ", train: {max_support: 50}}}"))
    grid = (
        "seeds:",
        "grid: {methods.gating.meta_learner.train.episodes: [like-test, window]}\nseeds:",
    )
    (line,) = errors_of(method, grid)
    assert line.startswith("suite.yaml:11:89: train.max_support of method 'gating[")
    assert "and they are window" in line


def test_a_source_of_predictions_that_there_is_not(errors_of: Errors) -> None:
    assert errors_of(("use: user-holdout", "use: user-holdout, base_predictions: hold-out")) == [
        "suite.yaml:6:47: protocols.cold.base_predictions must be 'out-of-sample', 'holdout' or 'in-sample'; got 'hold-out'"
    ]


@pytest.mark.parametrize("protocol", ["leave-last", "temporal"])
def test_a_holdout_in_blocks_is_refused(errors_of: Errors, protocol: str) -> None:
    held_out = (
        "the block before each user's query is held out by out-of-sample already; drop the key"
    )
    assert errors_of(("use: user-holdout", f"use: {protocol}, base_predictions: holdout")) == [
        f"suite.yaml:6:{35 + len(protocol)}: protocol 'cold' ({protocol}) has no base_predictions holdout: {held_out}"
    ]
    own = (GATING, GATING[:-1] + ", base_predictions: holdout}")
    assert errors_of(
        (
            "  cold: {use: user-holdout}",
            f"  cold: {{use: user-holdout}}\n  last: {{use: {protocol}}}",
        ),
        own,
    ) == [
        "suite.yaml:12:53: method 'gating' can't take base_predictions holdout under protocol 'last': "
        f"{held_out}, or the protocol"
    ]


@pytest.mark.parametrize(
    "protocol", ["user-holdout, setting: warm", "user-holdout, setting: cold", "given"]
)
def test_a_holdout_of_a_protocol_or_method_is_right(
    suite_file: Callable[..., Path], registry: Registry, protocol: str
) -> None:
    own = (GATING, GATING[:-1] + ", base_predictions: holdout}")
    assert load(suite_file(("use: user-holdout", f"use: {protocol}"), own), registry)
    assert load(
        suite_file(("use: user-holdout", f"use: {protocol}, base_predictions: holdout")), registry
    )


def test_all_faults_are_told_in_the_order_of_the_file(errors_of: Errors) -> None:
    lines = errors_of(
        ("name: small", "name: 5"),
        ("dropout", "droput"),
        ("use: trees", "use: tree"),
        ("seeds: [0]", "sed: 1"),
    )
    assert [line.split(":")[1] for line in lines] == ["2", "8", "9", "12"]
    assert all(line.startswith("suite.yaml:") for line in lines)


def test_a_great_many_faults_are_cut_short_and_counted(errors_of: Errors) -> None:
    lines = errors_of(("seeds: [0]", f"seeds: [{', '.join(['-1'] * 200)}]"))
    assert len(lines) == 52
    assert lines[-1] == "suite.yaml: and 149 more"


@pytest.mark.fault(43)
def test_a_hostile_name_forges_no_line(errors_of: Errors) -> None:
    lines = errors_of(
        (
            "  trees: {use: trees}",
            '  "a\\nsuite.yaml:1:1: all is well\\e[2J": {use: trees, train: 5}',
        )
    )
    assert all("\x1b" not in line and line.startswith("suite.yaml:8:") for line in lines)


def test_a_list_of_names_forges_no_line_either(errors_of: Errors) -> None:
    hostile = '  "a\\nsuite.yaml:1:1: all is well": {use: trees}\n  trees: {use: trees}'
    lines = errors_of(
        ("  trees: {use: trees}", hostile),
        ("seeds: [0]", "seeds: [0]\ngrid:\n  base_models.xyzzy.dropout: [1]"),
    )
    assert [line.split(":")[1] for line in lines] == ["15"]
    assert r"there are: 'a\nsuite.yaml:1:1: all is well', trees, net" in lines[0]


@pytest.mark.fault(39)
@pytest.mark.parametrize(
    ("plugin", "expected"),
    [
        ("../outside.py", "lies outside the suite's folder; move it there"),
        ("/etc/hostname", "lies outside the suite's folder; move it there"),
        ("/dev/zero", "lies outside the suite's folder; move it there"),
        ("link.py", "lies outside the suite's folder; move it there"),
        ("loop.py", "does not exist; paths start at the suite's folder"),
        ("none.py", "does not exist; paths start at the suite's folder"),
        ('"a\\0b"', "lies outside the suite's folder; move it there"),
        ("x" * 5000, "does not exist; paths start at the suite's folder"),
    ],
)
def test_a_suite_names_plugins_below_its_own_folder_only(
    errors_of: Errors, tmp_path: Path, plugin: str, expected: str
) -> None:
    (tmp_path / "link.py").symlink_to("/etc/hostname")
    (tmp_path / "loop.py").symlink_to(tmp_path / "loop.py")
    (error,) = errors_of(("seeds:", f"plugins: [{plugin}]\nseeds:"))
    assert error.startswith("suite.yaml:12:11: plugin ")
    assert error.endswith(expected)


@pytest.mark.parametrize("content", ["", "# nothing\n", "- 1\n", "text\n"])
def test_a_file_that_holds_no_mapping_is_no_suite(
    tmp_path: Path, registry: Registry, content: str
) -> None:
    path = tmp_path / "suite.yaml"
    path.write_text(content, "utf-8")
    with pytest.raises(
        SuiteError, match=r"suite.yaml:1:1: a suite is a mapping; start with `version: 1`"
    ):
        load(path, registry)


@pytest.mark.fault(39)
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("none.yaml", "none.yaml: no such file"),
        (".", "not a regular file"),
        ("/dev/zero", "not a regular file"),
    ],
)
def test_a_path_that_is_no_file_is_an_error(
    tmp_path: Path, registry: Registry, path: str, expected: str
) -> None:
    with pytest.raises(SuiteError, match=expected):
        load(tmp_path / path, registry)


@pytest.mark.fault(43)
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../evil", "must hold no / or \\ and not begin with a dot"),
        ("/tmp/evil", "must hold no / or \\ and not begin with a dot"),
        ("a\\\\b", "must hold no / or \\ and not begin with a dot"),
        ("..", "must hold no / or \\ and not begin with a dot"),
        (".hidden", "must hold no / or \\ and not begin with a dot"),
        ("模" * 86, "must have at most 255 bytes and has 258"),
        ("x" * 101, "at most 100 characters"),
    ],
)
def test_a_suite_s_name_is_that_of_a_folder(errors_of: Errors, name: str, expected: str) -> None:
    (line,) = errors_of(("name: small", f'name: "{name}"'))
    assert line.startswith("suite.yaml:2:7: name")
    assert expected in line
    assert "choose another name" in line or "got" in line


def test_two_places_that_read_alike_are_refused(errors_of: Errors) -> None:
    """What is known of a dataset under a protocol lies under DATASET/PROTOCOL: one would be shown as the other."""
    (line,) = errors_of(
        ("  toy: {use: toy, path: x.csv}", "  a: {use: toy, path: x}\n  a/b: {use: toy, path: x}"),
        ("  cold: {use: user-holdout}", "  b/c: {use: user-holdout}\n  c: {use: user-holdout}"),
    )
    assert line == (
        "suite.yaml:8:3: dataset 'a/b' under protocol 'c' reads as 'a' under 'b/c'; choose a name without /"
    )
