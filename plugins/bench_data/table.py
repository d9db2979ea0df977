"""Any table of interactions: a CSV file (or any other separator) or a Parquet file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from bench import interfaces
from bench.data import parse_condition, parse_rule, read_delimited, read_parquet
from bench.interfaces import Column, Dataset, PluginParams, Source, Tables

__all__ = ["Table"]

Side = Literal["user", "item", "context"]


class TableParams(PluginParams):
    path: str = Field(
        min_length=1, description="the file, below the suite's folder or the data folder; .parquet or text"
    )
    sep: str = Field(",", min_length=1, description="between the fields of a line, one character or several")
    columns: tuple[str, ...] = Field((), description="names of the columns of a text file that has no header line")
    encoding: str = Field("utf-8", description="of a text file, e.g. latin-1")
    user: str = Field("user_id", min_length=1, description="column of user ids")
    item: str = Field("item_id", min_length=1, description="column of item ids")
    fields: tuple[str, ...] = Field((), description="columns that are categorical features")
    multi: dict[str, str] = Field({}, description="columns that are multi-valued features, each with its separator")
    numeric: tuple[str, ...] = Field((), description="columns that are numeric features")
    sides: dict[str, Side] = Field({}, description="features of the user, the item or the context; without it: context")
    label: str = Field(description="COLUMN (values 0 and 1) or COLUMN OP NUMBER, e.g. 'rating >= 4'")
    drop: str = Field("", description="COLUMN OP NUMBER: rows for which it holds are left out and counted")
    order: str = Field("", description="column of numbers that orders a user's rows; without it: a seeded order")
    min_rows_per_user: int = Field(1, ge=1, description="users with fewer rows are left out and counted")

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
            raise ValueError(f"unknown encoding {encoding!r}; e.g. utf-8, latin-1, cp1252, utf-16") from error
        return encoding

    @field_validator("label")
    @classmethod
    def _is_rule(cls, text: str) -> str:
        parse_rule(text)
        return text

    @field_validator("drop")
    @classmethod
    def _is_condition(cls, text: str) -> str:
        if text:
            parse_condition(text)
        return text

    @field_validator("multi")
    @classmethod
    def _part(cls, multi: dict[str, str]) -> dict[str, str]:
        for column, separator in multi.items():
            if not separator:
                raise ValueError(f"the separator of {column!r} is empty; e.g. '|'")
        return multi

    @model_validator(mode="after")
    def _fit_together(self) -> TableParams:
        features = self.features
        for position, name in enumerate(features):
            if name in features[:position]:
                raise ValueError(f"column {name!r} is named twice among fields, multi and numeric")
        if not features:
            raise ValueError("no features: name columns under fields, multi or numeric")
        if (label := parse_rule(self.label).column) in features:
            raise ValueError(f"column {label!r} is the label; as a feature it would give the answer away")
        self._check_roles(features)
        self._check_format()
        return self

    @property
    def features(self) -> tuple[str, ...]:
        return (*self.fields, *self.multi, *self.numeric)

    @property
    def is_parquet(self) -> bool:
        return self.path.lower().endswith((".parquet", ".pq"))

    def _check_roles(self, features: Sequence[str]) -> None:
        for name in self.sides:
            if name not in features:
                raise ValueError(f"sides: {name!r} is not a feature; these are {', '.join(features)}")
        if self.user == self.item:
            raise ValueError(f"column {self.user!r} can't be user and item at once")
        for role, name in (("user", self.user), ("item", self.item)):
            if name in self.multi or name in self.numeric:
                raise ValueError(f"column {name!r} holds {role} ids: name it under fields, or not at all")
            if self.sides.get(name, role) != role:
                raise ValueError(f"sides: column {name!r} holds {role} ids, so its side is {role}")
        if self.order in (self.user, self.item):
            raise ValueError(f"column {self.order!r} holds ids; it can't be the order too")

    def _check_format(self) -> None:
        if self.is_parquet and (self.columns or self.sep != "," or self.encoding != "utf-8"):
            raise ValueError("sep, columns and encoding are of text files; a Parquet file has its own")


class Table(Dataset):
    """A table of interactions in a CSV or Parquet file, its columns named in the suite."""

    name = "table"
    Params = TableParams
    params: TableParams

    def sources(self) -> Sequence[Source]:
        return (Source("", "", "", (self.params.path,)),)

    def read(self, source: str, files: Mapping[str, Path]) -> Tables:  # noqa: ARG002
        params, (path,) = self.params, files.values()
        wanted = _distinct([params.user, params.item, params.order, *params.features, *_rule_columns(params)])
        if params.is_parquet:
            frame = read_parquet(path, wanted)
        else:
            frame = read_delimited(path, wanted, sep=params.sep, names=params.columns, encoding=params.encoding)
        return Tables(
            frame,
            self._columns(),
            label=params.label,
            drop=params.drop,
            min_rows_per_user=params.min_rows_per_user,
        )

    def _columns(self) -> dict[str, Column]:
        params = self.params
        columns = {
            params.user: Column("user"),
            params.item: Column("item"),
            **({params.order: Column("order")} if params.order else {}),
        }
        for kind, names in (
            ("categorical", params.fields),
            ("multi_valued", tuple(params.multi)),
            ("numeric", params.numeric),
        ):
            for name in names:
                field = interfaces.Field(name, kind, self._side(name))  # type: ignore[arg-type]
                role = columns[name].role if name in columns else "feature"
                columns[name] = Column(role, field, params.multi.get(name, ""))
        return columns

    def _side(self, name: str) -> Side:
        own: dict[str, Side] = {self.params.user: "user", self.params.item: "item"}
        return self.params.sides.get(name) or own.get(name, "context")


def _rule_columns(params: TableParams) -> list[str]:
    rules = [parse_rule(params.label), *([parse_condition(params.drop)] if params.drop else [])]
    return [rule.column for rule in rules]


def _distinct(names: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name]
