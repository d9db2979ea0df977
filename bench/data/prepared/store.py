"""A prepared dataset's folder: written whole or not at all, known by its digest, and checked when it is found again."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.data.encoding.encode import Encoded

__all__ = ["FORMAT", "content_digest", "is_intact", "set_aside", "write"]

FORMAT = 2  # of the folder; another number is another cache key


def write(folder: Path, encoded: Encoded, about: Mapping[str, Any], work: Path) -> None:
    """Write to `work` and rename to `folder`, which must not exist; both are in one file system. `about` joins meta.json."""
    shutil.rmtree(work, ignore_errors=True)  # of a process that was killed
    work.mkdir(parents=True)
    for name, values in encoded.arrays.items():
        np.save(work / f"{name}.npy", values, allow_pickle=False)
    pq.write_table(pa.table({"user_id": encoded.user_ids}), work / "user_ids.parquet")
    pq.write_table(pa.table({"item_id": encoded.item_ids}), work / "item_ids.parquet")
    digest = content_digest(encoded.arrays, encoded.meta)
    identity = _bytes_digest(encoded.arrays["identity"])
    meta = {
        "format": FORMAT,
        **about,
        "digest": digest,
        "identity_digest": identity,
        **encoded.meta,
    }
    text = json.dumps(meta, indent=1, ensure_ascii=False, allow_nan=False)
    (work / "meta.json").write_text(text + "\n", encoding="utf-8")
    folder.parent.mkdir(parents=True, exist_ok=True)
    work.rename(folder)


def is_intact(folder: Path) -> bool:
    """Whether a folder is complete and holds, to the last bit, what its digest says."""
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        arrays = {
            name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            for name in _names(meta)
        }
        ids = all((folder / f"{owner}_ids.parquet").is_file() for owner in ("user", "item"))
        same = _bytes_digest(arrays["identity"]) == meta["identity_digest"]
        return ids and same and bool(content_digest(arrays, meta) == meta["digest"])
    except (OSError, EOFError, ValueError, KeyError, TypeError, SyntaxError):
        return False


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
        digest.update(np.ascontiguousarray(values).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _bytes_digest(values: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(values).view(np.uint8).data).hexdigest()


def _names(meta: Mapping[str, Any]) -> list[str]:
    bags = [
        f"bags-{number}-{part}" for number in range(len(meta["bags"])) for part in ("ptr", "codes")
    ]
    order = [] if meta["order"] is None else ["order"]
    split = [] if meta["split"] is None else ["given-role", "given-part"]
    truth = [] if meta["true_logit"] is None else ["true-logit"]
    always = ["user_ptr", "users", "items", "labels", "categorical", "numeric", "identity"]
    return [*always, *order, *split, *truth, *bags]
