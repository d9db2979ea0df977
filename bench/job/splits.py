"""The split step: a protocol's division on disk, with test users' query labels left out of what a worker is handed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from bench.data.splits.split import Split
from bench.data.views.interactions import Interactions
from bench.storage.kept import KeptFolder, commit_folder

__all__ = ["WITHHELD", "open_split", "write_split"]

WITHHELD = 255  # in place of a label that no worker may know


def write_split(split: Split, interactions: Interactions, folder: Path) -> None:
    """role.npy, cut.npy, train_cut.npy (in blocks), labels.npy (test users' query withheld) and split.json.

    With digests of them all. Raises OSError."""

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
    """The split and the labels (n,) uint8 that a worker may see. Raises DamagedCacheError."""
    kept = KeptFolder(folder)
    settings = kept.json("split.json")
    role, cut, labels = (kept.array(name) for name in ("role", "cut", "labels"))
    train_cut = kept.array("train_cut") if "train_cut.npy" in kept else None
    user_ptr = np.asarray(interactions.user_ptr)
    return Split(
        user_ptr, role, cut, settings["setting"], settings["id_dropout"], train_cut
    ), labels
