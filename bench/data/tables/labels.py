"""Rules over a column, parsed and never evaluated: the label (`COLUMN` or `COLUMN OP NUMBER`) and rows to drop (`COLUMN OP
NUMBER`, `COLUMN OP TIME`, `COLUMN is missing`, `COLUMN is 'TEXT'`; several with `or` between them)."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.data.tables.iso import instant
from bench.data.tables.kinds import is_text
from bench.data.tables.numbers import NUMBER, Numbers, as_numbers, complete
from bench.data.tables.raw import RawTable, as_mask, missing_column
from bench.data.tables.text import as_text
from bench.data.tables.times import compared
from bench.errors import DataError

__all__ = ["Rule", "binary_labels", "holds", "parse_conditions", "parse_rule"]

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}
_CONDITION = re.compile(
    rf"\s*(?P<column>[^<>=!]*[^<>=!\s])\s*(?P<op>>=|<=|==|!=|>|<)\s*(?P<number>{NUMBER})\s*"
)
_BY_TIME = re.compile(
    r"\s*(?P<column>[^<>=!]*[^<>=!\s])\s*(?P<op>>=|<=|==|!=|>|<)\s*(?P<time>\d{4}-.*\S)\s*"
)
_IS = re.compile(
    r"""\s*(?P<column>.*\S)\s+is\s+(?:(?P<missing>missing)|'(?P<one>[^']*)'|"(?P<two>[^"]*)")\s*"""
)
_OR = re.compile(r"""\s+or\s+(?=(?:[^'"]|'[^']*'|"[^"]*")*$)""")  # outside of quotes
MISSING, IS = "is missing", "is"
_COMPARABLE = "a comparison needs numbers; of a column of times, a time: 'COLUMN < 2021-01-30'"


class Rule(NamedTuple):
    """`COLUMN OP NUMBER`; without an operator the column itself, which must hold 0 and 1. Of rows to drop also a time in
    the number's place, `is missing`, and `is` with a text there."""

    column: str
    op: str = ""
    number: str = ""


def parse_rule(text: str) -> Rule:
    """The rule of a label. ValueError, in one line, where it is neither `COLUMN` nor `COLUMN OP NUMBER`."""
    if match := _CONDITION.fullmatch(text):
        return Rule(match["column"], match["op"], match["number"])
    if not text.strip() or re.search("[<>=!]", text):
        operators = " ".join(_OPERATORS)
        raise ValueError(
            f"{text!r} is neither COLUMN nor COLUMN OP NUMBER (OP: {operators}); e.g. 'rating >= 4'"
        )
    return Rule(text.strip())


def parse_conditions(text: str) -> tuple[Rule, ...]:
    """Which rows to drop: those for which any of the rules holds. ValueError, in one line, for what is none."""
    return tuple(_condition(part) for part in _OR.split(text))


def _condition(text: str) -> Rule:
    if match := _IS.fullmatch(text):
        if match["missing"]:
            return Rule(match["column"], MISSING)
        return Rule(match["column"], IS, match["one"] if match["one"] is not None else match["two"])
    if match := _CONDITION.fullmatch(text):
        return Rule(match["column"], match["op"], match["number"])
    if match := _BY_TIME.fullmatch(text):
        instant(
            match["time"]
        )  # refused here, with the place in the suite, where there is no such time
        return Rule(match["column"], match["op"], match["time"])
    raise ValueError(
        f"{text!r} is none of COLUMN OP NUMBER, COLUMN OP TIME (ISO 8601), COLUMN is missing and COLUMN is 'TEXT' "
        f"(OP: {' '.join(_OPERATORS)}); e.g. 'rating == 0' or 'time < 2021-01-30'"
    )


