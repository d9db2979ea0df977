"""What a plugin's digest is of: whatever its code reaches, and the same before and after its import."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.registry.local import find_local, import_local
from bench.registry.sources import _imports, _real, digest, package_sources

Write = Callable[..., Path]
BY_PATH = "import sys; from pathlib import Path; sys.path.insert(0, str(Path(__file__).parent))"


def test_links_to_folders_are_followed_and_loops_end(write: Write, tmp_path: Path) -> None:
    write("pack/__init__.py", "from .common import shared")
    shared = write("elsewhere/shared.py", "VALUE = 1")
    (tmp_path / "pack/common").symlink_to("../elsewhere", target_is_directory=True)
    (tmp_path / "elsewhere/back").symlink_to("../pack", target_is_directory=True)
    found = package_sources(tmp_path / "pack")
    names = [path.relative_to(tmp_path).as_posix() for path in found]
    assert names == ["pack/__init__.py", "pack/common/shared.py"]
    before = digest(found)
    shared.write_text("VALUE = 2\n")
    assert digest(found) != before


def test_a_file_by_a_link_is_the_file_itself(write: Write, tmp_path: Path) -> None:
    file = write("elsewhere/shared.py", "VALUE = 1")
    (tmp_path / "pack").symlink_to("elsewhere", target_is_directory=True)
    (tmp_path / "elsewhere/alias.py").symlink_to("shared.py")
    by_links = [tmp_path / "pack/shared.py", tmp_path / "pack/alias.py", file]
    assert _real(by_links) == 3 * [str(file.resolve())]


def test_what_is_hidden_or_bytecode_is_no_source(write: Write, tmp_path: Path) -> None:
    for name in ("__init__.py", "a.pyc", ".b.py", ".c/d.py", "__pycache__/e.py", "f.json"):
        write(f"pack/{name}")
    names = [path.name for path in package_sources(tmp_path / "pack")]
    assert names == ["__init__.py", "f.json"]


@pytest.mark.parametrize("helper", ["helper_by_path.py", "helper_by_path/__init__.py", "helper_by_path/part.py"])  # fmt: skip
def test_a_helper_by_a_path_of_the_plugins_own_is_followed(
    write: Write, monkeypatch: pytest.MonkeyPatch, helper: str
) -> None:
    name = "helper_by_path.part" if helper.endswith("part.py") else "helper_by_path"
    plugin = write("own_path.py", BY_PATH, f"import {name}")
    file = write(helper, "VALUE = 1")
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = digest([plugin])
    import_local(*find_local([plugin]))
    for module in {name, "helper_by_path"}:
        del sys.modules[module]
    file.write_text("VALUE = 2\n")
    assert digest([plugin]) != before


def test_the_digest_is_the_same_before_and_after_the_import(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = write("own_path.py", BY_PATH, "import helper_of_import")
    write("helper_of_import.py", "VALUE = 1")
    before = digest([plugin])
    with monkeypatch.context() as patched:
        patched.setattr(sys, "path", list(sys.path))
        import_local(*find_local([plugin]))
    assert digest([plugin]) == before
    del sys.modules["helper_of_import"]


def test_a_helper_that_was_edited_is_imported_anew_with_the_plugin(write: Write) -> None:
    plugin = write("uses_helper.py", "from bench_local.helper_edited import value")
    for expected in (1, 2):
        helper = write("helper_edited.py", f"value = {expected}")
        found = {one.path: one for one in find_local([plugin, helper])}
        imported = import_local(found[plugin])
        assert imported.value == expected


def test_an_import_in_any_block_counts() -> None:
    """Statements that hold others, one in another, and a module in the innermost of each."""
    names = [f"module_{letter}" for letter in "abcdefghijklmnop"]
    assert _imports(NESTED.encode()) == set(names)
    read = [getattr(node, "names", ()) for node in ast.walk(ast.parse(NESTED))]  # the slow way
    assert sorted(alias.name for aliases in read for alias in aliases) == names


NESTED = """
import module_a
class C:
    import module_b
    def f(self):
        import module_c
        async def g():
            async with x:
                import module_d
            async for y in x:
                import module_e
            else:
                import module_f
if x:
    pass
elif y:
    import module_g
else:
    for z in x:
        import module_h
    else:
        while z:
            import module_i
        else:
            import module_j
try:
    import module_k
except* E:
    with x:
        import module_l
else:
    import module_m
finally:
    try:
        import module_n
    except E:
        import module_o
match x:
    case 1:
        import module_p
"""
