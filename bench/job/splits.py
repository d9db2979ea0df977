"""The split step: a protocol's division on disk, with test users' query labels left out of what a worker is handed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.data.splits.split import Split
from bench.data.views.interactions import Interactions

__all__ = ["WITHHELD", "commit_folder", "open_split", "write_split"]

WITHHELD = 255  # in place of a label that no worker may know


def write_split(split: Split, interactions: Interactions, folder: Path) -> None:
    """role.npy, cut.npy, train_cut.npy (in blocks), labels.npy (test users' query withheld) and split.json."""

    def fill(target: Path) -> None:
        labels = np.array(interactions.labels())
        labels[split.rows("test", "query")] = WITHHELD
        arrays = {"role": split.role, "cut": split.cut, "labels": labels}
        if split.train_cut is not None:
            arrays["train_cut"] = split.train_cut
        for name, array in arrays.items():
            np.save(target / f"{name}.npy", array, allow_pickle=False)
        settings = {"setting": split.setting, "id_dropout": split.id_dropout}
        (target / "split.json").write_text(json.dumps(settings), "utf-8")

    commit_folder(folder, fill)


def open_split(folder: Path, interactions: Interactions) -> tuple[Split, np.ndarray]:
    """The split and the labels (n,) uint8 that a worker may see."""
    settings = json.loads((folder / "split.json").read_text("utf-8"))
    role, cut, labels = (
        np.load(folder / f"{name}.npy", allow_pickle=False) for name in ("role", "cut", "labels")
    )
    blocks = folder / "train_cut.npy"
    train_cut = np.load(blocks, allow_pickle=False) if blocks.exists() else None
    user_ptr = np.asarray(interactions.user_ptr)
    return Split(
        user_ptr, role, cut, settings["setting"], settings["id_dropout"], train_cut
    ), labels


def commit_folder(folder: Path, fill: Callable[[Path], None]) -> None:
    """Make a folder whole under a temporary name, then rename it: first writer wins, nobody sees half of one."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.parent / f".{folder.name}.{os.getpid()}"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        fill(temporary)
        if not folder.exists():
            os.rename(temporary, folder)
    except FileExistsError:  # another process was first; its folder holds the same
        pass
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
