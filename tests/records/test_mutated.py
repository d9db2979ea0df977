"""Records, manifests and analyses changed anywhere and sealed anew, or cut and spliced: they are read, or refused in a line;
never a traceback, and never a file written."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.compare import compare
from bench.compare import to_json as compared_to_json
from bench.errors import BenchError
from bench.records import canonical, digest, load, write_analyses, write_manifest
from bench.records.verify import verify
from bench.report import build, to_json
from tests.mutated import mutated

GOLDEN = Path(__file__).parents[2] / "results" / "golden"
METHODS = ("lr", "metaselector", "perfect-user")
FILES = ("manifest.json", "analysis.json", *(f"records/{method}" for method in METHODS))
Tree = dict[str, Any]


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tree]:
    """A small part of the golden run, by file."""
    folder = tmp_path_factory.mktemp("part")
    manifest = json.loads((GOLDEN / "manifest.json").read_text())
    kept = [
        line
        for line in manifest["trials"]
        if line["protocol"] == "cold" and line["method"] in METHODS
    ]
    write_manifest(folder, manifest | {"trials": kept})
    (folder / "records").mkdir()
    for line in kept:
        shutil.copy(GOLDEN / "records" / f"{line['id']}.json", folder / "records")
    analysis = json.loads((GOLDEN / "analysis.json").read_text())
    cold = {key: short(of) for key, of in analysis["analyses"].items() if key.endswith("/cold")}
    tables = {key: analysis["user_tables"][key] for key in cold}
    write_analyses(folder, load(folder).records, cold, tables)
    found = {
        name: json.loads((folder / name).read_text()) for name in ("manifest.json", "analysis.json")
    }
    for line in kept:
        text = (folder / "records" / f"{line['id']}.json").read_text()
        found[f"records/{line['method']}"] = json.loads(text)
    return found


def short(analysis: Tree) -> Tree:
    """Of the methods that are in the part, and of few segments."""
    methods = [one for one in analysis["methods"] if one["name"] in METHODS]
    return analysis | {"methods": methods, "segments": analysis["segments"][:1]}


@pytest.fixture(scope="module")
def original(trees: dict[str, Tree], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay(tmp_path_factory.mktemp("original"), trees)


def lay(folder: Path, trees: dict[str, Tree], changed: str = "") -> Path:
    """The files of a run, each sealed as it is; of a folder that has them all, the one that is changed. An analysis is of the
    records as they are; without a change to it there is none, which is read in a moment."""
    (folder / "records").mkdir(exist_ok=True)
    for name in (changed,) if changed else FILES:
        tree = trees[name]
        if name == "analysis.json" and isinstance(tree.get("records"), list):
            digests = [seal(trees[f"records/{method}"])["digest"] for method in METHODS]
            tree = tree | {"records": digests}
        (folder / file_of(name)).write_text(json.dumps(seal(tree)), "utf-8")
    return folder


def file_of(name: str) -> str:
    return f"records/{ORIGINAL_IDS[name]}.json" if name in ORIGINAL_IDS else name


ORIGINAL_IDS = {
    f"records/{line['method']}": line["id"]
    for line in json.loads((GOLDEN / "manifest.json").read_text())["trials"]
    if line["protocol"] == "cold"
}


def seal(tree: Tree) -> Tree:
    rest = {key: item for key, item in tree.items() if key != "digest"}
    try:
        return {**rest, "digest": digest(rest)}
    except (ValueError, TypeError):
        return tree


READERS: dict[str, Callable[[Path, Path], object]] = {
    "report": lambda folder, _: canonical(to_json(build(load(folder)))),
    "compare": lambda folder, original: canonical(
        compared_to_json(compare(load(original), load(folder)))
    ),
    "verify": lambda folder, _: verify(folder).exit_code,
}


def refusal(read: Callable[[Path, Path], object], folder: Path, original: Path) -> str:
    """What a reader says in place of its answer; anything but a BenchError is raised."""
    try:
        read(folder, original)
    except BenchError as error:
        return str(error)
    return "none"


def listing(folder: Path) -> list[tuple[str, int, int]]:
    found = []
    for at, folders, files in os.walk(folder):
        for name in (*folders, *files):
            state = os.lstat(os.path.join(at, name))
            found.append((os.path.join(at, name), state.st_mtime_ns, state.st_size))
    return sorted(found)


def check(reader: str, folder: Path, original: Path) -> None:
    before = listing(folder)
    told = refusal(READERS[reader], folder, original)
    assert told
    assert "\n" not in told
    assert listing(folder) == before


def look(trees: dict[str, Tree], original: Path, folder: Path, examples: int) -> None:
    lay(folder, trees)
    (folder / "analysis.json").unlink()

    @settings(max_examples=examples)
    @given(st.data())
    def of_any_file(data: st.DataObject) -> None:
        reader, name = data.draw(st.sampled_from([*READERS])), data.draw(st.sampled_from(FILES))
        lay(folder, trees | {name: data.draw(mutated(trees[name]))}, name)
        check(reader, folder, original)
        if name == "analysis.json":
            (folder / name).unlink()
        else:
            lay(folder, trees, name)

    of_any_file()


@pytest.mark.fault(21)
def test_a_file_that_is_changed_anywhere_is_read_or_refused(
    trees: dict[str, Tree], original: Path, tmp_path: Path
) -> None:
    look(trees, original, tmp_path, 300)


@pytest.mark.slow
def test_a_file_that_is_changed_anywhere_is_read_or_refused_ten_thousand_times(
    trees: dict[str, Tree], original: Path, tmp_path: Path
) -> None:
    look(trees, original, tmp_path, 10_000)


@pytest.mark.fault(21)
def test_bytes_in_place_of_a_file_are_refused(
    trees: dict[str, Tree], original: Path, tmp_path: Path
) -> None:
    texts = {name: json.dumps(seal(tree)).encode() for name, tree in trees.items()}
    lay(tmp_path, trees)

    @settings(max_examples=200)
    @given(
        st.sampled_from([*READERS]), st.sampled_from(FILES), st.binary(max_size=40), st.floats(0, 1), st.integers(0, 40)
    )  # fmt: skip
    def spliced(reader: str, name: str, content: bytes, where: float, gone: int) -> None:
        text = texts[name]
        at = round(where * len(text))
        (tmp_path / file_of(name)).write_bytes(text[:at] + content + text[at + gone :])
        check(reader, tmp_path, original)
        lay(tmp_path, trees, name)

    spliced()
