"""What the columns of a run's table by user are: their Arrow types, what they hold, and what a null says."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["USER_COLUMNS", "UserColumn", "user_column"]


class UserColumn(NamedTuple):
    """`type`: of Arrow ("string": a large_string too); `null`: what one says, "" where there is none."""

    type: str
    meaning: str
    null: str = ""


_NO_WEIGHTS = "the method gives no weights"
_NOT_ADAPTED = "the method is under no meta-learner"

# MODEL: a base model of the suite; GROUP: of parameters.
USER_COLUMNS = {
    "dataset": UserColumn("string", "name in the suite"),
    "protocol": UserColumn("string", "name in the suite"),
    "seed": UserColumn("int64", "of training"),
    "method": UserColumn("string", "method or base model, as in the suite"),
    "user": UserColumn("string", "the user's id, as in the data"),
    "rows": UserColumn("int64", "rows of the user's query: those that are scored"),
    "positives": UserColumn(
        "int64", "of them, those with label 1", "there is one row, whose label it would be"
    ),
    "support_rows": UserColumn("int64", "rows of the user's support: those that are seen"),
    "support_positives": UserColumn("int64", "of them, those with label 1"),
    "logloss": UserColumn("double", "mean log loss of the query, natural logarithm"),
    "auc": UserColumn("double", "AUC of the query, ties as halves", "all labels are of one class"),
    "best_model": UserColumn(
        "string",
        "the base model of lowest log loss on the query; of equals the first",
        "a base model has no result",
    ),
    "best_model_logloss": UserColumn(
        "double", "that model's mean log loss", "a base model has no result"
    ),
    "chosen_model": UserColumn(
        "string",
        "the base model of highest mean weight",
        f"{_NO_WEIGHTS}, or several share the highest",
    ),
    "entropy": UserColumn(
        "double",
        "mean over the query of the weights' entropy over log K: 0 one model, 1 all alike",
        f"{_NO_WEIGHTS}, or there is one base model",
    ),
    "weight:MODEL": UserColumn("double", "mean weight of the model over the query", _NO_WEIGHTS),
    **{
        column: one
        for when in ("before", "after")
        for column, one in {
            f"logloss_{when}": UserColumn(
                "double", f"`logloss` {when} the inner steps, without calibration", _NOT_ADAPTED
            ),
            f"support_logloss_{when}": UserColumn(
                "double",
                f"mean log loss of the support {when} the inner steps",
                f"{_NOT_ADAPTED}, or the user has no support",
            ),
            f"entropy_{when}": UserColumn(
                "double",
                f"`entropy` {when} the inner steps",
                f"{_NOT_ADAPTED}, or there is one base model",
            ),
            f"chosen_model_{when}": UserColumn(
                "string",
                f"`chosen_model` {when} the inner steps",
                f"{_NOT_ADAPTED}, or several models share the highest weight",
            ),
            f"weight_{when}:MODEL": UserColumn(
                "double", f"`weight:MODEL` {when} the inner steps", _NOT_ADAPTED
            ),
        }.items()
    },
    "moved_most": UserColumn(
        "string",
        "the group of parameters that the inner steps moved most",
        f"{_NOT_ADAPTED}, or nothing moved",
    ),
    "moved:GROUP": UserColumn(
        "float",
        "root mean square of how far the user's parameters of the group moved, relative to theirs before",
        f"{_NOT_ADAPTED}, or the user has no such parameters",
    ),
}


def user_column(name: str) -> UserColumn | None:
    """What a column of that name is; None for one that is of no run's table."""
    before, colon, _ = name.partition(":")
    if not colon:
        return USER_COLUMNS.get(name)
    return USER_COLUMNS.get(f"{before}:GROUP" if before == "moved" else f"{before}:MODEL")
