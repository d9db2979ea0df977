"""A prepared dataset's folder: written whole or not at all, known by its digest, and checked when it is found again."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.data.encoding.encode import Encoded
from bench.storage.kept import KeptFolder, commit_folder

__all__ = ["FORMAT", "content_digest", "ids_digest", "is_intact", "set_aside", "write"]

_BLOCK = 2**20  # bytes
FORMAT = 4  # of the folder; another number is another cache key


def write(folder: Path, encoded: Encoded, about: Mapping[str, Any]) -> None:
    """Write the folder, with digests of its files; mapped arrays are moved into it. `about` joins meta.json.
    Raises OSError."""
    digests = {
        "digest": content_digest(encoded.arrays, encoded.meta),
        "ids": ids_digest(encoded.user_ids, encoded.item_ids),
    }
    meta = {"format": FORMAT, **about, **digests, **encoded.meta}
    text = json.dumps(meta, indent=1, ensure_ascii=False, allow_nan=False)

    def fill(work: Path) -> None:
        for name, values in encoded.arrays.items():
            _put(work / f"{name}.npy", values)
        pq.write_table(pa.table({"user_id": encoded.user_ids}), work / "user_ids.parquet")
        pq.write_table(pa.table({"item_id": encoded.item_ids}), work / "item_ids.parquet")
        (work / "meta.json").write_text(text + "\n", encoding="utf-8")

    commit_folder(folder, fill)


def _put(path: Path, values: np.ndarray) -> None:
    if isinstance(values, np.memmap) and values.filename:
        shutil.move(values.filename, path)  # the two may lie on two disks
    else:
        np.save(path, values, allow_pickle=False)


def is_intact(folder: Path) -> bool:
    """Whether a folder is complete and holds, to the last bit, what was written. Raises StorageError."""
    return not KeptFolder(folder).damage()


def set_aside(folder: Path) -> Path | None:
    """Move a folder that isn't intact out of the way; the last such is kept to be looked at. None if there is none."""
    if not folder.exists():
        return None
    aside = folder.with_name(f"{folder.name}.corrupt")
    shutil.rmtree(aside, ignore_errors=True)
    folder.rename(aside)
    return aside


def content_digest(arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> str:
    """sha256 of the encoded arrays and what gives them meaning; nothing of the files that they were read from, nor of
    `identity`, which follows from the rest."""
    digest = hashlib.sha256()
    meaning = {key: meta[key] for key in ("fields", "sizes", "bags", "user_field", "item_field")}
    if meta["truth"]:
        meaning["truth"] = meta["truth"]
    digest.update(json.dumps(meaning, sort_keys=True).encode())
    for name in sorted(set(arrays) - {"identity"}):
        values = arrays[name]
        digest.update(json.dumps([name, values.dtype.str, list(values.shape)]).encode())
        for block in _blocks(values):
            digest.update(np.ascontiguousarray(block).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _blocks(values: np.ndarray) -> Iterator[np.ndarray]:
    """Of what is mapped a part is read at a time, and nothing stays in memory."""
    if not (isinstance(values, np.memmap) and values.filename):
        yield values
        return
    with Path(values.filename).open("rb") as file:
        file.seek(values.offset)
        while block := file.read(_BLOCK):
            yield np.frombuffer(block, np.uint8)


def ids_digest(users: pa.Array, items: pa.Array) -> str:
    """sha256 of the texts of users' and items' ids, in the order of their numbers: the content's digest has none of them."""
    told = json.dumps([users.to_pylist(), items.to_pylist()])
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
