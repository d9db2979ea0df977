"""A few single users of a run, read from its tables by user: for pages alone, since reading Parquet takes its time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bench.errors import StorageError
from bench.records import Run, read_table
from bench.report.content.model import Report, Section, SingleUser, SingleUsers

__all__ = ["LEAST_ROWS", "with_single_users"]

LEAST_ROWS = 5  # query rows of a user: of fewer, a log loss is mostly luck
_MISSING = (
    "The run's table by user is missing or damaged, so there are no single users to show. Run the suite again: what is "
    "recorded is not computed again."
)
_Figures = Mapping[str, Any]  # a row of the table
_ByUser = Mapping[str, Mapping[str, _Figures]]  # method -> user -> row


def with_single_users(report: Report, run: Run) -> Report:
    """The same report with a few users of each section. `run` is what it was built from."""
    sections = tuple(
        replace(section, single_users=_single_users(section, run)) for section in report.sections
    )
    return replace(report, sections=sections)


def _single_users(section: Section, run: Run) -> SingleUsers:
    analysis, method = section.analysis, _method(section)
    if analysis is None:
        return _none("There is no analysis of these records, so there are no users to show.")
    if analysis.best_single is None or analysis.best_single_logloss is None:
        return _none("There is no best single model with a log loss to compare users with.")
    if method is None:
        return _none("No method gives weights over several base models, so there are none to show.")
    try:
        rows = _read(run, section, method)
        return _chosen(rows, section, method, analysis.best_single)
    except (
        StorageError,
        KeyError,
    ):  # a column, or a model's rows, that another version did not write
        return _none(_MISSING)


def _none(reason: str) -> SingleUsers:
    return SingleUsers(reason=reason)


def _method(section: Section) -> str | None:
    """The first of the table that gives weights over several models."""
    for row in section.rows:
        found = section.analysed(row) if row.kind == "method" else None
        if found is not None and found.entropy is not None:
            return found.name
    return None


def _read(run: Run, section: Section, method: str) -> list[_Figures]:
    """Rows of the method and of base models, of the method's first seed. Raises StorageError."""
    import pyarrow as pa
    import pyarrow.compute as pc

    models = [model.name for model in section.base_models]
    weights = {f"{kind}:{model}" for kind in ("weight", "weight_before") for model in models}
    figures = {"rows", "support_rows", "support_positives", "logloss", "logloss_before"}
    digest = run.user_tables.get(f"{section.dataset}/{section.protocol}", "")
    table = read_table(run.folder, digest, {"method", "seed", "user", *figures, *weights})

    of_method = table.filter(pc.equal(table["method"], method))
    first = pc.equal(table["seed"], pc.min(of_method["seed"]))
    wanted = pc.is_in(table["method"], pa.array([method, *models], pa.string()))
    found: list[_Figures] = table.filter(pc.and_(first, wanted)).to_pylist()
    return found


def _chosen(rows: Sequence[_Figures], section: Section, method: str, single: str) -> SingleUsers:
    """The lowest, the median and the highest difference from the best single model; equal ones by id."""
    by_user: dict[str, dict[str, _Figures]] = {}
    for row in rows:
        by_user.setdefault(row["method"], {})[row["user"]] = row
    users = sorted(
        (of_user["logloss"] - by_user[single][user]["logloss"], user)
        for user, of_user in by_user.get(method, {}).items()
        if of_user["rows"] >= LEAST_ROWS
    )
    if not users:
        return _none(
            f"No test user has {LEAST_ROWS} query rows, and of fewer a log loss says little."
        )
    places = dict.fromkeys((0, (len(users) - 1) // 2, len(users) - 1))
    models = [model.name for model in section.base_models]
    shown = tuple(_user(*users[place], method, models, by_user) for place in places)
    return SingleUsers(method, rows[0]["seed"], len(users), shown)


def _user(
    difference: float, user: str, method: str, models: Sequence[str], by_user: _ByUser
) -> SingleUser:
    row = by_user[method][user]
    return SingleUser(
        user,
        row["rows"],
        row["support_rows"],
        row["support_positives"],
        difference,
        row["logloss"],
        row.get("logloss_before"),
        _known(row, "weight", models),
        _known(row, "weight_before", models),
        {
            model: of_model["logloss"]
            for model in models
            if (of_model := by_user.get(model, {}).get(user)) is not None
            and math.isfinite(of_model["logloss"])
        },
    )


def _known(row: _Figures, kind: str, models: Sequence[str]) -> dict[str, float]:
    """Empty where the method has none of that kind."""
    found = ((model, row.get(f"{kind}:{model}")) for model in models)
    return {model: weight for model, weight in found if weight is not None}
