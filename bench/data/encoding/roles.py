"""Which of a dataset's raw tables each column is read from, and the checks that need no cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from bench.data.tables.labels import Rule, parse_conditions, parse_rule
from bench.data.tables.raw import INTERACTIONS, RawTable, missing_column
from bench.data.tables.room import Room
from bench.data.tables.scanned import scanned
from bench.errors import DataError
from bench.interfaces import Column, Field, Scan, Tables

__all__ = ["MOST_ENTRIES", "Feature", "Layout", "Owner", "arrange"]

Owner = Literal["row", "user", "item"]  # whose rows a table has: "row" is the table of interactions
MOST_ENTRIES = 2**31 - 2  # of the joint index, whose entries are int32, beside an unknown one
_KINDS = ("categorical", "multi_valued", "numeric")


class Feature(NamedTuple):
    column: str
    field: Field
    separator: str
    owner: Owner
    buckets: int


@dataclass(frozen=True)
class Layout:
    """Raw tables by whose rows they have, and the part that each column plays. `features` are in the order of fields."""

    tables: Mapping[Owner, RawTable]
    user: str
    item: str
    order: str | None
    features: tuple[Feature, ...]
    label: Rule
    drop: tuple[Rule, ...]  # a row goes for which any holds
    min_rows_per_user: int
    split: tuple[str, str] | None  # columns of roles and parts
    true_logit: str | None

    def id_column(self, owner: Owner) -> str:
        return self.item if owner == "item" else self.user


def arrange(tables: Tables, room: Room) -> Layout:
    """Read what is read a part at a time, and check a plugin's tables against their columns: DataError for what is missing,
    double or ambiguous."""
    raw = _raw_tables(tables, room)
    user, item = _only("user", tables.columns), _only("item", tables.columns)
    order = _only("order", tables.columns) if _named("order", tables.columns) else None
    ids: dict[Owner, str] = {"user": user, "item": item}
    for column in filter(None, (user, item, order)):
        _require(raw["row"], column)
    for owner, key in ids.items():
        if owner in raw:
            _require(raw[owner], key)
    return Layout(
        tables=raw,
        user=user,
        item=item,
        order=order,
        features=_features(tables.columns, raw),
        label=_rules(raw["row"], "label", tables.label)[0],
        drop=_rules(raw["row"], "drop", tables.drop) if tables.drop else (),
        min_rows_per_user=tables.min_rows_per_user,
        split=_split(tables, raw["row"]),
        true_logit=_withheld("true_logit", tables.true_logit, tables, raw["row"])
        if tables.true_logit
        else None,
    )


def _split(tables: Tables, row: RawTable) -> tuple[str, str] | None:
    roles, parts = tables.split_users, tables.split_part
    if not roles and not parts:
        return None
    if not roles or not parts:
        there, lacking = ("part", "users") if parts else ("users", "part")
        raise DataError(
            f"split names a column of {there} and none of {lacking}; name both or neither",
            file=row.file,
        )
    return _withheld("split", roles, tables, row), _withheld("split", parts, tables, row)


def _withheld(what: str, name: str, tables: Tables, row: RawTable) -> str:
    """A column that is there and that no model is handed."""
    if name not in row.names:
        raise DataError(f"{what}: {missing_column(name, row.columns)}", file=row.file)
    if name in tables.columns and (
        tables.columns[name].field or tables.columns[name].role != "label"
    ):
        raise DataError(
            f"{what}: column {name!r} can't be a feature, an id or the order too", file=row.file
        )
    return name


def _raw_tables(tables: Tables, room: Room) -> dict[Owner, RawTable]:
    given = tables.interactions
    if isinstance(given, Scan):
        _refuse_double("column", given.columns, given.file)
    rows = scanned(given, room) if isinstance(given, Scan) else given
    raw: dict[Owner, RawTable] = {"row": RawTable(rows, INTERACTIONS)}
    if tables.users is not None:
        raw["user"] = RawTable(tables.users, "users")
    if tables.items is not None:
        raw["item"] = RawTable(tables.items, "items")
    for table in raw.values():
        _refuse_double("column", table.names, table.file)
        if not len(table):
            raise DataError("no rows", file=table.file)
    return raw


def _features(columns: Mapping[str, Column], raw: Mapping[Owner, RawTable]) -> tuple[Feature, ...]:
    features = [
        Feature(name, column.field, column.separator, _owner(name, column, raw), column.buckets)
        for name, column in columns.items()
        if column.field is not None
    ]
    _refuse_double("field", [feature.field.name for feature in features])
    if not features:
        raise DataError("no fields; name at least one column as a feature", file=raw["row"].file)
    for feature in features:
        if feature.field.kind == "multi_valued" and not feature.separator:
            raise DataError(f"field {feature.field.name!r} is multi-valued but has no separator")
        if feature.buckets:
            _check_buckets(feature, columns[feature.column].role)
    return tuple(sorted(features, key=lambda feature: _KINDS.index(feature.field.kind)))


def _check_buckets(feature: Feature, role: str) -> None:
    name, kind = feature.field.name, feature.field.kind
    if kind != "categorical" or role in ("user", "item"):
        what = "holds ids, which are numbered one by one" if kind == "categorical" else f"is {kind}"
        raise DataError(f"field {name!r} {what}: it can't have buckets; leave them out")
    if not 1 <= feature.buckets <= MOST_ENTRIES:
        raise DataError(
            f"field {name!r}: {feature.buckets} buckets; give 1 to {MOST_ENTRIES}, 1000000 say"
        )


def _owner(name: str, column: Column, raw: Mapping[Owner, RawTable]) -> Owner:
    if column.role in ("user", "item", "order"):
        return "row"
    owners = [owner for owner, table in raw.items() if name in table.names]
    if not owners:
        there = dict.fromkeys(column for table in raw.values() for column in table.columns)
        raise DataError(
            f"{', '.join(table.file for table in raw.values())}: {missing_column(name, there)}"
        )
    if len(owners) > 1:
        files = " and ".join(raw[owner].file for owner in owners)
        raise DataError(f"column {name!r} is in {files}; rename one of them")
    return owners[0]


def _named(role: str, columns: Mapping[str, Column]) -> list[str]:
    return [name for name, column in columns.items() if column.role == role]


def _only(role: str, columns: Mapping[str, Column]) -> str:
    names = _named(role, columns)
    if len(names) != 1:
        raise DataError(f"a dataset names one column of role {role!r}, not {len(names)}")
    return names[0]


def _require(table: RawTable, column: str) -> None:
    if column not in table.names:
        raise DataError(missing_column(column, table.columns), file=table.file)


def _refuse_double(what: str, names: Iterable[str], file: str = "") -> None:
    seen: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        if name in seen:
            raise DataError(
                f"{what} {name!r} is there twice, at positions {seen[name]} and {position}; rename one",
                file=file,
            )
        seen[name] = position


def _rules(table: RawTable, what: str, text: str) -> tuple[Rule, ...]:
    try:
        rules = parse_conditions(text) if what == "drop" else (parse_rule(text),)
    except ValueError as error:
        raise DataError(f"{what}: {error}", file=table.file) from error
    for rule in rules:
        if rule.column not in table.names:
            said = f"{what}: {missing_column(rule.column, table.columns)}"
            raise DataError(said, file=table.file)
    return rules