def holds(rule: Rule, table: RawTable) -> np.ndarray:
    """(n,) bool: where a condition holds, compared in the column's own type. DataError where a cell is missing or infinite,
    unless the rule asks for that."""
    if rule.op == MISSING:
        return _missing(table, rule.column)
    if rule.op == IS:
        return as_text(table, rule.column).rows_with(rule.number)
    fill = _fill(table, rule.column)
    if _BY_TIME.fullmatch(f"{rule.column} {rule.op} {rule.number}"):
        after = compared(table, rule.column, instant(rule.number), fill)
        return np.asarray(_OPERATORS[rule.op](after, 0))
    numbers = as_numbers(table, rule.column, _COMPARABLE)
    return _compare(complete(table, rule.column, numbers, fill), rule.op, rule.number)


def _missing(table: RawTable, column: str) -> np.ndarray:
    if is_text(table.kind(column)):
        return as_text(table, column).rows_with("")
    return as_mask(pc.is_null(table.column(column), nan_is_null=True))


def _fill(table: RawTable, column: str) -> str:
    return f"fill it in{table.or_drop(column)}, or leave the row out of the file"


def binary_labels(rule: Rule, table: RawTable) -> np.ndarray:
    """(n,) uint8 of 0 and 1. DataError: another value, a missing one, or one class alone."""
    if rule.column not in table.names:
        raise DataError(f"label: {missing_column(rule.column, table.columns)}", file=table.file)
    labels = holds(rule, table) if rule.op else _zero_or_one(table, rule.column)
    positives = int(labels.sum())
    if positives in (0, len(labels)):
        only = "1 (no negative)" if positives else "0 (no positive)"
        text = " ".join(part for part in rule if part)
        raise DataError(
            f"label {text!r}: one class alone: all {len(labels)} labels are {only}; "
            "nothing can be learned from it: mend the rule or the data",
            file=table.file,
        )
    return labels.astype(np.uint8)


def _zero_or_one(table: RawTable, column: str) -> np.ndarray:
    # Checked before any cast: a cast to uint8 would turn a rate of 0.7 into 0 and -1 into 255.
    values = complete(table, column, _words_or_numbers(table, column), _fill(table, column))
    bad = (values != 0) & (values != 1)
    if (row := table.first(bad)) is not None:
        seen = ", ".join(f"{value:g}" for value in np.unique(values)[:6].tolist())
        rule = f'label: "{column} {_suggested(values)}"'
        table.refuse(
            row,
            column,
            f"{values[row]:g} is not a label of 0 or 1 (values: {seen}); say which are positive: {rule}",
        )
    return np.asarray(values == 1)


def _words_or_numbers(table: RawTable, column: str) -> Numbers:
    """Booleans written as words are booleans still."""
    if is_text(table.kind(column)):
        found = as_text(table, column)
        words = pc.utf8_lower(found.words)
        if pc.all(pc.is_in(words, pa.array(["true", "false", ""], pa.large_string()))).as_py():
            true, missing = as_mask(pc.equal(words, "true")), as_mask(pc.equal(words, ""))
            return Numbers(found.rows_of(true), found.rows_of(missing))
    return as_numbers(table, column, 'a label is 0 or 1; or compare a number: label: "rating >= 4"')


def _compare(values: np.ndarray, op: str, number: str) -> np.ndarray:
    """Integers against the exact number; floats against the number rounded as the column's own type rounds it."""
    if np.issubdtype(values.dtype, np.floating):
        with np.errstate(over="ignore"):
            return np.asarray(_OPERATORS[op](values, values.dtype.type(float(number))))
    exact = Decimal(number)
    if exact != exact.to_integral_value() and op in ("==", "!="):
        return np.full(len(values), op == "!=")
    # for an integer v: v >= 3.5 is v >= 4, v > 3.5 is v > 3
    threshold = math.ceil(exact) if op in (">=", "<") else math.floor(exact)
    return np.asarray(_OPERATORS[op](values, threshold))


def _suggested(values: np.ndarray) -> str:
    if values.max() > 1:
        return f">= {math.ceil(0.8 * values.max()):g}"  # 4 of 5, 8 of 10
    return "> 0" if values.min() < 0 else ">= 0.5"
