"""A suite, right: what its keys mean and what stands for those that are absent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.errors import PluginError
from bench.registry import Registry
from bench.settings import MetaTrainSettings, TrainSettings
from bench.suite import DatasetSpec, ProtocolSpec, load, used_plugins

SuiteFile = Callable[..., Path]
META = (
    "gating: {selector: {use: gate}}",
    "meta: {selector: {use: gate}, meta_learner: {use: steps, adapt: [selector]}}",
)
FULL = (META[0], META[1].replace("[selector]", "[selector, base_models]"))
NET_ALONE = ("  trees: {use: trees}\n", "")
HOOK = "from bench import hookimpl\n@hookimpl\n"


def test_defaults_are_filled_in(suite_file: SuiteFile, registry: Registry) -> None:
    path = suite_file()
    suite = load(path, registry)
    assert suite.name == "small"
    assert suite.file == path
    assert suite.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert suite.datasets == {"toy": DatasetSpec("toy", {"path": "x.csv", "sides": {}})}
    assert list(suite.base_models) == ["trees", "net"]
    assert suite.base_models["net"].params == {
        "hidden": [8],
        "dropout": 0.1,
        "norm": False,
        "clip": None,
    }
    assert suite.base_models["net"].train == TrainSettings()
    assert suite.methods["gating"].meta_learner is None
    assert suite.methods["gating"].base_predictions is None
    assert suite.seeds == (0,)
    assert tuple(suite.metrics) == ("auc", "logloss", "relaimpr", "gauc")
    assert suite.relaimpr_base == "best-single"
    assert suite.tolerance == {}


def test_every_value_has_its_place(suite_file: SuiteFile, registry: Registry) -> None:
    path = suite_file()
    places = load(path, registry).places
    assert places["base_models", "net", "dropout"] == (str(path), 9, 28)
    assert places["seeds", 0] == (str(path), 12, 9)


def test_a_protocol_has_keys_of_the_harness(suite_file: SuiteFile, registry: Registry) -> None:
    keys = (
        "use: user-holdout, setting: warm, base_predictions: in-sample, folds: 3, split_seed: trial"
    )
    (protocol,) = load(suite_file(("use: user-holdout", keys)), registry).protocols.values()
    assert protocol == ProtocolSpec(
        "user-holdout", protocol.params, "in-sample", folds=3, split_seed=None
    )
    assert protocol.params["setting"] == "warm"
    assert "folds" not in protocol.params


def test_train_is_overridden_key_by_key(suite_file: SuiteFile, registry: Registry) -> None:
    own = ("use: net", "use: net, train: {epochs: 5}")
    selector = ("use: gate", "use: gate, train: {l2: 0}")
    suite = load(
        suite_file(("seeds:", "train: {epochs: 9, batch_size: 64}\nseeds:"), own, selector),
        registry,
    )
    assert suite.base_models["trees"].train == TrainSettings(epochs=9, batch_size=64)
    assert suite.base_models["net"].train == TrainSettings(epochs=5, batch_size=64)
    assert suite.methods["gating"].selector.train == TrainSettings(epochs=9, batch_size=64, l2=0)


def test_a_meta_learner_has_train_settings_of_its_own(
    suite_file: SuiteFile, registry: Registry
) -> None:
    train = ("use: steps", "use: steps, train: {users: 8}, frozen_fields: [item_id]")
    suite = load(suite_file(META, train, ("seeds:", "train: {epochs: 9}\nseeds:")), registry)
    learner = suite.methods["meta"].meta_learner
    assert learner is not None
    assert learner.train == MetaTrainSettings(users=8)
    assert learner.frozen_fields == ("item_id",)
    assert not learner.full


def test_adapting_base_models_takes_in_sample_predictions_by_default(
    suite_file: SuiteFile, registry: Registry
) -> None:
    assert load(suite_file(META), registry).methods["meta"].base_predictions is None
    full = load(suite_file(FULL, NET_ALONE), registry).methods["meta"]
    assert full.base_predictions_under("out-of-sample") == "in-sample"
    assert full.full
    assert not load(suite_file(META), registry).methods["meta"].full


@pytest.mark.parametrize("source", ["out-of-sample", "holdout", "in-sample"])
def test_a_method_takes_its_protocol_s_predictions_unless_it_has_its_own(
    suite_file: SuiteFile, registry: Registry, source: str
) -> None:
    path = suite_file(("use: user-holdout", f"use: user-holdout, base_predictions: {source}"))
    suite = load(path, registry)
    assert (
        suite.methods["gating"].base_predictions_under(suite.protocols["cold"].base_predictions)
        == source
    )
    own = ("{selector: {use: gate}}", "{selector: {use: gate}, base_predictions: holdout}")
    gating = load(suite_file(own), registry).methods["gating"]
    assert gating.base_predictions_under(suite.protocols["cold"].base_predictions) == "holdout"


def test_adapting_base_models_takes_a_holdout_of_the_protocol_or_of_its_own(
    suite_file: SuiteFile, registry: Registry
) -> None:
    full = load(suite_file(FULL, NET_ALONE), registry).methods["meta"]
    assert full.base_predictions_under("holdout") == "holdout"
    for source in ("holdout", "in-sample"):
        own = (FULL[0], FULL[1][:-1] + f", base_predictions: {source}}}")
        method = load(suite_file(own, NET_ALONE), registry).methods["meta"]
        assert method.base_predictions_under("holdout") == source
        assert method.base_predictions_under("out-of-sample") == source


def test_a_method_may_be_calibrated_by_user(suite_file: SuiteFile, registry: Registry) -> None:
    change = ("gating: {selector: {use: gate}}", "gating: {selector: {use: gate}, calibrate: user}")
    assert load(suite_file(change), registry).methods["gating"].calibrate == "user"
    assert load(suite_file(), registry).methods["gating"].calibrate is None


@pytest.mark.parametrize(("written", "rows"), [("0", 0), ("5", 5), ("null", None)])
def test_a_method_may_see_few_rows_of_support(
    suite_file: SuiteFile, registry: Registry, written: str, rows: int | None
) -> None:
    change = (
        "gating: {selector: {use: gate}}",
        f"gating: {{selector: {{use: gate}}, support_rows: {written}}}",
    )
    assert load(suite_file(change), registry).methods["gating"].support_rows == rows
    assert load(suite_file(), registry).methods["gating"].support_rows is None


@pytest.mark.fault(37)
def test_yaml_11_surprises_are_names_like_any(suite_file: SuiteFile, registry: Registry) -> None:
    assert list(load(suite_file(("gating", "on")), registry).methods) == ["on"]


def test_the_plugins_that_a_suite_uses(suite_file: SuiteFile, registry: Registry) -> None:
    assert used_plugins(load(suite_file(META), registry)) == (
        ("datasets", "toy"),
        ("protocols", "user-holdout"),
        ("models", "trees"),
        ("models", "net"),
        ("selectors", "gate"),
        ("meta_learners", "steps"),
    )


def test_a_suite_loads_its_own_plugins(
    suite_file: SuiteFile, registry: Registry, tmp_path: Path
) -> None:
    source = (
        Path(registry.paths[0])
        .read_text("utf-8")
        .replace('"trees"', '"forest"')
        .replace('"net"', '"net-2"')
    )
    renamed = (
        source.replace('"toy"', '"toy-2"')
        .replace('"vote"', '"vote-2"')
        .replace('"gate"', '"gate-2"')
    )
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "own.py").write_text(renamed.replace('"steps"', '"steps-2"'), "utf-8")
    suite = load(
        suite_file(("seeds:", "plugins: [models/own.py]\nseeds:"), ("use: trees", "use: forest")),
        registry,
    )
    assert suite.plugins == ((tmp_path / "models" / "own.py").resolve(),)
    assert suite.base_models["trees"].params == {"depth": 6}


def test_plugins_given_to_load_are_loaded_too(suite_file: SuiteFile, registry: Registry) -> None:
    assert load(suite_file(), plugins=registry.paths) == load(suite_file(), registry)


@pytest.mark.fault(2)
def test_plugins_that_clash_are_an_error_of_the_plugins(
    suite_file: SuiteFile, registry: Registry, tmp_path: Path
) -> None:
    (tmp_path / "clash.py").write_text(
        HOOK + "def bench_models(): return {'net': 'x:A'}\n", "utf-8"
    )
    with pytest.raises(PluginError, match="two plugins claim base model 'net'"):
        load(suite_file(("seeds:", "plugins: [clash.py]\nseeds:")), registry)


@pytest.mark.parametrize(
    "broken",
    [
        "import no_such_module\nNAME = 'gone'\n",
        HOOK + "def bench_models(): return {'gone': 'no_such_module:A'}\n",
    ],
)
def test_an_unavailable_plugin_is_no_fault_of_the_suite(
    suite_file: SuiteFile, registry: Registry, tmp_path: Path, broken: str
) -> None:
    (tmp_path / "broken.py").write_text(broken, "utf-8")
    change = ("use: trees", "use: gone, whatever: [1]")
    suite = load(suite_file(change, ("seeds:", "plugins: [broken.py]\nseeds:")), registry)
    assert suite.base_models["trees"].params == {"whatever": [1]}
