"""What is prepared is what is said of it: the files with those digests, read by that code."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.data import prepare
from bench.errors import DataError
from bench.registry import load_registry
from tests.data.toy import CSV, Toy

pytestmark = pytest.mark.usefixtures("no_data_folder")
READER = """
from pathlib import Path
import pandas as pd
from bench import hookimpl
from bench.interfaces import Column, Dataset, Field, Source, Tables
{imports}

class Reader(Dataset):
    \"\"\"The first rows of a file.\"\"\"
    name = "my-reader"

    def sources(self):
        return [Source("", "", "", ("clicks.csv",))]

    def read(self, source, files):
        frame = pd.read_csv(files["clicks.csv"], dtype=str).head({kept})
        ids = {{name: Column(name[:4], Field(name, "categorical", name[:4])) for name in ("user_id", "item_id")}}
        return Tables(frame, ids | {{"time": Column("order")}}, label="click")

@hookimpl
def bench_datasets():
    return {{"my-reader": f"{{__name__}}:Reader"}}
"""
BESIDE = "import sys; sys.path.insert(0, str(Path(__file__).parent)); import helper_of_reader"
OF_TEXT = "KEPT = int((Path(__file__).parent / 'kept.txt').read_text().split()[-1])"
# where the reader lies, what it imports, what says how many rows it keeps, and how the reader names that
FORMS = {
    "a file of a subpackage": ("pack/__init__.py", "from .lib.parse import KEPT", "pack/lib/parse.py", "KEPT"),
    "a data file": ("pack/__init__.py", OF_TEXT, "pack/kept.txt", "KEPT"),
    "a helper beside it": ("reader.py", "from .helper_of_reader import KEPT", "helper_of_reader.py", "KEPT"),
    "a helper from another folder": ("reader.py", "from bench_local.helper import KEPT", "other/helper.py", "KEPT"),
    "a helper by sys.path": ("reader.py", BESIDE, "helper_of_reader.py", "helper_of_reader.KEPT"),
}  # fmt: skip


def rows_prepared(folder: Path, reader: str) -> int:
    given = [folder / Path(reader).parts[0], *folder.glob("other"), *folder.glob("helper*.py")]
    registry = load_registry(given, autoload=False)
    plugin = registry.load("datasets", "my-reader")
    return len(prepare(plugin(plugin.Params()), data_dir=folder, cache=folder / "cache"))


@pytest.mark.parametrize("form", FORMS)
def test_whatever_code_reads_a_dataset_an_edit_of_it_prepares_anew(tmp_path, form, monkeypatch):
    reader, imports, edited, kept = FORMS[form]
    (tmp_path / "clicks.csv").write_text(CSV)
    (tmp_path / reader).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / reader).write_text(READER.format(imports=imports, kept=kept))
    (tmp_path / edited).parent.mkdir(parents=True, exist_ok=True)
    for rows in (40, 30):
        monkeypatch.delitem(sys.modules, "helper_of_reader", raising=False)
        # of another length: Python reads bytecode of a file of that size and second
        (tmp_path / edited).write_text(f"KEPT = {rows}{' ' * (rows == 30)}\n")
        assert rows_prepared(tmp_path, reader) == rows


def test_a_linked_folder_of_a_package_is_a_part_of_its_code(tmp_path):
    (tmp_path / "clicks.csv").write_text(CSV)
    (tmp_path / "shared").mkdir()
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack/common").symlink_to("../shared", target_is_directory=True)
    (tmp_path / "shared/loop").symlink_to("../pack", target_is_directory=True)
    reader = READER.format(imports="from .common.parse import KEPT", kept="KEPT")
    (tmp_path / "pack/__init__.py").write_text(reader)
    for rows in (40, 30):
        (tmp_path / "shared/parse.py").write_text(f"KEPT = {rows}\n")
        assert rows_prepared(tmp_path, "pack/__init__.py") == rows


# -- while it is read


EDITS_ITSELF = "(Path(__file__).parent / 'part.py').write_text('NEW = 1') and 40"


@pytest.mark.fault(28)
def test_code_that_changes_while_it_reads_is_refused(tmp_path):
    (tmp_path / "clicks.csv").write_text(CSV)
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack/__init__.py").write_text(READER.format(imports="", kept=EDITS_ITSELF))
    with pytest.raises(DataError, match="dataset 'my-reader': its code was changed while it read"):
        rows_prepared(tmp_path, "pack/__init__.py")


class Rewritten(Toy):
    """Its file is another while it is read, and as it was afterwards."""

    def read(self, source, files):
        (path,) = files.values()
        whole = path.read_bytes()
        path.write_bytes(b"\n".join(whole.splitlines()[:30]))
        try:
            return super().read(source, files)
        finally:
            path.write_bytes(whole)


class Replaced(Toy):
    """Its file is replaced once it was read."""

    def read(self, source, files):
        (path,) = files.values()
        tables = super().read(source, files)
        path.with_name("new").write_bytes(path.read_bytes() + b"u9,i0,1,99\n")
        path.with_name("new").replace(path)
        return tables


@pytest.mark.fault(28)
@pytest.mark.parametrize("plugin", [Rewritten, Replaced])
def test_a_file_that_changes_while_it_is_read_is_refused_and_nothing_kept(tmp_path, plugin):
    file = tmp_path / "toy/clicks.csv"
    file.parent.mkdir()
    file.write_text(CSV)
    with pytest.raises(DataError, match=r"clicks\.csv: was changed while it was read; run again"):
        prepare(plugin(Toy.Params()), data_dir=tmp_path, cache=tmp_path / "cache")
    assert not list((tmp_path / "cache/data").glob("*/meta.json"))
