"""Any table of interactions: CSV (or any other separator), JSON lines or Parquet, with files of users and items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from bench import interfaces
from bench.data import number_rows, parse_conditions, parse_rule
from bench.errors import DataError
from bench.interfaces import Column, Dataset, Scan, Source, Tables
from bench_data.table_params import FILE_ORDER, Side, TableParams, no_id

__all__ = ["Table"]

PLACE = "place in the file"  # what `order: row` is called where it is told


class Table(Dataset):
    """A table of interactions in a file of CSV, JSON lines or Parquet, its columns named in the suite."""

    name = "table"
    Params = TableParams
    params: TableParams

    def sources(self) -> Sequence[Source]:
        files = (self.params.path, *(file.path for file in self.params.side_files.values()))
        return (Source("", "", "", files),)

    @classmethod
    def field_names(cls, params: Mapping[str, Any]) -> Sequence[str]:
        return [*params["fields"], *params["multi"], *params["numeric"]]

    def read(self, source: str, files: Mapping[str, Path]) -> Tables:  # noqa: ARG002
        params, split = self.params, self.params.split
        in_file_order = params.order == FILE_ORDER
        ids_and_order = _distinct([params.user, params.item, "" if in_file_order else params.order])
        wanted = _distinct(
            [*ids_and_order, *_rule_columns(params), *((split.users, split.part) if split else ())]
        )
        features = [name for name in params.features if name not in ids_and_order]
        if not params.side_files:
            wanted = _distinct([*wanted, *features])
        # ids last, so that the absence of one is told in words of its own
        others = [name for name in wanted if name not in (params.user, params.item)]
        rows = params.scan(files[params.path], others, [params.user, params.item, *features])
        _require_ids(rows, params)
        if in_file_order:
            rows = _numbered(rows)
        ids = {"user": params.user, "item": params.item}
        joined = {
            owner: file.read_keyed(files[file.path], ids[owner], features)
            for owner, file in params.side_files.items()
        }
        return Tables(
            rows,
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
            **({_order_column(params): Column("order")} if params.order else {}),
        }
        for kind, names in (
            ("categorical", params.fields),
            ("multi_valued", tuple(params.multi)),
            ("numeric", params.numeric),
        ):
            for name in names:
                field = interfaces.Field(name, kind, self._side(name, joined))  # type: ignore[arg-type]
                role = columns[name].role if name in columns else "feature"
                columns[name] = Column(
                    role, field, params.multi.get(name, ""), params.buckets.get(name, 0)
                )
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


def _require_ids(rows: Scan, params: TableParams) -> None:
    for name in (params.user, params.item):
        if name not in rows.columns:
            raise DataError(no_id(name, rows.header), file=rows.file)


def _order_column(params: TableParams) -> str:
    return PLACE if params.order == FILE_ORDER else params.order


def _numbered(rows: Scan) -> Scan:
    """With a column of each row's place in the file, from 1."""
    if FILE_ORDER in rows.header:
        raise DataError(
            f"{rows.file}: has a column {FILE_ORDER!r}, so that `order: {FILE_ORDER}` may mean it or the order of "
            "the file; rename the column"
        )
    return number_rows(rows, PLACE)


def _rule_columns(params: TableParams) -> list[str]:
    rules = [parse_rule(params.label), *(parse_conditions(params.drop) if params.drop else ())]
    return [rule.column for rule in rules]


def _distinct(names: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name]
