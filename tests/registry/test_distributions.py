"""What stands in a digest for installed libraries."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest

from bench.registry import distributions
from bench.registry.sources import digest

CACHED = (distributions._told, distributions._providers, distributions._folders)
Install = Callable[..., None]


@pytest.fixture(autouse=True)
def as_in_a_new_process() -> Iterator[None]:
    forget()
    yield
    forget()


def forget() -> None:
    from bench.registry import sources

    for cached in (*CACHED, sources._library):
        cached.cache_clear()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed libraries."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])
    return folder


@pytest.fixture
def install(site: Path) -> Install:
    """What an installer leaves of a library of one module. `url`: that it was installed from; an index leaves none."""

    def run(module: str, sha: str, *, url: str = "", requires: str = "", script: str = "") -> None:
        info = site / f"{module}-1.0.dist-info"
        info.mkdir(exist_ok=True)
        (site / f"{module}.py").write_text("", "utf-8")
        needs = f"Requires-Dist: {requires}\n" if requires else ""
        (info / "METADATA").write_text(f"Name: {module}\nVersion: 1.0\n{needs}", "utf-8")
        listed = [f"{module}.py,sha256={sha},9", f"../../bin/{module},sha256={script},9"]
        own = f"{info.name}/METADATA,sha256={script},9"
        (info / "RECORD").write_text("\n".join([*listed, own, f"{info.name}/RECORD,,"]), "utf-8")
        if url:
            (info / "direct_url.json").write_text(json.dumps({"url": url, "dir_info": {}}), "utf-8")
        forget()

    return run


@pytest.fixture
def imports_shop(tmp_path: Path) -> Callable[[], str]:
    plugin = tmp_path / "plugin.py"
    plugin.write_text("import shop\n", "utf-8")
    return lambda: digest([plugin])


def test_a_library_of_an_index_counts_by_its_version(
    install: Install, imports_shop: Callable[[], str]
) -> None:
    without = imports_shop()
    install("shop", "one")
    installed = imports_shop()
    assert installed != without
    install("shop", "two")
    assert imports_shop() == installed


@pytest.mark.parametrize("url", ["file:///home/me/shop", "https://example.org/shop.git"])
def test_a_library_that_is_of_no_index_counts_by_its_content_under_one_version(
    install: Install, imports_shop: Callable[[], str], url: str
) -> None:
    install("shop", "one", url=url)
    first = imports_shop()
    install("shop", "two", url=url)
    assert imports_shop() != first
    install("shop", "one", url=url)
    assert imports_shop() == first


def test_what_an_installer_writes_for_a_place_is_no_content(
    install: Install, imports_shop: Callable[[], str]
) -> None:
    install("shop", "one", url="file:///here", script="here")
    first = imports_shop()
    install("shop", "one", url="file:///there", script="there")
    assert imports_shop() == first


def test_what_such_a_library_requires_counts_alike_even_in_a_circle(
    install: Install, imports_shop: Callable[[], str]
) -> None:
    install("shop", "one", url="file:///shop", requires="shoplib>=1; python_version > '3'")
    install("shoplib", "one", url="file:///shoplib", requires="shop")
    first = imports_shop()
    install("shoplib", "two", url="file:///shoplib", requires="shop")
    assert imports_shop() != first


def test_a_distribution_counts_by_its_version_whatever_its_module_is_called() -> None:
    assert library("yaml") == f"PyYAML=={version('PyYAML')}"
    assert library("pandas") == f"pandas=={version('pandas')}"


def test_the_files_of_what_is_installed_are_listed_once_and_where_names_do_not_tell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = []
    monkeypatch.setattr(
        distributions, "packages_distributions", lambda: calls.append(1) or packages_distributions()
    )
    for name in ("pandas", "pytest", "hypothesis"):
        assert library(name).startswith(f"{name}==")
    assert calls == []
    for name in ("yaml", "_yaml"):
        assert library(name).startswith("PyYAML==")
    assert calls == [1]


def library(name: str) -> str:
    from bench.registry.sources import _library

    return _library(name)
