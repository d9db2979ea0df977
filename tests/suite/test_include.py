"""`include:`: what is merged how, and what is refused, each at its place in the file where it stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.errors import SuiteError
from bench.registry import Registry
from bench.suite import Suite, load

COMMON = """\
train: {epochs: 9, l2: 0}
protocols:
  cold: {use: user-holdout}
base_models:
  trees: {use: trees, depth: 3}
  net: {use: net, dropout: 0.1}
methods:
  gating: {selector: {use: gate}}
seeds: [0, 1]
"""
SUITE = """\
version: 1
name: small
include: common.yaml
datasets:
  toy: {use: toy, path: x.csv}
"""
Include = Callable[..., Suite]


@pytest.fixture
def include(tmp_path: Path, registry: Registry) -> Include:
    """Loads a suite beside files: `include(SUITE, common="...")`; an underscore in a name stands for a slash."""

    def write_and_load(suite: str = SUITE, **files: str) -> Suite:
        for name, text in {"common": COMMON, **files}.items():
            path = tmp_path / f"{name.replace('_', '/')}.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
        (tmp_path / "suite.yaml").write_text(suite, "utf-8")
        return load(tmp_path / "suite.yaml", registry)

    return write_and_load


@pytest.fixture
def errors(include: Include, tmp_path: Path) -> Callable[..., list[str]]:
    """The lines that loading complains with, the folder cut off."""

    def of(suite: str = SUITE, **files: str) -> list[str]:
        with pytest.raises(SuiteError) as caught:
            include(suite, **files)
        return str(caught.value).replace(f"{tmp_path}/", "").splitlines()

    return of


Errors = Callable[..., list[str]]


def test_a_suite_takes_what_it_includes(include: Include) -> None:
    suite = include()
    assert (list(suite.base_models), list(suite.methods), suite.seeds) == (
        ["trees", "net"],
        ["gating"],
        (0, 1),
    )
    assert suite.base_models["net"].train.epochs == 9


def test_it_says_the_same_as_one_file(include: Include) -> None:
    in_one = include(SUITE.replace("include: common.yaml\n", "") + COMMON)
    parts = include()
    assert parts.digest != in_one.digest
    for part in (
        "datasets",
        "protocols",
        "base_models",
        "methods",
        "seeds",
        "metrics",
        "relaimpr_base",
    ):
        assert getattr(parts, part) == getattr(in_one, part)


def test_its_own_entries_replace_whole_entries_of_a_name_and_train_is_merged_key_by_key(
    include: Include,
) -> None:
    suite = include(
        f"{SUITE}base_models:\n  trees: {{use: trees}}\n  more: {{use: net}}\ntrain: {{epochs: 5}}\nseeds: [7]\n"
    )
    assert list(suite.base_models) == ["trees", "net", "more"]
    assert suite.base_models["trees"].params["depth"] == 6, (
        "the default, not what the included entry says"
    )
    assert (suite.base_models["net"].train.epochs, suite.base_models["net"].train.l2) == (5, 0)
    assert suite.seeds == (7,)


def test_a_list_of_files_in_folders_below(include: Include) -> None:
    suite = include(
        SUITE.replace("common.yaml", "[common.yaml, parts/more.yaml]"),
        parts_more="methods: {more: {selector: {use: vote}}}\n",
    )
    assert list(suite.methods) == ["gating", "more"]


def test_the_digest_covers_included_files(include: Include) -> None:
    assert include().digest == include().digest
    assert include().digest != include(common=f"{COMMON}# a word\n").digest


def test_values_have_the_place_of_the_file_where_they_are_written(
    include: Include, tmp_path: Path
) -> None:
    places = include().places
    assert places["base_models", "net", "dropout"] == (str(tmp_path / "common.yaml"), 6, 28)
    assert places["datasets", "toy", "path"] == (str(tmp_path / "suite.yaml"), 5, 25)


IN_A_FILE = " or is it in a file? give it with --plugins FILE, or under `plugins:`"


def test_faults_are_told_where_they_are_written_those_of_the_suite_first(errors: Errors) -> None:
    lines = errors(
        SUITE.replace("use: toy,", "use: tyo,"),
        common=COMMON.replace("dropout", "droput").replace("seeds", "seed").replace("gate", "gaet"),
    )
    assert lines == [
        "suite.yaml:5:14: unknown dataset 'tyo'; did you mean 'toy'?" + IN_A_FILE,
        "common.yaml:6:19: unknown parameter 'droput' of base model 'net'; did you mean 'dropout'?",
        "common.yaml:8:28: unknown selector 'gaet'; did you mean 'gate'?" + IN_A_FILE,
        "common.yaml:9:1: unknown key 'seed' in the suite; did you mean 'seeds'?",
    ]


def test_faults_between_keys_of_two_files_have_their_place_too(errors: Errors) -> None:
    assert errors(f"{SUITE}methods:\n  net: {{selector: {{use: gate}}}}\n") == [
        "suite.yaml:7:3: 'net' is a base model already, which is a method of its own; choose another name"
    ]
    assert errors(common=f"{COMMON}relaimpr_base: nte\n") == [
        "common.yaml:10:16: relaimpr_base 'nte' is no base model or method; did you mean 'net'?"
    ]


@pytest.mark.fault(39)
@pytest.mark.parametrize(
    ("named", "reason"),
    [
        ("../common.yaml", "'../common.yaml' lies outside the suite's folder; move it there"),
        (
            "/etc/hostname",
            "'/etc/hostname' is an absolute path; write it from the suite's folder on",
        ),
        ("none.yaml", "'none.yaml' does not exist; paths start at the suite's folder"),
        ("link.yaml", "'link.yaml' lies outside the suite's folder; move it there"),
        ("loop.yaml", "'loop.yaml' does not exist; paths start at the suite's folder"),
        ('"a\\0b"', "'a\\x00b' lies outside the suite's folder; move it there"),
    ],
)
def test_a_suite_includes_files_below_its_own_folder_only(
    errors: Errors, tmp_path: Path, named: str, reason: str
) -> None:
    (tmp_path / "link.yaml").symlink_to("/etc/hostname")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    assert errors(SUITE.replace("common.yaml", f"[common.yaml, {named}]")) == [
        f"suite.yaml:3:24: include {reason}"
    ]


def test_a_folder_is_no_file(errors: Errors, tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    assert errors(SUITE.replace("common.yaml", "parts")) == [
        "parts: not a regular file; name a YAML file"
    ]


@pytest.mark.parametrize(
    ("common", "expected"),
    [
        (
            "version: 1\n",
            "common.yaml:1:1: version in an included file; write it in the suite itself",
        ),
        (
            "seeds: [0]\nname: x\n",
            "common.yaml:2:1: name in an included file; write it in the suite itself",
        ),
        (
            "plugins: [x.py]\n",
            "common.yaml:1:1: plugins in an included file; write it in the suite itself",
        ),
        (
            "include: more.yaml\n",
            "common.yaml:1:1: include in an included file; name the file in the suite itself",
        ),
        ("methods: [a]\n", "common.yaml:1:10: methods must be a mapping; got a list"),
        ("- 1\n", "common.yaml:1:1: an included file is a mapping of a suite's keys"),
        ("", "common.yaml:1:1: an included file is a mapping of a suite's keys"),
    ],
)
def test_what_an_included_file_must_not_be(errors: Errors, common: str, expected: str) -> None:
    assert errors(common=common) == [expected]


def test_two_included_files_that_differ_name_both_places(errors: Errors, include: Include) -> None:
    both = SUITE.replace("common.yaml", "[common.yaml, other.yaml]")
    other = "seeds: [0, 1]\nbase_models:\n  trees: {use: trees, depth: 4}\ntrain: {epochs: 8}\n"
    assert errors(both, other=other) == [
        "other.yaml:3:3: base_models.trees is defined otherwise at common.yaml:5:10; remove one, or define it in the suite",
        "other.yaml:4:9: train.epochs is defined otherwise at common.yaml:1:17; remove one, or define it in the suite",
    ]
    suite = include(
        f"{both}base_models: {{trees: {{use: trees, depth: 5}}}}\ntrain: {{epochs: 7}}\n",
        other=other,
    )
    assert suite.base_models["trees"].params["depth"] == 5
    assert suite.base_models["net"].train.epochs == 7


@pytest.mark.fault(36)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "a0: &a0 [x]\na1: [*a0, *a0]\n",
            "common.yaml:1:5: anchor &a0; remove it, a suite has no anchors",
        ),
        ("<<: {a: 1}\n", "common.yaml:1:1: merge key '<<'"),
        (
            "seeds: !!python/object:os.system x\n",
            "common.yaml:1:8: tag 'tag:yaml.org,2002:python/object:os.system'",
        ),
        (
            "seeds: [0]\nseeds: [1]\n",
            "common.yaml:2:1: key 'seeds' again, first in line 1; remove one",
        ),
        ("seeds:\n\t- 1\n", "common.yaml:2:1: a tab in the indentation"),
        ("seeds: \0\n", "common.yaml:1:8: control character U+0000"),
        ("- " * 60 + "x", "common.yaml:1:101: nested deeper than 50 levels"),
        ("[" * 5000, "common.yaml:1:"),  # where, and as what, is of the version of PyYAML
        ("seeds: [0]\n---\na: 1\n", "common.yaml:2:1: a second document"),
        ("1.10: x\n", "common.yaml:1:1: the key 1.10 reads as a number; quote it: '1.10'"),
        ("a: 1\n" * 2_500_000, "common.yaml:1:1: more than 1,000,000 bytes"),
    ],
)
def test_an_included_file_is_read_as_strictly(errors: Errors, text: str, expected: str) -> None:
    (line,) = errors(common=text)
    assert line.startswith(expected)


@pytest.mark.fault(36)
def test_many_files_are_one_suite_in_size(errors: Errors, tmp_path: Path) -> None:
    values = f"seeds: [{', '.join(map(str, range(9_000)))}]\n"
    names = [f"part{number}" for number in range(3)]
    (line,) = errors(
        SUITE.replace("common.yaml", str([f"{name}.yaml" for name in names])),
        **dict.fromkeys(names, values),
    )
    assert line == "suite.yaml:3:39: more than 20000 values with what is included; split the suite"
    (line,) = errors(
        SUITE.replace("common.yaml", "[a.yaml, b.yaml]"),
        a="# " + "x" * 600_000 + "\na: 1",
        b="# " + "x" * 600_000 + "\na: 1",
    )
    assert line.startswith("suite.yaml:3:19: includes more than 1,000,000 bytes in all")
