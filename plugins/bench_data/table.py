"""Any table of interactions: a CSV file (or any other separator) or a Parquet file, with files of users and items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from bench import interfaces
from bench.data import parse_condition, parse_rule
from bench.errors import DataError
from bench.interfaces import Column, Dataset, Source, Tables
from bench_data.table_params import Side, TableParams

__all__ = ["Table"]


class Table(Dataset):
    """A table of interactions in a CSV or Parquet file, its columns named in the suite."""

    name = "table"
    Params = TableParams
    params: TableParams

    def sources(self) -> Sequence[Source]:
        files = (self.params.path, *(file.path for file in self.params.side_files.values()))
        return (Source("", "", "", files),)

    def read(self, source: str, files: Mapping[str, Path]) -> Tables:  # noqa: ARG002
        params, split = self.params, self.params.split
        ids_and_order = _distinct([params.user, params.item, params.order])
        wanted = _distinct(
            [*ids_and_order, *_rule_columns(params), *((split.users, split.part) if split else ())]
        )
        features = [name for name in params.features if name not in ids_and_order]
        if not params.side_files:
            wanted = _distinct([*wanted, *features])
        frame = params.read(files[params.path], wanted, features)
        ids = {"user": params.user, "item": params.item}
        joined = {
            owner: file.read_keyed(files[file.path], ids[owner], features)
            for owner, file in params.side_files.items()
        }
        return Tables(
            frame,
            self._columns(joined),
            users=joined.get("user"),
            items=joined.get("item"),
            label=params.label,
            drop=params.drop,
            min_rows_per_user=params.min_rows_per_user,
            split_users=split.users if split else "",
            split_part=split.part if split else "",
        )

    def _columns(self, joined: Mapping[Literal["user", "item"], pd.DataFrame]) -> dict[str, Column]:
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
                field = interfaces.Field(name, kind, self._side(name, joined))  # type: ignore[arg-type]
                role = columns[name].role if name in columns else "feature"
                columns[name] = Column(role, field, params.multi.get(name, ""))
        return columns

    def _side(self, name: str, joined: Mapping[Literal["user", "item"], pd.DataFrame]) -> Side:
        """As the suite says; a column of a file of users or items is theirs."""
        own: dict[str, Side] = {self.params.user: "user", self.params.item: "item"}
        said, owner = self.params.sides.get(name), own.get(name)
        for side, frame in joined.items():
            if owner is None and name in frame.columns:
                owner = side
                if said not in (None, side):
                    raise DataError(
                        f"column {name!r} is of the {side}; sides can't say {said}",
                        file=str(frame.attrs["file"]),
                    )
        return said or owner or "context"


def _rule_columns(params: TableParams) -> list[str]:
    rules = [parse_rule(params.label), *([parse_condition(params.drop)] if params.drop else [])]
    return [rule.column for rule in rules]


def _distinct(names: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name]
