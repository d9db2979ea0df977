"""A report as CSV: a line for each row of its tables, figures unrounded."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import asdict, fields

from bench.report.content.model import Cost, Figure, Report, Row, Section

__all__ = ["FIXED_COLUMNS", "METRIC_COLUMNS", "to_csv"]

Value = str | float | int | None

COSTS = tuple(field.name for field in fields(Cost))
FIXED_COLUMNS = (
    "suite", "dataset", "protocol", "name", "kind", "model", "primary", "reference", "difference", "low", "high", "p_holm",
    "verdict", "validation_logloss", *COSTS,
)  # fmt: skip
METRIC_COLUMNS = ("mean", "sd", "seeds", "mark")  # each as METRIC_mean, ...
# What spreadsheets take for a formula, behind whatever they skip: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile("[\\s\"'\\u200b\\ufeff]*[=+\\-@\\t\\r\\n＝＋－＠]")


def to_csv(report: Report) -> str:
    """A header, then a line for each dataset, protocol and method, base model, best-single or bound: RFC 4180's CSV, with
    decimal points, empty where there is no value.

    Text that a spreadsheet would run as a formula has an apostrophe before it; any other text reads back as it was."""
    stream = io.StringIO(newline="")
    # lines end as RFC 4180 says: with "\n" alone Python leaves a "\r" in a name without quotes
    writer = csv.writer(stream, lineterminator="\r\n")
    metrics = [f"{metric}_{what}" for metric in report.metrics for what in METRIC_COLUMNS]
    writer.writerow(map(_cell, (*FIXED_COLUMNS, *metrics)))
    for section in report.sections:
        for row in section.rows:
            line = _fixed(report, section, row)
            figures = [value for metric in report.metrics for value in _figure(row.figures[metric])]
            writer.writerow(map(_cell, (*(line[name] for name in FIXED_COLUMNS), *figures)))
    return stream.getvalue()


def _fixed(report: Report, section: Section, row: Row) -> Mapping[str, Value]:
    pair = section.pair(row)
    costs = dict.fromkeys(COSTS) if row.cost is None else asdict(row.cost)
    return {
        "suite": report.suite,
        "dataset": section.dataset,
        "protocol": section.protocol,
        "name": row.name,
        "kind": row.kind,
        "model": row.model,
        "primary": section.primary,
        "reference": section.reference,
        "difference": None if pair is None else pair.difference,
        "low": None if pair is None else pair.low,
        "high": None if pair is None else pair.high,
        "p_holm": None if pair is None else pair.p_holm,
        "verdict": None if pair is None else pair.verdict,
        "validation_logloss": None if row.validation is None else row.validation.mean,
        **costs,
    }


def _figure(figure: Figure) -> tuple[Value, ...]:
    """In the order of METRIC_COLUMNS."""
    estimate = figure.estimate
    return estimate.mean, estimate.sd, estimate.defined, figure.mark


def _cell(value: Value) -> Value:
    """A number as it is: none of its signs starts a formula."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value
