"""The registry: what it lists, loads, leaves out and refuses."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.errors import PluginError, PluginUnavailable
from bench.registry import KINDS, Registry, load_registry

Write = Callable[..., Path]

FIXTURES = Path(__file__).parents[1] / "fixtures"
LIGHT = FIXTURES / "light_plugin.py"
HOOK = ("from bench import hookimpl", "@hookimpl")


def load(*paths: Path) -> Registry:
    return load_registry(paths, autoload=False)


def reason(*paths: Path) -> str:
    (quarantined,) = load(*paths).quarantined
    assert quarantined.origin == str(paths[0])
    assert "\n" not in quarantined.reason
    return quarantined.reason


def test_the_harness_and_its_plugins_come_in_by_entry_points() -> None:
    registry = load_registry()
    origins = {(info.kind, info.name): info.origin for info in registry.infos()}
    assert origins["models", "fm"] == "metaselector-bench 0.1.0 (bench_ctr)"
    assert origins["metrics", "auc"] == "metaselector-bench 0.1.0 (bench.builtin)"
    assert {kind for kind, _ in origins} == set(KINDS)
    assert registry.quarantined == ()


def test_every_hook_has_a_kind() -> None:
    from bench import hookspecs

    hooks = [name for name in vars(hookspecs) if name.startswith("bench_")]
    assert hooks == [f"bench_{kind}" for kind in KINDS]


def test_infos_are_sorted_by_kind_and_name() -> None:
    infos = load(LIGHT).infos()
    kinds = list(KINDS)
    assert list(infos) == sorted(infos, key=lambda info: (kinds.index(info.kind), info.name))
    assert load(LIGHT).names("selectors") == tuple(
        info.name for info in infos if info.kind == "selectors"
    )


def test_a_file_is_loaded_under_its_own_name() -> None:
    registry = load(LIGHT)
    info = registry.get("models", "trees")
    assert info == ("models", "trees", "bench_local.light_plugin:Trees", str(LIGHT), "")
    assert registry.load("models", "trees").__module__ == "bench_local.light_plugin"


def test_loading_twice_gives_the_same_class_while_the_file_is_the_same(write: Write) -> None:
    file = write("again.py", LIGHT.read_text("utf-8"))
    first = load(file).load("models", "trees")
    assert load(file).load("models", "trees") is first
    file.write_text(LIGHT.read_text("utf-8") + "# edited\n", "utf-8")
    assert load(file).load("models", "trees") is not first


@pytest.mark.fault(28)
def test_an_edit_that_keeps_size_and_time_is_seen(write: Write) -> None:
    file = write("edited.py", *HOOK, "def bench_models():", "    return {'one': 'x:A'}")
    stat = file.stat()
    assert "one" in load(file).names("models")
    file.write_text(file.read_text("utf-8").replace("one", "two"), "utf-8")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert "two" in load(file).names("models")


def test_packages_of_a_folder_have_their_own_submodules_and_leave_no_trace(
    write: Write, tmp_path: Path
) -> None:
    for name, value in (("alpha", 1), ("beta", 2)):
        write(f"two/{name}/core.py", f"VALUE = {value}")
        check = (
            *HOOK,
            "def bench_models():",
            f"    assert VALUE == {value}",
            f"    return {{'{name}': 'x:A'}}",
        )
        write(f"two/{name}/__init__.py", "from .core import VALUE", *check)
    write("two/_helper.py", "raise OSError('files that start with _ are no plugins')")
    path = list(sys.path)
    registry = load(tmp_path / "two")
    assert {"alpha", "beta"} <= set(registry.names("models"))
    assert registry.quarantined == ()
    assert sys.path == path
    assert "core" not in sys.modules
    assert registry.get("models", "beta").origin == str(tmp_path / "two" / "beta")


def test_the_current_folder_is_not_loaded_unasked(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write("here.py", *HOOK, "def bench_models():", "    return {'here': 'x:A'}")
    monkeypatch.chdir(file.parent)
    assert "here" not in load().names("models")


def test_one_file_named_twice_is_one_plugin(tmp_path: Path) -> None:
    link = tmp_path / "link.py"
    link.symlink_to(LIGHT)
    assert "trees" in load(LIGHT, LIGHT, link).names("models")


@pytest.mark.fault(1, 3)
@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            ["import no_such_module"],
            "ModuleNotFoundError: No module named 'no_such_module' (bad.py:1)",
        ),
        (["x = 1", "raise SystemExit(0)"], "SystemExit: 0 (bad.py:2)"),
        (["def f(:"], "SyntaxError: invalid syntax (bad.py, line 1)"),
        (
            [*HOOK, "def bench_models():", "    raise ValueError('boom\\nbang')"],
            "ValueError: boom bang (bad.py:4)",
        ),
        (
            [*HOOK, "def bench_model():", "    return {}"],
            "unknown hook 'bench_model'; did you mean 'bench_models'?",
        ),
        (
            ["def bench_models():", "    return {}"],
            "function bench_models looks like a hook but is not decorated",
        ),
        (["x = 1"], "it has no hook"),
        ([*HOOK, "def bench_models(config):", "    return {}"], "wrong signature of a hook"),
        (
            [*HOOK, "def bench_models():", "    return ['fm']"],
            "bench_models returned list; return a dict",
        ),
        ([*HOOK, "def bench_models():", "    return {'FM_1': 'x:A'}"], "the name 'FM_1'"),
        (
            [*HOOK, "def bench_models():", "    return {'a': 'x.A'}"],
            "returned 'x.A' for 'a'; write an address",
        ),
        (
            [*HOOK, "def bench_models():", "    return {'a': object}"],
            "write an address, 'package.module:Class'",
        ),
        ([*HOOK, f"def bench_models(): return {{'{'a' * 101}': 'x:A'}}"], "up to 100 characters"),
    ],
)
def test_a_plugin_that_fails_is_quarantined_with_the_reason(
    write: Write, lines: list[str], expected: str
) -> None:
    assert expected in reason(write("bad.py", *lines))


@pytest.mark.fault(3)
def test_quarantine_is_whole_and_the_rest_go_on(write: Write) -> None:
    misspelt = (*HOOK, "def bench_selector():", "    return {}")
    bad = write(
        "bad.py", *HOOK, "def bench_models():", "    return {'good-name': 'x:A'}", *misspelt
    )
    registry = load(bad, LIGHT)
    assert "good-name" not in registry.names("models")
    assert "trees" in registry.names("models")
    with pytest.raises(
        PluginUnavailable,
        match=r"'good-name' is unavailable: .*bad.py is quarantined: unknown hook",
    ):
        registry.get("models", "good-name")


def test_a_name_that_no_quarantined_plugin_mentions_is_unknown(write: Write) -> None:
    registry = load(write("bad.py", "import no_such_module", "NAME = 'tree'"), LIGHT)
    with pytest.raises(PluginError, match=r"unknown base model 'treess'; did you mean 'trees'\?"):
        registry.get("models", "treess")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Trees", "unknown base model 'Trees'; did you mean 'trees'?"),
        ("xyz", "unknown base model 'xyz'; there are: "),
        ("x" * 10_000, "; there are: "),
    ],
)
def test_an_unknown_name_is_told_what_there_is(name: str, expected: str) -> None:
    with pytest.raises(PluginError) as caught:
        load(LIGHT).get("models", name)
    assert expected in str(caught.value)
    assert not isinstance(caught.value, PluginUnavailable)


@pytest.mark.fault(2)
def test_two_plugins_of_one_name_are_an_error_that_names_both(write: Write) -> None:
    paths = [
        write(f"{stem}.py", *HOOK, "def bench_models():", "    return {'same': 'x:A'}")
        for stem in "ab"
    ]
    with pytest.raises(PluginError, match="two plugins claim base model 'same'") as caught:
        load(*paths)
    assert all(str(path) in str(caught.value) for path in paths)
    assert caught.value.exit_code == 2


def test_one_name_may_stand_for_plugins_of_two_kinds(write: Write) -> None:
    hooks = [
        line
        for kind in ("models", "selectors")
        for line in (*HOOK, f"def bench_{kind}(): return {{'mix': 'x:A'}}")
    ]
    registry = load(write("mixed.py", *hooks))
    assert [info.kind for info in registry.find("mix")] == ["models", "selectors"]


def test_files_of_one_stem_are_an_error(write: Write) -> None:
    paths = [
        write(f"{folder}/model.py", *HOOK, "def bench_models():", "    return {}")
        for folder in "ab"
    ]
    with pytest.raises(
        PluginError, match=r"would both be imported as bench_local.model; rename one"
    ):
        load(*paths)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("missing.py", "no such file or folder"),
        ("notes.txt", "not a .py file"),
        ("empty", "holds neither .py files"),
    ],
)
def test_a_path_without_a_plugin_is_an_error(
    write: Write, tmp_path: Path, name: str, expected: str
) -> None:
    write("notes.txt", "no code")
    (tmp_path / "empty").mkdir()
    with pytest.raises(PluginError, match=expected):
        load(tmp_path / name)


def test_an_address_that_does_not_import_makes_that_name_alone_unavailable(write: Write) -> None:
    names = f"{{'gone': 'no_such_module:A', 'lost': f'{{__name__}}:Missing', 'trees-2': '{LIGHT.stem}:Trees'}}"
    registry = load(write("partly.py", *HOOK, f"def bench_models(): return {names}"))
    with pytest.raises(
        PluginUnavailable, match=r"'gone' .* is unavailable: ModuleNotFoundError"
    ) as caught:
        registry.load("models", "gone")
    assert caught.value.exit_code == 4
    with pytest.raises(PluginUnavailable, match="has no attribute 'Missing'"):
        registry.load("models", "lost")
    assert registry.quarantined == ()


def test_the_digest_is_of_the_code_and_not_of_where_it_lies(write: Write) -> None:
    text = LIGHT.read_text("utf-8")
    codes = [load(write(f"{folder}/copy.py", text)).code("models", "net") for folder in "ab"]
    assert codes[0].digest == codes[1].digest
    assert (codes[0].name, codes[0].kind, codes[0].version) == ("net", "models", "")
    changed = load(write("c/copy.py", text.replace("0.2", "0.3"))).code("models", "net")
    assert changed.digest != codes[0].digest


def test_the_digest_of_a_package_covers_its_submodules(write: Write, tmp_path: Path) -> None:
    write(
        "pack/__init__.py", *HOOK, "def bench_models():", "    return {'p': f'{__name__}.core:P'}"
    )
    write("pack/core.py", "VALUE = 1")
    before = load(tmp_path / "pack").code("models", "p").digest
    write("pack/core.py", "VALUE = 2")
    assert load(tmp_path / "pack").code("models", "p").digest != before
