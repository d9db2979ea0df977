"""What is compared with what: tables of comparisons with one reference, each adjusted for the number of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from bench.evaluate.inference.paired import Paired, adjust, paired
from bench.evaluate.inference.resampled_metric import has_parts
from bench.evaluate.inference.resampling import LOGLOSS_AND_AUC, Resampled
from bench.evaluate.inference.slices import Slice, rows_at
from bench.evaluate.query_rows import QueryRows
from bench.interfaces import Metric

__all__ = ["Table", "against", "agree", "count_rows", "slices", "tested_metrics"]

Table = dict[str, dict[str, Paired]]  # name -> metric -> its difference from one reference


def against(resampled: Resampled, reference: str | None) -> Table:
    """Name to metric to its difference from the reference, which has none itself. Holm over the names, of each metric."""
    assert reference is not None, "one of the resampled names"
    found: Table = {name: {} for name in resampled.names}
    for metric in resampled.metrics:
        others = [name for name in resampled.names if name != reference]
        table = {name: paired(resampled, name, reference, metric) for name in others}
        for name, one in adjust(table).items():
            found[name][metric] = one
    return found


def agree(
    with_single: Table, with_lead: Table, single: str | None, lead: str | None
) -> tuple[Table, Table]:
    """The two tables, in which the pair of best-single and the lead has one verdict.

    That pair is in both, adjusted in each for that table's number of comparisons, and may be a tie in one alone. It is a tie
    in both then: the more cautious of the two."""
    if single is None or lead is None or single == lead:
        return with_single, with_lead
    mine, theirs = dict(with_single[lead]), dict(with_lead[single])
    for metric in mine:
        if mine[metric].verdict == "tie" != theirs[metric].verdict:
            theirs[metric] = _as_cautious(theirs[metric], mine[metric])
        elif theirs[metric].verdict == "tie" != mine[metric].verdict:
            mine[metric] = _as_cautious(mine[metric], theirs[metric])
    return {**with_single, lead: mine}, {**with_lead, single: theirs}


def _as_cautious(one: Paired, other: Paired) -> Paired:
    if one.verdict == "withheld":
        return one
    return replace(one, verdict="tie", p_holm=other.p_holm, reason=other.reason)


def tested_metrics(primary: Metric, metrics: Mapping[str, Metric], one: Slice) -> list[Metric]:
    """The primary first, log loss and AUC, and each other one that is a ratio of sums over users: any further one would be
    computed anew on every resample, which is done for the primary alone. `one`: rows by which that is judged."""
    cheap = [
        metric
        for metric in metrics.values()
        if metric.name != primary.name and has_parts(metric, one)
    ]
    named = {metric.name: metric for metric in (primary, *LOGLOSS_AND_AUC, *cheap)}
    return list(named.values())


def slices(
    rows: Sequence[QueryRows], names: Sequence[str], inside: Sequence[np.ndarray] | None = None
) -> list[Slice]:
    """What is resampled: all rows, or those `inside` ((n,) bool of each seed); a seed without any is left out."""
    if inside is None:
        return [Slice(one.scored, np.stack([one.logits[name] for name in names])) for one in rows]
    return [
        Slice(rows_at(one.scored, some), np.stack([one.logits[name][some] for name in names]))
        for one, some in zip(rows, inside, strict=True)
        if some.any()
    ]


def count_rows(rows: Sequence[QueryRows], counts: Sequence[int]) -> int:
    """Rows of one seed where all seeds have the same ones, else of all together. `counts`, of each seed, may be of some."""
    keys = ("users", "items", "y")
    same = all(
        np.array_equal(getattr(one, key), getattr(rows[0], key)) for one in rows[1:] for key in keys
    )
    return max(counts) if same else sum(counts)
