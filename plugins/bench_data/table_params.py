"""Settings of `table`: which column of which file is what, checked before a file is opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field, field_validator, model_validator

from bench.data import missing_column, parse_conditions, parse_rule
from bench.interfaces import PluginParams
from bench_data.files import FileParams, SideFile

__all__ = ["FILE_ORDER", "Side", "SplitColumns", "TableParams", "no_id"]

MOST_BUCKETS = 2**31 - 2  # entries are int32
FILE_ORDER = "row"  # as `order`: the place of a row in the file


def no_id(name: str, columns: Sequence[str]) -> str:
    """What is said where a table lacks the column of users or items, as that of Criteo does."""
    needs = "a table needs `user:`, the column that says whose row it is, and `item:`, what it is about; name one for each"
    return f"{missing_column(name, columns)}; {needs}"


Side = Literal["user", "item", "context"]


class SplitColumns(PluginParams):
    users: str = Field(
        min_length=1, description="column of each row's user's role: train, valid or test"
    )
    part: str = Field(min_length=1, description="column of each row's part: support or query")


class TableParams(FileParams):
    user: str = Field(
        "user_id",
        min_length=1,
        description="column of user ids: whatever says whose row it is, since methods choose and adapt by user",
    )
    item: str = Field("item_id", min_length=1, description="column of item ids")
    fields: tuple[str, ...] = Field((), description="columns that are categorical features")
    multi: dict[str, str] = Field(
        {}, description="columns that are multi-valued features, each with its separator"
    )
    numeric: tuple[str, ...] = Field((), description="columns that are numeric features")
    buckets: dict[str, int] = Field(
        {},
        description="of fields that have very many values: into how many buckets these are hashed, 1000000 say",
    )
    items: SideFile | None = Field(
        None, description="a file of one row an item, with features of it: path, key"
    )
    users: SideFile | None = Field(
        None, description="a file of one row a user, with features of it: path, key"
    )
    sides: dict[str, Side] = Field(
        {},
        description="whose property a feature is: user, item or context; without it: of its file, else context",
    )
    label: str = Field(
        description="COLUMN (values 0 and 1) or COLUMN OP NUMBER, e.g. 'rating >= 4'"
    )
    drop: str = Field(
        "",
        description="rows to leave out, which are counted: COLUMN OP NUMBER, COLUMN OP TIME (ISO 8601), COLUMN is missing, "
        "COLUMN is 'TEXT', several with `or` between them",
    )
    order: str = Field(
        "",
        description="column of numbers or ISO 8601 times that orders a user's rows; `row`: the order of the file is that of "
        "time; without it: a seeded order",
    )
    split: SplitColumns | None = Field(
        None, description="columns that say who trains and what is support: users, part"
    )
    min_rows_per_user: int = Field(
        1, ge=1, description="users with fewer rows are left out and counted"
    )

    @field_validator("label")
    @classmethod
    def _is_rule(cls, text: str) -> str:
        parse_rule(text)
        return text

    @field_validator("drop")
    @classmethod
    def _is_condition(cls, text: str) -> str:
        if text:
            parse_conditions(text)
        return text

    @field_validator("multi")
    @classmethod
    def _part(cls, multi: dict[str, str]) -> dict[str, str]:
        for column, separator in multi.items():
            if not separator:
                raise ValueError(f"the separator of {column!r} is empty; e.g. '|'")
        return multi

    @field_validator("buckets")
    @classmethod
    def _are_some(cls, buckets: dict[str, int]) -> dict[str, int]:
        for column, count in buckets.items():
            if not 1 <= count <= MOST_BUCKETS:
                raise ValueError(f"{count} buckets of {column!r}; give 1 to {MOST_BUCKETS}")
        return buckets

    @model_validator(mode="after")
    def _fit_together(self) -> TableParams:
        features = self.features
        for position, name in enumerate(features):
            if name in features[:position]:
                raise ValueError(f"column {name!r} is named twice among fields, multi and numeric")
        if not features:
            raise ValueError("no features: name columns under fields, multi or numeric")
        if (label := parse_rule(self.label).column) in features:
            raise ValueError(
                f"column {label!r} is the label; as a feature it would give the answer away"
            )
        if self.order == label:
            raise ValueError(
                f"column {label!r} is the label; as the order it would put a user's likes last, into the query"
            )
        self._check_names(features)
        self._check_roles(features)
        self._check_buckets()
        self._check_files()
        self._check_split(features)
        return self

    @property
    def features(self) -> tuple[str, ...]:
        return (*self.fields, *self.multi, *self.numeric)

    @property
    def side_files(self) -> dict[Literal["user", "item"], SideFile]:
        files: dict[Literal["user", "item"], SideFile | None] = {
            "user": self.users,
            "item": self.items,
        }
        return {owner: file for owner, file in files.items() if file is not None}

    def _check_names(self, features: Sequence[str]) -> None:
        """Where the suite names the columns of the file, whether those in use are among them."""
        if not self.columns:
            return
        for name in (self.user, self.item):
            if name not in self.columns:
                raise ValueError(f"`columns` has {no_id(name, self.columns)}")
        ordered = self.order if self.order != FILE_ORDER else ""
        rules = [parse_rule(self.label), *(parse_conditions(self.drop) if self.drop else ())]
        own = () if self.side_files else features
        for name in filter(None, (ordered, *(rule.column for rule in rules), *own)):
            if name not in self.columns:
                raise ValueError(f"`columns` has {missing_column(name, self.columns)}")

    def _check_roles(self, features: Sequence[str]) -> None:
        for name in self.sides:
            if name not in features:
                raise ValueError(
                    f"sides: {name!r} is not a feature; these are {', '.join(features)}"
                )
        if self.user == self.item:
            raise ValueError(f"column {self.user!r} can't be user and item at once")
        for role, name in (("user", self.user), ("item", self.item)):
            if name in self.multi or name in self.numeric:
                raise ValueError(
                    f"column {name!r} holds {role} ids: name it under fields, or not at all"
                )
            if self.sides.get(name, role) != role:
                raise ValueError(f"sides: column {name!r} holds {role} ids, so its side is {role}")
        if self.order in (self.user, self.item):
            raise ValueError(f"column {self.order!r} holds ids; it can't be the order too")

    def _check_buckets(self) -> None:
        for name in self.buckets:
            if name not in self.fields:
                raise ValueError(
                    f"buckets: {name!r} is not among `fields`, which alone are hashed; these are {', '.join(self.fields)}"
                )
            if name in (self.user, self.item):
                raise ValueError(
                    f"buckets: column {name!r} holds ids, which are numbered one by one; leave it out"
                )

    def _check_files(self) -> None:
        paths = [self.path, *(file.path for file in self.side_files.values())]
        for position, path in enumerate(paths):
            if path in paths[:position]:
                raise ValueError(
                    f"the file {path!r} is named twice; its columns are all at hand when it is named once"
                )

    def _check_split(self, features: Sequence[str]) -> None:
        if self.split is None:
            return
        if self.split.users == self.split.part:
            raise ValueError(
                f"split: column {self.split.part!r} can't hold roles and parts at once"
            )
        for name in (self.split.users, self.split.part):
            if name in features or name in (self.user, self.item, self.order):
                raise ValueError(
                    f"split: column {name!r} can't be a feature, an id or the order too"
                )
