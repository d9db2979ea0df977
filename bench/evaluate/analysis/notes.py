"""What could not be analysed and why, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.evaluate.analysis.scored import Scored
from bench.evaluate.analysis.standings import Standings
from bench.evaluate.inference.resampling import Resampled
from bench.evaluate.query_rows import QueryRows

__all__ = ["NO_ROWS", "notes"]

NO_ROWS = "There are no test query rows."
_LEAD = "The leader was picked on these same test rows, so its advantage is overstated, most of all where others are close."
_IN_LOG_LOSS = "no closed gap, regret or win rate"


def notes(
    rows: Sequence[QueryRows],
    scored: Scored,
    ranked: Standings,
    best_single: str | None,
    resampled: Resampled | None,
) -> Iterator[str]:
    """`best_single`: the one that there would be; rows, scores and standings may lack it."""
    empty = [str(one.seed) for one in rows if not len(one.y)]
    if empty:
        yield f"There are no test query rows in seed {', '.join(empty)}."
    yield from _left_out(scored, ranked, best_single)
    yield from _of_best_single(scored, ranked, best_single)
    if scored.no_pool:
        yield f"There is no attainable bound, no regret and no selection accuracy: {scored.no_pool}."
    for why in () if resampled is None else resampled.untested.values():
        yield f"There are no intervals and no verdicts by {why}."
    if len(ranked.means) > 1:
        yield _LEAD


def _left_out(scored: Scored, ranked: Standings, best_single: str | None) -> Iterator[str]:
    for name, why in ranked.lacks.items():
        if name != best_single:
            yield f"{name} has {why}, so it is left out of comparisons."
    for name, why in scored.lacks.items():
        if name != best_single and name not in ranked.lacks:
            yield f"{name} has {why}, so it has {_IN_LOG_LOSS}, and segments leave it out."


def _of_best_single(scored: Scored, ranked: Standings, best_single: str | None) -> Iterator[str]:
    if best_single is None:
        yield f"There is no best single model, so nothing is compared with one, and there is {_IN_LOG_LOSS}."
        return
    lacks = [] if best_single in ranked.means else ["nothing is compared with it"]
    lacks += [] if best_single in scored.names else [f"there is {_IN_LOG_LOSS}"]
    if lacks:
        why = ranked.lacks.get(best_single) or scored.lacks.get(best_single) or "no result"
        yield f"The best single model, {best_single}, has {why}, so {', and '.join(lacks)}."
