"""The page of selection regret: how it is measured, and the table."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench_data.synthetic import PlantedParams
from benchmarks.regret import QUERY_ROWS, Regret

__all__ = ["write_document"]

PAGE = """\
# Selection regret: what a method loses for not knowing which model suits a user

![Regret by support rows]({figure})

{table}

Regret in nats a row, the lowest of each length in bold; the standard error of a figure, over test users, is at most
{error:.4f}. *ahead from*: the first support length from which on the method stays below `average`.

## What is measured
Data are of dataset [synthetic](../plugins/bench_data/README.md#synthetic): {groups} groups of users, and a pool of as many
experts, each of which gives the true logit of its own group's users but for a bias of each user's own ({params}). So the right
choice for each user is known, and so are the probabilities that labels were drawn from.

There are {draws} draws of the data. Of the {users:,} users of each, half are tested; of the rest a quarter validates, the
others train. The query is each user's last {query} rows, the support what comes right before: 0 to {most} rows. A method is
fitted once a draw, with its defaults, on users with supports of all these lengths; then test users' supports are cut to each
length in turn. Users' ids are hidden, as in the cold setting.

The *regret* of a method is the log loss that its predictions of test users' queries have in expectation over labels, less that
of each user's planted expert: 0 is what choosing one model a user can reach. The planted expert itself is {planted:.4f} above
the optimum, {optimum:.4f}, since it does not know users' biases; a method that calibrates may go below 0, but none below
{floor:.4f}. `user-best` at 0 rows is the best single model for all.

## Again
```console
$ python -m benchmarks.selection_regret
```
writes this page and its figure.
"""


def write_document(regret: Regret, params: PlantedParams, path: Path) -> str:
    """The page as written; the figure lies beside it under the same name."""
    table = _table(regret)
    changed = ("items", "gap", "quality", "user_bias")
    page = PAGE.format(
        figure=path.with_suffix(".svg").name,
        table=table,
        error=max(_standard_errors(values).max() for values in regret.methods.values()),
        groups=params.groups,
        params=", ".join(f"`{name}: {getattr(params, name):g}`" for name in changed),
        users=params.users,
        draws=len(regret.optimum),
        query=QUERY_ROWS,
        most=max(regret.support_rows),
        planted=regret.planted.mean(),
        optimum=regret.optimum.mean(),
        floor=-regret.planted.mean(),
    )
    path.write_text(page, "utf-8")
    return table


def _table(regret: Regret) -> str:
    """Methods in the order of their regret with the longest support."""
    means = {name: values.mean(axis=(0, 2)) for name, values in regret.methods.items()}
    lowest = np.min(np.round(list(means.values()), 4), axis=0)
    head = ["support rows", *map(str, regret.support_rows), "ahead from"]
    lines = [_row(head), _row(["---", *["---:"] * (len(head) - 1)])]
    for name, line in sorted(means.items(), key=lambda item: (float(item[1][-1]), item[0])):
        cells = [_cell(value, best) for value, best in zip(np.round(line, 4), lowest, strict=True)]
        lines.append(_row([f"`{name}`", *cells, _ahead_from(regret, line, means.get("average"))]))
    return "\n".join(lines)


def _cell(value: float, lowest: float) -> str:
    return f"**{value:.4f}**" if value == lowest else f"{value:.4f}"


def _ahead_from(regret: Regret, line: np.ndarray, average: np.ndarray | None) -> str:
    if average is None:
        return ""
    behind = np.flatnonzero(line >= average - 1e-9)
    first = int(behind[-1]) + 1 if len(behind) else 0
    return str(regret.support_rows[first]) if first < len(line) else "–"


def _standard_errors(values: np.ndarray) -> np.ndarray:
    """(S,) of the mean over draws and test users."""
    by_length = values.transpose(1, 0, 2).reshape(values.shape[1], -1)
    return np.asarray(by_length.std(axis=1, ddof=1) / np.sqrt(by_length.shape[1]))


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
