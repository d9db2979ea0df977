"""A dataset plugin for tests: one small table, from whichever sources a test names."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from bench.data import read_delimited
from bench.interfaces import Column, Dataset, Field, Source, Tables

CSV = "user_id,item_id,click,time\n" + "".join(
    f"u{n % 4},i{n % 7},{n % 3 % 2},{n}\n" for n in range(40)
)


class Toy(Dataset):
    """Forty clicks of four users."""

    name = "toy"
    places: ClassVar[tuple[Source, ...]] = (Source("toy", "", "", ("clicks.csv",)),)

    def sources(self) -> Sequence[Source]:
        return self.places

    def read(self, source: str, files: Mapping[str, Path]) -> Tables:
        (path,) = files.values()
        columns = {
            "user_id": Column("user", Field("user_id", "categorical", "user")),
            "item_id": Column("item", Field("item_id", "categorical", "item")),
            "time": Column("order"),
        }
        return Tables(
            read_delimited(path, ["user_id", "item_id", "click", "time"]), columns, label="click"
        )


def archive(members: Mapping[str, str | bytes]) -> bytes:
    """A zip file."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, text in members.items():
            opened.writestr(name, text)
    return content.getvalue()


def toy_from(*sources: Source) -> Toy:
    """The toy dataset with these sources alone."""
    return type("ToyFrom", (Toy,), {"places": sources})(Toy.Params())
