"""`--set a.b=1`: which value it replaces, and how a slip is told."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.errors import SuiteError
from bench.registry import Registry
from bench.run import run
from bench.suite import Suite, load

SuiteFile = Callable[..., Path]
Setting = Callable[..., Suite]
DOTTED = ("  trees: {use: trees}", "  trees-1.10: {use: trees}\n  a.b: {use: net}\n  a: {use: net}")


@pytest.fixture
def setting(suite_file: SuiteFile, registry: Registry) -> Setting:
    """The small suite, with its base models renamed, loaded with overrides."""
    return lambda *overrides: load(suite_file(DOTTED), registry, overrides=overrides)


@pytest.mark.parametrize(
    ("override", "model", "parameter", "value"),
    [
        ("base_models.net.dropout=5e-1", "net", "dropout", 0.5),
        ("base_models.net.hidden=[64, 32]", "net", "hidden", [64, 32]),
        ("base_models.net.norm=true", "net", "norm", True),
        ("base_models.net.clip=null", "net", "clip", None),
        ("base_models.trees-1.10.depth=3", "trees-1.10", "depth", 3),
        ("base_models.a.b.dropout=0", "a.b", "dropout", 0),
        ("base_models.a.dropout=0", "a", "dropout", 0),
        ("base_models.net={use: trees, depth: 2}", "net", "depth", 2),
        ("base_models.new={use: trees, depth: 2}", "new", "depth", 2),
    ],
)
def test_a_value_is_read_as_yaml_and_put_where_the_path_leads(
    setting: Setting, override: str, model: str, parameter: str, value: object
) -> None:
    assert setting(override).base_models[model].params[parameter] == value


def test_other_keys_and_mappings_that_are_not_there_yet(setting: Setting) -> None:
    suite = setting(
        "seeds=[0, 1]",
        "train.epochs=3",
        "base_models.net.train.l2=0",
        "gate.tolerance.auc=1e-3",
        "datasets.toy.path=a=b.csv",
        "name='1.10'",
    )
    assert (suite.seeds, suite.name, suite.tolerance) == ((0, 1), "1.10", {"auc": 1e-3})
    assert (suite.base_models["net"].train.epochs, suite.base_models["net"].train.l2) == (3, 0)
    assert suite.datasets["toy"].params["path"] == "a=b.csv", "split at the first ="


def test_the_last_of_several_stands(setting: Setting) -> None:
    assert setting("seeds=[1]", "seeds=[2]").seeds == (2,)


def test_the_same_suite_as_one_that_is_written_so_but_for_its_digest(
    suite_file: SuiteFile, registry: Registry
) -> None:
    overridden = load(suite_file(), registry, overrides=["base_models.net.dropout=0.3"])
    assert overridden.digest != hashlib.sha256(suite_file().read_bytes()).hexdigest()
    written = load(suite_file(("dropout: 0.1", "dropout: 0.3")), registry)
    assert overridden.base_models == written.base_models
    assert overridden.methods == written.methods


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (
            "base_models.net.droput=2",
            "unknown parameter 'droput' of base model 'net'; did you mean 'dropout'?",
        ),
        (
            "base_models.net.dropout=2",
            "parameter 'dropout' of base model 'net' must be below 1; got 2",
        ),
        (
            "base_models.net.dropout=1e1",
            "parameter 'dropout' of base model 'net' must be below 1; got 1e1",
        ),
        ("base_models.nte.dropout=0", "no base model 'nte' in base_models; did you mean 'net'?"),
        ("methods.gating.selector.use=gaet", "unknown selector 'gaet'; did you mean 'gate'?"),
        ("methods.new={selector: {use: gaet}}", "unknown selector 'gaet'; did you mean 'gate'?"),
        ("sedes=[0]", "unknown key 'sedes' in the suite; did you mean 'seeds'?"),
        (
            "base_models.net.train.epoch=2",
            "unknown key 'epoch' in base_models.net.train; did you mean 'epochs'?",
        ),
        (
            "relaimpr_base=nte",
            "relaimpr_base 'nte' is no base model or method; did you mean 'net'?",
        ),
        ("name=1.10", "name must be text; got 1.10; quote it: '1.10'"),
        (
            "base_models.net.hidden=[1_000]",
            "parameter 'hidden.0' of base model 'net' must be a whole number; got '1_000'",
        ),
        (
            "base_models.net.norm=on",
            "parameter 'norm' of base model 'net' must be true or false; got 'on'; write true",
        ),
        (
            "base_models.net.dropout.x=1",
            "base_models.net.dropout is 0.1, which has no keys; set it as a whole",
        ),
        ("seeds.0=1", "seeds is a list, which has no keys; set it as a whole"),
        ("seeds", "no '='; write --set PATH=VALUE"),
        ("=1", "an empty key; write it as KEY.KEY.KEY"),
        ("train..epochs=1", "an empty key; write it as KEY.KEY.KEY"),
        ("seeds=", "no value behind the '='; write null or '' if that is meant"),
        ("seeds=# nothing", "no value behind the '='; write null or '' if that is meant"),
        ("seeds=[0", "not YAML: "),
        ("seeds=&a [0]", "anchor &a; remove it, a suite has no anchors"),
        ("seeds=*a", "alias *a; write the value out, a suite has no aliases"),
        ("base_models.net={use: net, use: net}", "key 'use' again, first in line 1; remove one"),
        ("seeds=!!int 1", "tag 'tag:yaml.org,2002:int'; remove it"),
        ("seeds=\udcff", "byte 0xff is not UTF-8"),
        ("include=more.yaml", "include can't be set; write it in the suite"),
        ("plugins=[../x.py]", "plugin '../x.py' lies outside the suite's folder; move it there"),
    ],
)
def test_a_slip_is_told_with_the_option_for_its_place(
    suite_file: SuiteFile, registry: Registry, override: str, expected: str
) -> None:
    with pytest.raises(SuiteError) as caught:
        load(suite_file(), registry, overrides=[override])
    assert str(caught.value).startswith(f"--set {override}: {expected}")


def test_a_long_option_is_cut_and_forges_no_line(suite_file: SuiteFile, registry: Registry) -> None:
    with pytest.raises(SuiteError) as caught:
        load(
            suite_file(), registry, overrides=[f"{'x' * 600}=1", "name=\nsuite.yaml:1:1: forged: 1"]
        )
    lines = str(caught.value).splitlines()
    assert [line[:12] for line in lines] == ["--set name= ", "--set xxxxxx"]
    assert lines[1].endswith("…: a path of 600 characters; at most 500")
    assert all(len(line) < 200 for line in lines)


@pytest.mark.fault(36)
@pytest.mark.parametrize(
    "value", ["[" * 5000, "a: 1\n" * 300_000, "9" * 1000, "{" + "a: 1, " * 200_000 + "}"]
)
def test_a_hostile_value_is_one_line(suite_file: SuiteFile, registry: Registry, value: str) -> None:
    with pytest.raises(SuiteError) as caught:
        load(suite_file(), registry, overrides=[f"seeds={value}"])
    assert len(str(caught.value).splitlines()) == 1


def test_faults_of_the_file_stay_at_their_place(suite_file: SuiteFile, registry: Registry) -> None:
    file = suite_file(("use: trees", "use: tree"))
    with pytest.raises(SuiteError) as caught:
        load(file, registry, overrides=["base_models.net.dropout=2"])
    assert [line.partition(": ")[0] for line in str(caught.value).splitlines()] == [
        f"{file}:8:16",
        "--set base_models.net.dropout=2",
    ]


def test_a_suite_that_is_loaded_already_takes_none(
    suite_file: SuiteFile, registry: Registry
) -> None:
    with pytest.raises(SuiteError, match="overrides are of a suite file"):
        run(load(suite_file(), registry), overrides=("seeds=[1]",))


def test_a_rule_between_keys_is_told_at_the_option_that_broke_it(
    suite_file: SuiteFile, registry: Registry
) -> None:
    theirs = ("  trees: {use: trees}", "  theirs: {use: predictions, path: x.csv, probability: p}")
    with pytest.raises(SuiteError) as caught:
        load(suite_file(theirs), registry, overrides=["base_models.theirs.logit=score"])
    assert str(caught.value) == (
        "--set base_models.theirs.logit=score: base model 'predictions': name the column of scores: probability or logit, "
        "one of them"
    )
    broken = (
        "  trees: {use: trees}",
        "  theirs: {use: predictions, path: x.csv, probability: p, logit: z}",
    )
    with pytest.raises(
        SuiteError, match=r"suite\.yaml:8:11: base model 'predictions': name the column"
    ):
        load(suite_file(broken), registry, overrides=["base_models.net.dropout=0"])
