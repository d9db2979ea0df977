"""Settings of one file of a table: where it is and how it reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from pydantic import Field, field_validator, model_validator

from bench.data import (
    UNPACK_RATIO,
    FileKind,
    as_frame,
    kind_of,
    scan_delimited,
    scan_json_lines,
    scan_parquet,
)
from bench.errors import DataError
from bench.interfaces import PluginParams, Scan

__all__ = ["FileParams", "SideFile"]

# what people write for a character in single quotes or bare, where YAML reads no escapes
_WRITTEN_OUT = {
    "\\t": '"\\t"',
    "\\x09": '"\\t"',
    "tab": '"\\t"',
    "TAB": '"\\t"',
    "\\x01": '"\\x01"',
    "\\u0001": '"\\u0001"',
}


class FileParams(PluginParams):
    path: str = Field(
        min_length=1,
        description="the file, below the suite's folder or the data folder: .parquet, .jsonl, else delimited text; text may "
        "be gzip, or alone in a zip archive",
    )
    sep: str = Field(
        ",", min_length=1, description="between the fields of a line, one character or several"
    )
    columns: tuple[str, ...] = Field(
        (), description="names of the columns of a text file that has no header line"
    )
    encoding: str = Field("utf-8", description="of a text file, e.g. latin-1")
    quote: str = Field(
        '"',
        max_length=1,
        description='character around a field that holds separators or quotes; "": quotes are plain characters',
    )
    multiline: bool = Field(
        False, description="whether quoted fields may hold line breaks; else a line is a row"
    )
    escape: str = Field(
        "",
        max_length=1,
        description="character before a quote that does not end its field, a backslash say; else such a quote is doubled",
    )
    unpack_ratio: int = Field(
        UNPACK_RATIO,
        ge=1,
        description="a packed file may grow to so many times its size (and to 16 MiB in any case); beyond, it is refused",
    )

    @field_validator("sep")
    @classmethod
    def _separates(cls, sep: str) -> str:
        if re.search(r'["\r\n]', sep):
            raise ValueError("a separator can't hold a quote or a line break")
        if sep in _WRITTEN_OUT:
            raise ValueError(
                f"{sep!r} is not the character that it stands for; write sep: {_WRITTEN_OUT[sep]}, in double quotes"
            )
        return sep

    @field_validator("quote", "escape")
    @classmethod
    def _is_visible(cls, character: str) -> str:
        if character and (character.isspace() or character.isalnum()):
            raise ValueError(f"{character!r} can't be told from what a field holds; e.g. '\"'")
        return character

    @field_validator("encoding")
    @classmethod
    def _is_encoding(cls, encoding: str) -> str:
        try:
            "".encode(encoding)
        except LookupError as error:
            raise ValueError(
                f"unknown encoding {encoding!r}; e.g. utf-8, latin-1, cp1252, utf-16"
            ) from error
        return encoding

    @model_validator(mode="after")
    def _has_own_format(self) -> FileParams:
        self._check_format("parquet" if self.is_parquet else "json" if self.is_json else "text")
        if self.quote and self.quote in (self.sep, self.escape):
            raise ValueError(f"quote {self.quote!r} can't be the separator or the escape too")
        if (self.multiline or self.escape) and (not self.quote or len(self.sep) > 1):
            raise ValueError(
                "multiline and escape are of quoted fields: they need a quote and a separator of one character"
            )
        return self

    def _check_format(self, kind: FileKind) -> None:
        """ValueError where settings are of another kind of file."""
        of_text = {"sep", "columns", "quote", "multiline", "escape"}
        own = {"text": set(), "json": of_text, "parquet": of_text | {"encoding"}}[kind]
        fields = type(self).model_fields
        idle = [
            name for name in fields if name in own and getattr(self, name) != fields[name].default
        ]
        if idle:
            what = "Parquet" if kind == "parquet" else "JSON"
            raise ValueError(
                f"sep, columns, quote and encoding are of text files; a {what} file has its own: drop {', '.join(idle)}"
            )

    @property
    def is_parquet(self) -> bool:
        return self.path.lower().endswith((".parquet", ".pq"))

    @property
    def is_json(self) -> bool:
        return self.path.lower().removesuffix(".gz").endswith((".jsonl", ".ndjson", ".json"))

    def scan(self, path: Path, columns: Sequence[str], optional: Sequence[str] = ()) -> Scan:
        """The columns, and the optional ones that the file has, a part at a time."""
        kind = self._kind_of(path)
        if kind == "parquet":
            return scan_parquet(path, columns, optional=optional)
        if kind == "json":
            return scan_json_lines(
                path,
                columns,
                encoding=self.encoding,
                unpack_ratio=self.unpack_ratio,
                optional=optional,
            )
        return scan_delimited(
            path,
            columns,
            sep=self.sep,
            names=self.columns,
            encoding=self.encoding,
            quote=self.quote,
            multiline=self.multiline,
            escape=self.escape,
            unpack_ratio=self.unpack_ratio,
            optional=optional,
        )

    def _kind_of(self, path: Path) -> FileKind:
        kind = kind_of(path)
        try:
            self._check_format(kind)  # known only now of a file in an archive
        except ValueError as error:
            raise DataError(str(error), file=path.name) from error
        return kind


class SideFile(FileParams):
    key: str = Field("", description="its column of ids; without it: named as in the interactions")

    def read_keyed(self, path: Path, ids: str, optional: Sequence[str]) -> pd.DataFrame:
        """One row a user or item, the key under the name `ids` that it has in the interactions."""
        key = self.key or ids
        frame = as_frame(self.scan(path, [key], [name for name in optional if name != key]))
        attributes = {**frame.attrs, "called": {ids: key}}
        frame = frame.rename(columns={key: ids})
        frame.attrs = attributes
        return frame
