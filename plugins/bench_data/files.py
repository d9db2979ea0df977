"""Settings of one file of a table: where it is and how it reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from pydantic import Field, field_validator, model_validator

from bench.data import read_delimited, read_parquet
from bench.interfaces import PluginParams

__all__ = ["FileParams", "SideFile"]


class FileParams(PluginParams):
    path: str = Field(
        min_length=1,
        description="the file, below the suite's folder or the data folder; .parquet or text",
    )
    sep: str = Field(
        ",", min_length=1, description="between the fields of a line, one character or several"
    )
    columns: tuple[str, ...] = Field(
        (), description="names of the columns of a text file that has no header line"
    )
    encoding: str = Field("utf-8", description="of a text file, e.g. latin-1")

    @field_validator("sep")
    @classmethod
    def _separates(cls, sep: str) -> str:
        if re.search(r'["\r\n]', sep):
            raise ValueError("a separator can't hold a quote or a line break")
        return sep

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
        if self.is_parquet and (self.columns or self.sep != "," or self.encoding != "utf-8"):
            raise ValueError(
                "sep, columns and encoding are of text files; a Parquet file has its own"
            )
        return self

    @property
    def is_parquet(self) -> bool:
        return self.path.lower().endswith((".parquet", ".pq"))

    def read(
        self, path: Path, columns: Sequence[str], optional: Sequence[str] = ()
    ) -> pd.DataFrame:
        """The columns, and the optional ones that the file has."""
        if self.is_parquet:
            return read_parquet(path, columns, optional=optional)
        return read_delimited(
            path,
            columns,
            sep=self.sep,
            names=self.columns,
            encoding=self.encoding,
            optional=optional,
        )


class SideFile(FileParams):
    key: str = Field("", description="its column of ids; without it: named as in the interactions")

    def read_keyed(self, path: Path, ids: str, optional: Sequence[str]) -> pd.DataFrame:
        """One row a user or item, the key under the name `ids` that it has in the interactions."""
        key = self.key or ids
        frame = self.read(path, [key], [name for name in optional if name != key])
        attributes = {**frame.attrs, "called": {ids: key}}
        frame = frame.rename(columns={key: ids})
        frame.attrs = attributes
        return frame
