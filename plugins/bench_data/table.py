"""Any table of interactions: a CSV file (or any other separator) or a Parquet file; files of users and items beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import Field, field_validator, model_validator

from bench import interfaces
from bench.data import parse_condition, parse_rule, read_delimited, read_parquet
from bench.interfaces import Column, Dataset, PluginParams, Source, Tables

__all__ = ["Table"]

Side = Literal["user", "item", "context"]


class SideFile(PluginParams):
    """What is known of each item or user: a file of one row each, joined by key."""

    path: str = Field(
        min_length=1, description="the file, below the suite's folder or the data folder; .parquet or text"
    )
    key: str = Field(min_length=1, description="column of ids, as the table of interactions writes them")
    sep: str = Field(",", min_length=1, description="between the fields of a line, one character or several")
    columns: tuple[str, ...] = Field((), description="names of the columns of a text file that has no header line")
    encoding: str = Field("utf-8", description="of a text file, e.g. latin-1")


class GivenSplit(PluginParams):
    """The division that the data bring along, for the protocol `given`."""

    users: str = Field(min_length=1, description="column of each row's user's role: train, valid or test")
    part: str = Field(min_length=1, description="column of each row's part: support or query")


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
    order: str = Field(
        "", description="column of numbers, dates or times that orders a user's rows; without it: a seeded order"
    )
    items: SideFile | None = Field(None, description="a file of item features: {path: films.csv, key: item_id}")
    users: SideFile | None = Field(None, description="a file of user features: {path: users.csv, key: user_id}")
    split: GivenSplit | None = Field(
        None, description="the data's own division, for the protocol given: {users: COLUMN, part: COLUMN}"
    )
    min_rows_per_user: int = Field(1, ge=1, description="users with fewer rows are left out and counted")

    @model_validator(mode="after")
    def _readable(self) -> TableParams:
        files: list[TableParams | SideFile] = [self, *self.side_files.values()]
        for file in files:
            _check_format(file)
        return self

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
        self._check_split(features)
        return self

    @property
    def features(self) -> tuple[str, ...]:
        return (*self.fields, *self.multi, *self.numeric)

    @property
    def side_files(self) -> dict[Side, SideFile]:
        files: dict[Side, SideFile | None] = {"user": self.users, "item": self.items}
        return {side: file for side, file in files.items() if file is not None}

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

    def _check_split(self, features: Sequence[str]) -> None:
        if self.split is None:
            return
        if self.split.users == self.split.part:
            raise ValueError(f"split: column {self.split.part!r} can't be role and part at once")
        for column in (self.split.users, self.split.part):
            if column in (*features, self.user, self.item, self.order, parse_rule(self.label).column):
                raise ValueError(f"split: column {column!r} is in use already; a column says one thing")


def _check_format(file: TableParams | SideFile) -> None:
    if re.search(r'["\r\n]', file.sep):
        raise ValueError("a separator can't hold a quote or a line break")
    try:
        "".encode(file.encoding)
    except LookupError as error:
        known = "e.g. utf-8, latin-1, cp1252, utf-16"
        raise ValueError(f"unknown encoding {file.encoding!r}; {known}") from error
    if _is_parquet(file) and (file.columns or file.sep != "," or file.encoding != "utf-8"):
        raise ValueError("sep, columns and encoding are of text files; a Parquet file has its own")


def _is_parquet(file: TableParams | SideFile) -> bool:
    return file.path.lower().endswith((".parquet", ".pq"))


class Table(Dataset):
    """A table of interactions in a CSV or Parquet file, its columns named in the suite."""

    name = "table"
    Params = TableParams
    params: TableParams

    def sources(self) -> Sequence[Source]:
        paths = [self.params.path, *(file.path for file in self.params.side_files.values())]
        return (Source("", "", "", tuple(dict.fromkeys(paths))),)

    def read(self, source: str, files: Mapping[str, Path]) -> Tables:  # noqa: ARG002
        params = self.params
        split = [] if params.split is None else [params.split.users, params.split.part]
        wanted = _distinct([params.user, params.item, params.order, *_rule_columns(params), *split])
        rows = _read(params, files[params.path], wanted, params.features)
        sides = {side: self._read_side(side, file, files[file.path]) for side, file in params.side_files.items()}
        return Tables(
            rows,
            self._columns(sides),
            users=sides.get("user"),
            items=sides.get("item"),
            label=params.label,
            drop=params.drop,
            min_rows_per_user=params.min_rows_per_user,
            split_users=params.split.users if params.split is not None else "",
            split_part=params.split.part if params.split is not None else "",
        )

    def _read_side(self, side: Side, file: SideFile, path: Path) -> pd.DataFrame:
        """The key goes by the name that it has among the interactions."""
        ids = {"user": self.params.user, "item": self.params.item}
        frame = _read(file, path, [file.key], [name for name in self.params.features if name not in ids.values()])
        name = ids[side]
        frame = frame.rename(columns={file.key: name})
        frame.attrs["called"] = {name: file.key}
        return frame

    def _columns(self, sides: Mapping[Side, pd.DataFrame]) -> dict[str, Column]:
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
                field = interfaces.Field(name, kind, self._side(name, sides))  # type: ignore[arg-type]
                role = columns[name].role if name in columns else "feature"
                columns[name] = Column(role, field, params.multi.get(name, ""))
        return columns

    def _side(self, name: str, sides: Mapping[Side, pd.DataFrame]) -> Side:
        """As told; else of whose file a feature is in; else of whose id it is; else the context."""
        own: dict[str, Side] = {self.params.user: "user", self.params.item: "item"}
        of_file = [side for side, frame in sides.items() if name in frame.columns and name not in own]
        known: list[Side | None] = [self.params.sides.get(name), own.get(name), *of_file]
        return next((side for side in known if side is not None), "context")


def _read(file: TableParams | SideFile, path: Path, columns: Sequence[str], optional: Sequence[str]) -> pd.DataFrame:
    """The columns, and those of the optional ones that the file has."""
    if _is_parquet(file):
        return read_parquet(path, columns, optional=optional)
    return read_delimited(path, columns, sep=file.sep, names=file.columns, encoding=file.encoding, optional=optional)


def _rule_columns(params: TableParams) -> list[str]:
    rules = [parse_rule(params.label), *([parse_condition(params.drop)] if params.drop else [])]
    return [rule.column for rule in rules]


def _distinct(names: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name]
