"""What two runs kept of their users: both drew the same ones, so that their figures are paired draw by draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bench.errors import StorageError
from bench.evaluate import Resampled
from bench.evaluate.inference.kept_draws import KeptDraws, unpack_draws
from bench.records import Run, read_blob

__all__ = ["BASE", "CANDIDATE", "Evidence"]

BASE, CANDIDATE = "base", "candidate"  # names of the two sides


class Evidence:
    """Of two runs; what can't be had is a reason that says which file to keep."""

    def __init__(self, base: Run, candidate: Run) -> None:
        self._runs = base, candidate
        self._kept: dict[str, tuple[KeptDraws | str, KeptDraws | str]] = {}

    def of(
        self, place: str, method: str, metric: str, values: Mapping[int, tuple[float, float]]
    ) -> Resampled | str:
        """One metric of one method in BASE and CANDIDATE, two names of one table; or why not. `place`: DATASET/PROTOCOL.
        `values`: seed to the figures of both."""
        seeds, sides = sorted(values), []
        for run, kept in zip(self._runs, self._both(place), strict=True):
            if isinstance(kept, str):
                return kept
            draws = kept.of(metric, method, seeds)
            if draws is None:
                return _not_kept(run, kept, metric)
            sides.append((kept, draws))
        (ours, base), (theirs, candidate) = sides
        if ours.drawn != theirs.drawn:
            return (
                "the two runs resampled other users, so that they can't be paired: run both with the same seeds and the same "
                "version of numpy"
            )
        return _paired(ours, metric, [values[seed] for seed in seeds], (base, candidate))

    def _both(self, place: str) -> tuple[KeptDraws | str, KeptDraws | str]:
        if place not in self._kept:
            base, candidate = self._runs
            self._kept[place] = _read(base, place), _read(candidate, place)
        return self._kept[place]


def _read(run: Run, place: str) -> KeptDraws | str:
    path = run.folder / "analysis.json"
    if run.analysis_fault:
        return run.analysis_fault
    found = run.analyses.get(place)
    if found is None:
        return f"{path}: missing, or without {place}; keep it with the run, and the blob that its kept_draws name"
    facts = found.get("kept_draws")
    if facts is None:
        return f"{path}: keeps no draws of users, since an earlier version made it; run the suite again"
    try:
        return unpack_draws(facts, read_blob(run.folder, facts["blob"]))
    except StorageError as error:
        return str(error)
    except (KeyError, ValueError, TypeError) as error:
        return f"{path}: kept_draws of {place} are of another shape ({error}); run the suite again"


def _not_kept(run: Run, kept: KeptDraws, metric: str) -> str:
    if metric not in kept.metrics:
        return f"{metric} is not resampled: it is no ratio of sums over users; make it primary, or give its plugin by_user"
    return f"{run.folder / 'analysis.json'}: keeps no draws of this method in these seeds; run the suite again"


def _paired(
    kept: KeptDraws,
    metric: str,
    values: Sequence[tuple[float, float]],
    draws: tuple[np.ndarray, np.ndarray],
) -> Resampled | str:
    if metric in kept.untested:
        return kept.untested[metric]
    return Resampled(
        names=(BASE, CANDIDATE),
        higher_is_better={metric: kept.higher_is_better[metric]},
        values={metric: np.array(values, dtype=np.float64)},  # (S, 2)
        draws={metric: np.stack(draws, axis=1)},  # (R, 2)
        undefined={metric: {}},
        untested={},
        users=kept.users,
        effective_users=kept.effective_users,
        rows=0,  # nothing here asks for them
        seeds=len(values),
    )
