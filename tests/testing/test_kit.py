"""The conformance kit: what conforms passes, and each rule's breach is caught under its own name."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
import torch

from bench.errors import PluginError
from bench.registry import load_registry
from bench.testing import CHECKS, assert_conforms, check_names, check_plugin
from bench.testing.declarations import declarations
from bench.testing.subjects import subject_of
from tests.testing import (
    broken,
    broken_datasets,
    broken_metrics,
    broken_notes,
    broken_processes,
    broken_protocols,
)
from tests.testing import broken_differentiable as differentiable

FIXTURES = Path(__file__).parents[1] / "fixtures"
REGISTRY = load_registry([FIXTURES / "single_file_plugin.py"], autoload=False)
NEEDS_A_FILE = {"predictions", "table"}  # whose path has no default
CHECKED = [(kind, n) for kind in CHECKS for n in REGISTRY.names(kind) if n not in NEEDS_A_FILE]
TAKE_LONG = {
    ("executors", "dask"),
    ("executors", "ray"),
    ("selectors", "user-cluster"),
    ("selectors", "stacking"),
    ("selectors", "fwls"),
    ("models", "gbdt"),
    ("models", "autoint"),
    ("datasets", "movielens-latest-small"),
    ("executors", "inline"),
    ("executors", "local"),
}
IMPORT, DECLARED, SHAPE, SEED, IDS, SUPPORT, VMAP, SECOND, ZERO, META, SIMPLEX, LABELS, *_ = (
    check_names("models")
)
NOTES, CITATION = "fit notes", "citation"
*_, INPUTS, STATE, LEFT, PROCESS, HASHES = check_names("models")
_, SCORE, CALL, ORDER, NO_STATE, DIRECTION, PARTS, *_ = check_names("metrics")
_, SOURCES, TABLE, *_ = check_names("datasets")
_, ROLES, *_ = check_names("protocols")


@cache
def failed(plugin):
    return {result.name: result for result in check_plugin(plugin) if result.status == "failed"}


@pytest.mark.parametrize(
    ("kind", "name"),
    [pytest.param(*one, marks=[pytest.mark.slow] if one in TAKE_LONG else []) for one in CHECKED],
    ids=lambda value: value,
)
def test_every_built_in_and_the_single_file_pass_through_the_same_door(kind, name, monkeypatch):
    if name in ("dask", "ray"):
        pytest.importorskip(name)
    if (
        name == "movielens-1m"
    ):  # a million rows: where they are at hand, another of its kind is read
        monkeypatch.delenv("BENCH_DATA", raising=False)
    assert_conforms(REGISTRY.load(kind, name))


def test_the_model_of_a_package_of_its_own_passes(monkeypatch):
    monkeypatch.syspath_prepend(FIXTURES / "pip_plugin" / "src")
    assert_conforms(
        load_registry([FIXTURES / "pip_plugin" / "src" / "ctr_extras"]).load("models", "fwfm")
    )


def test_every_check_but_that_of_notes_applies_to_a_differentiable_selector():
    results = {
        result.name: result.status for result in check_plugin(REGISTRY.load("selectors", "mlp"))
    }
    assert list(results) == check_names("selectors")
    assert {name for name, status in results.items() if status != "passed"} == {NOTES}


def test_what_does_not_apply_says_why():
    plain = {result.name: (result.status, result.reason) for result in check_plugin(broken.Fine)}
    assert {plain[name] for name in (VMAP, SECOND, ZERO, META)} == {
        ("n/a", "it is not differentiable, so nothing adapts it")
    }
    assert plain[SIMPLEX] == ("n/a", "a base model gives no weights")
    assert plain[DECLARED][0] == "n/a"
    assert plain[DECLARED][1].startswith("it is not differentiable: it trains itself")
    stacking = {
        result.name: (result.status, result.reason)
        for result in check_plugin(REGISTRY.load("selectors", "stacking"))
    }
    assert stacking[SIMPLEX] == ("n/a", "it gives logits")


@pytest.mark.parametrize(
    "plugin",
    [
        broken.Fine,
        broken.Cites,
        differentiable.Linear,
        differentiable.DeepReLU,
        differentiable.OfAField,
        differentiable.FrozenNorm,
        differentiable.Buffer,
        differentiable.Norm,
        broken.UsesUpRandomNumbers,
        broken_processes.UsesPool,
        broken_notes.PlainNotes,
        broken_metrics.FineMetric,
        broken_metrics.FineRecall,
        broken_protocols.FineProtocol,
        broken_datasets.FineDataset,
    ],
)
def test_no_false_alarm(plugin):
    assert failed(plugin) == {}


@pytest.mark.parametrize(
    ("plugin", "check", "reason"),
    [
        (broken.CitesInWords, CITATION, "its citation is no BibTeX: no entry starts at 'A. Author"),
        (broken.CitesNoYear, CITATION, "its citation is no BibTeX: author2020: it has no year"),
        (broken.WrongShape, SHAPE, r"expected .*; got shape"),
        (broken.Integers, SHAPE, r"expected .*; got shape \(\d+,\), int64"),
        (broken.MissingValues, SHAPE, r"logits: \d+ of \d+ rows are not finite"),
        (broken.BothAnswers, SHAPE, "weights or logits, exactly one of them"),
        (broken.TooFewWeights, SHAPE, r"weights: expected shape \(\d+, 3\); got \(\d+, 2\)"),
        (broken.Exits, SHAPE, r"^SystemExit: no licence found \(broken.py:\d+\)$"),
        (broken.Unseeded, SEED, "asked twice in one process, it gives values up to .* apart"),
        (broken.LearnsWhenAsked, SEED, "one fit asked twice for the same rows gives values up to"),
        (broken.GlobalNoise, SEED, "asked twice in one process, it gives values up to .* apart"),
        (broken.SmallSeed, SEED, r"ValueError: Seed must be between .* \(broken.py:\d+\)"),
        (broken.KnownIdsAlone, IDS, r"KeyError: 0 \(broken.py:\d+\)"),
        (
            broken.UnknownThroughout,
            IDS,
            r"\d+ predictions for rows that are unknown in every field are not finite",
        ),
        (broken.OneRowIsAScalar, SUPPORT, r"1 rows give shape \(\)"),
        (
            broken.NeedsSupport,
            SUPPORT,
            "predictions where some users have no support are not finite",
        ),
        (differentiable.Share, SUPPORT, "adapted on ragged support|not finite"),
        (differentiable.PaddingAlone, SUPPORT, "adapted on ragged support"),
        (differentiable.Item, VMAP, "can't map forward over users"),
        (differentiable.GatingItem, VMAP, "can't map forward over users"),
        (differentiable.RunningStatistics, VMAP, "can't map forward over users"),
        (differentiable.OverUsers, VMAP, "several users at once is not that of each alone"),
        (differentiable.BatchMean, VMAP, "several rows at once is not that of each alone"),
        (differentiable.BatchNorm, VMAP, "several rows at once|Expected more than 1 value"),
        (differentiable.SinglePrecision, VMAP, "forward makes float32 of float64"),
        (
            differentiable.OnceDifferentiable,
            SECOND,
            "differ from finite differences|no second derivative",
        ),
        (
            differentiable.Detached,
            SECOND,
            "second derivatives by '.*' differ from finite differences of the gradient",
        ),
        (differentiable.Flash, SECOND, "no second derivative"),
        (differentiable.PlainTensor, VMAP, "forward can't be called in float64"),
        (differentiable.EvalAlone, META, "diverges|is not finite"),
        (differentiable.Counts, ZERO, "rate 0 changes predictions"),
        (broken.OffSimplex, SIMPLEX, "off the simplex"),
        (broken.GlobalSeed, STATE, "python's random state, numpy's .*, torch's random state"),
        (broken.WritesLabels, INPUTS, "labels of training rows|read-only"),
        (broken.WritesLogits, INPUTS, "query_base_logits of the rows asked for|read-only"),
        (broken_processes.LeavesThread, LEFT, "thread 'watcher'"),
        (broken_processes.LeavesChild, LEFT, r"process \d+"),
        (broken_processes.FollowsTheProcess, PROCESS, "another process, it gives values up to"),
        (broken_processes.FollowsTheStart, PROCESS, "another process, it gives values up to"),
        (broken_processes.FollowsTheHashes, HASHES, "PYTHONHASHSEED=823"),
        (broken_notes.NotANumber, NOTES, r"details\['folds'\]\[0\]\['loss'\] is nan, which is no"),
        (broken_notes.NumpyScalar, NOTES, r"chosen\['rate'\] is of type numpy.float32"),
        (broken_notes.NumberedKeys, NOTES, r"a key of details\['by_fold'\] is 1 \(int\)"),
        (broken_notes.MethodForNotes, NOTES, "details is a method"),
        (broken_notes.HistoryAsText, NOTES, "history is str"),
        (broken.DefaultDtype, STATE, "torch's default dtype"),
        (broken.Threads, STATE, "torch's threads"),
        (broken.ReadsLabels, LABELS, "depend on the labels"),
        (broken.SelectorReadsLabels, LABELS, "depend on the labels"),
        (broken.ReadsDataset, LABELS, "it asks the dataset for labels"),
        (broken.ReadsFiles, LABELS, "No such file or directory: .*labels.npy"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_a_breach_is_caught_by_its_own_check(plugin, check, reason):
    found = failed(plugin)
    assert check in found, found
    assert re.search(reason, found[check].reason), found[check].reason
    assert found[check].fix


@pytest.mark.parametrize("plugin", [broken.SmallSeed, broken.TypedSeed, broken.NarrowSeed])
def test_a_library_that_takes_a_smaller_seed_is_known(plugin):
    found = failed(plugin)[SEED]
    assert "context.seed % 2**32" in found.fix


@pytest.mark.parametrize(
    ("plugin", "check"),
    [
        (broken.Integers, SHAPE),
        (broken.Unseeded, SEED),
        (broken.KnownIdsAlone, IDS),
        (broken.NeedsSupport, SUPPORT),
        (differentiable.BatchMean, VMAP),
        (differentiable.Detached, SECOND),
        (broken.OffSimplex, SIMPLEX),
        (broken.GlobalSeed, STATE),
        (broken.GlobalNoise, SEED),
        (broken.LearnsWhenAsked, SEED),
        (broken.ReadsLabels, LABELS),
        (broken_processes.LeavesThread, LEFT),
        (broken_processes.LeavesChild, LEFT),
        (broken_processes.FollowsTheProcess, PROCESS),
        (broken_processes.FollowsTheHashes, HASHES),
        (broken_notes.NotANumber, NOTES),
        (broken_notes.NumpyScalar, NOTES),
        (broken_notes.NumberedKeys, NOTES),
        (broken_notes.MethodForNotes, NOTES),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_a_breach_of_one_rule_is_not_blamed_on_others(plugin, check):
    assert set(failed(plugin)) == {check}


METRICS, PROTOCOLS, DATASETS = broken_metrics, broken_protocols, broken_datasets


@pytest.mark.parametrize(
    ("plugin", "check", "reason"),
    [
        (METRICS.NoScore, SCORE, "for rows of both classes compute gives float"),
        (METRICS.DividesByNothing, SCORE, "for rows of class 0 alone the value is nan"),
        (METRICS.Silent, SCORE, "for rows of class 0 alone it has neither a value nor a reason"),
        (METRICS.CountsInNumpy, SCORE, r"counts\['rows'\] is of type numpy.uint64"),
        (METRICS.NeedsBothClasses, SCORE, r"IndexError: .* \(broken_metrics.py:\d+\)"),
        (METRICS.ByPlace, ORDER, "with each user's rows in another order the value is"),
        (METRICS.Remembers, NO_STATE, "after other rows the value of the same ones is"),
        (METRICS.WrongWay, DIRECTION, "and higher_is_better is True"),
        (METRICS.WayInWords, DIRECTION, "higher_is_better is 'no'"),
        (METRICS.PartsByNumber, PARTS, r"parts of shapes \(41,\) and \(41,\), of 8 users"),
        (METRICS.OtherParts, PARTS, "by_user adds up to .* where compute gives"),
        (METRICS.WritesLogits, INPUTS, "it changed logits"),
        (METRICS.Sampled, CALL, "asked twice in one process, it gives values up to"),
        (METRICS.SeedsNumpy, STATE, "numpy's random state"),
        (PROTOCOLS.FourthRole, ROLES, "a role of data with times, seed 0 is [345]"),
        (PROTOCOLS.Fractions, ROLES, "cut of data with times, seed 0 is float64"),
        (PROTOCOLS.OutOfRows, ROLES, "a user's cut lies outside of the user's own rows"),
        (PROTOCOLS.NobodyTests, ROLES, "no users left to test on"),
        (PROTOCOLS.OnlyBySetting, ROLES, "kind is 'blocks', and the cut .* has no train_cut"),
        (PROTOCOLS.Lukewarm, ROLES, "setting is 'lukewarm'"),
        (PROTOCOLS.Picky, ROLES, "it refuses all data, .* fewer than 1,000 users"),
        (PROTOCOLS.Drawn, SEED, "asked twice in one process"),
        (PROTOCOLS.Shifts, INPUTS, "it changed order of the data with times|read-only"),
        (PROTOCOLS.ByHash, HASHES, "PYTHONHASHSEED=823"),
        (DATASETS.Nowhere, SOURCES, "sources gives none"),
        (DATASETS.Above, SOURCES, "names the path '../secret.csv'"),
        (DATASETS.Unchecked, SOURCES, "the sha256 of source 'web' is 'todo'"),
        (DATASETS.FileUrl, SOURCES, "the URL of source 'disk' is 'file:///a.zip'"),
        (DATASETS.Unlabelled, TABLE, "clicked"),
        (DATASETS.Frame, TABLE, "read gives DataFrame"),
        (DATASETS.Drawn, CALL, "asked twice in one process"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_a_breach_of_a_metric_protocol_or_dataset_is_caught_by_its_own_check(plugin, check, reason):
    found = failed(plugin)
    assert check in found, found
    assert re.search(reason, found[check].reason), found[check].reason
    assert found[check].fix


@pytest.mark.parametrize(
    ("plugin", "check"),
    [
        (METRICS.NoScore, SCORE),
        (METRICS.DividesByNothing, SCORE),
        (METRICS.Silent, SCORE),
        (METRICS.CountsInNumpy, SCORE),
        (METRICS.WrongWay, DIRECTION),
        (METRICS.WayInWords, DIRECTION),
        (METRICS.OtherParts, PARTS),
        (METRICS.SeedsNumpy, STATE),
        (PROTOCOLS.FourthRole, ROLES),
        (PROTOCOLS.NobodyTests, ROLES),
        (PROTOCOLS.ByHash, HASHES),
        (DATASETS.Above, SOURCES),
        (DATASETS.Drawn, CALL),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_a_breach_of_theirs_is_not_blamed_on_others(plugin, check):
    assert set(failed(plugin)) == {check}


def test_a_dataset_without_its_files_is_not_read_and_says_where_they_would_be(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BENCH_DATA", raising=False)
    found = {result.name: result for result in check_plugin(broken_datasets.OfFile)}
    assert found[SOURCES].status == "passed"
    assert found[TABLE].status == "n/a"
    assert "it wants mine.csv, below the current folder or BENCH_DATA" in found[TABLE].reason


def test_a_dataset_that_writes_into_its_file_is_caught(tmp_path, monkeypatch):
    (tmp_path / "mine.csv").write_text("user\n", "utf-8")
    monkeypatch.setenv("BENCH_DATA", str(tmp_path))
    assert set(failed(broken_datasets.OfFile)) == set()
    found = failed(broken_datasets.WritesFile)
    assert set(found) == {INPUTS}
    assert "mine.csv" in found[INPUTS].reason


@pytest.mark.parametrize(
    ("plugin", "how"),
    [
        (broken_processes.ExitsInInit, "exit code 0"),
        (broken_processes.ExitsInFit, "exit code 0"),
        (broken_processes.KillsItself, "SIGKILL"),
        (broken_processes.Segfaults, "SIGSEGV"),
    ],
)
def test_a_model_that_ends_its_process_fails_each_check_that_asks_it(plugin, how):
    found = {result.name: result for result in check_plugin(plugin)}
    assert list(found) == check_names("models")
    assert found[IMPORT].status == "passed"
    for name in (SHAPE, SEED, IDS, SUPPORT, INPUTS, STATE, LEFT):
        assert found[name].status == "failed"
        assert found[name].reason == f"it ended the process ({how})"
        assert "raise an exception" in found[name].fix
    assert (found[HASHES].status, found[HASHES].reason) == ("n/a", f"see the check {SEED!r}")


def test_a_model_that_writes_where_the_kit_listens_fails():
    found = failed(broken_processes.WritesEverywhere)
    assert found[SHAPE].reason == "it wrote b'junk' where the harness listens"


def test_one_check_that_ends_the_process_leaves_the_others_theirs():
    found = failed(broken_processes.ExitsForOneRow)
    assert set(found) == {SUPPORT}
    assert found[SUPPORT].reason == "it ended the process (exit code 3)"
    found = failed(broken_metrics.ExitsForOneClass)
    assert found[SCORE].reason == "it ended the process (exit code 0)"
    assert not {ORDER, DIRECTION, INPUTS} & set(found)


def test_a_selector_that_ends_its_process_in_forward_fails():
    found = failed(broken_processes.ExitsInForward)
    assert {SHAPE, VMAP, SECOND, ZERO, SIMPLEX} <= set(found)
    assert {result.reason for result in found.values()} == {"it ended the process (exit code 0)"}


def test_a_class_that_cannot_be_imported_by_its_name_is_checked_in_this_process():
    class Local(broken.Fine):
        """Defined in a function."""

    class LocalOffSimplex(broken.OffSimplex):
        """Defined in a function."""

    found = {result.name: result for result in check_plugin(Local)}
    assert list(found) == check_names("models")
    assert {found[name].status for name in (IMPORT, PROCESS, HASHES)} == {"n/a"}
    assert found[SHAPE].status == found[SEED].status == found[LEFT].status == "passed"
    assert set(failed(LocalOffSimplex)) == {SIMPLEX}


def test_the_kit_puts_back_what_a_plugin_changed():
    threads = torch.get_num_threads()
    check_plugin(broken.DefaultDtype)
    check_plugin(broken.Threads)
    assert (torch.get_default_dtype(), torch.get_num_threads()) == (torch.float32, threads)


def test_assert_conforms_says_reason_and_fix():
    with pytest.raises(
        AssertionError,
        match=r"weights on the simplex: .*; weights are not negative and add up to 1",
    ):
        assert_conforms(broken.OffSimplex)


@pytest.mark.parametrize(
    ("plugin", "reason"),
    [
        (differentiable.OtherTables, "tables() gives linear and vectors"),
        (
            differentiable.LyingForm,
            "its forward is not what its compiled_form 'logistic-regression'",
        ),
        (
            differentiable.OfGenres,
            "unpooled names 'genres', and the data have no such field; there",
        ),
        (differentiable.OfText, "unpooled is the text 'tags'; it takes a tuple"),
        (differentiable.NamedBias, "a table can't be named 'bias'"),
    ],
)
def test_what_is_declared_wrongly_is_said_once_and_nothing_else_is_tried(plugin, reason):
    found = {result.name: result for result in check_plugin(plugin)}
    assert list(found) == check_names("models")
    assert found[IMPORT].status == "passed"
    assert found[DECLARED].status == "failed"
    assert reason in found[DECLARED].reason
    assert found[DECLARED].fix == "until then no fit gets further"
    others = {
        (found[name].status, found[name].reason) for name in found.keys() - {IMPORT, DECLARED}
    }
    assert others == {("n/a", f"not tried: see the check {DECLARED!r}")}


def test_a_form_that_there_is_not_breaks_the_contract():
    with pytest.raises(PluginError, match=r"the compiled_form 'fwfm'; there are: logistic-regr"):
        check_plugin(differentiable.UnknownForm)


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        (
            "models",
            "fm",
            r"trained by numba \S+: factorization-machine; adapted by numba \S+, where",
        ),
        (
            "models",
            "nfm",
            r"trained by numba \S+: lookups; torch: the forward; adapted by torch, and so is every pool"
            " that it is in: it declares no compiled_form$",
        ),
        ("selectors", "mlp", r"lookups; torch: the forward; adapted by numba [\d.]+$"),
    ],
)
def test_who_trains_and_adapts_is_said(tmp_path, kind, name, said):
    plugin = REGISTRY.load(kind, name)
    subject = subject_of(kind, plugin, plugin.Params(), tmp_path)
    assert re.search(said, declarations(subject))


def test_a_selector_of_ones_own_forward_is_adapted_by_torch(tmp_path):
    gating = differentiable.GatingItem
    found = declarations(subject_of("selectors", gating, gating.Params(), tmp_path))
    assert "adapted by torch: it is no bench.learn.PerceptronSelector of that" in found


def test_settings_other_than_the_defaults_are_checked_where_they_are_given():
    assert_conforms(broken.Needs, broken.Needs.Params(depth=2))
    with pytest.raises(PluginError, match=r"fine: 'depth' can't be left at its default"):
        check_plugin(broken.Needs)


@pytest.mark.parametrize(
    ("plugin", "reason"),
    [
        (REGISTRY.load("meta_learners", "maml"), "MAML breaks the contract: it is no subclass of"),
        (
            broken.NoModule,
            "NoModule is no nn.Module; derive it from bench.learn.DifferentiableModel",
        ),
    ],
)
def test_what_is_no_base_model_and_no_selector_is_refused(plugin, reason):
    with pytest.raises(PluginError, match=reason):
        check_plugin(plugin)
