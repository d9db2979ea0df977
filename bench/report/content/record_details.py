"""What records tell beside their metrics: base models' shares and shifts, sources of predictions, warnings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.report.content.model import BaseModelFacts, Extreme, PredictionsFile, Shift

__all__ = [
    "base_models",
    "base_predictions",
    "calibrated",
    "extreme",
    "from_files",
    "invalid_everywhere",
    "no_support",
    "support_rows",
    "training_users",
    "users_scored",
    "warnings",
]

Record = Mapping[str, Any]


def base_models(models: Sequence[str], good: Sequence[Record]) -> tuple[BaseModelFacts, ...]:
    """`good`: the records with a result, here and below."""
    shares = [
        _mapping(_detail(record, "best_model_share"))
        for record in good
        if _method(record) == "perfect-user"
    ]
    return tuple(
        BaseModelFacts(
            model, _mean([_number(share.get(model)) for share in shares]), _shifts(model, good)
        )
        for model in models
    )


def base_predictions(good: Sequence[Record]) -> dict[str, tuple[str, ...]]:
    """Source to the methods that took their base predictions from it."""
    return _methods((_source(record), record) for record in good)


def training_users(good: Sequence[Record]) -> dict[str, tuple[int, ...]]:
    """Source of base predictions to the distinct counts of users whose tasks its methods learned from, ascending."""
    found: dict[str, set[int]] = defaultdict(set)
    for record in good:
        users = _number(_mapping(_detail(record, "training")).get("users"))
        if users is not None:
            found[_source(record)].add(int(users))
    return {source: tuple(sorted(counts)) for source, counts in found.items()}


def calibrated(good: Sequence[Record]) -> dict[str, tuple[str, ...]]:
    """By what predictions were calibrated after a method, to the methods."""
    found = ((_detail(record, "calibrated"), record) for record in good)
    return _methods(
        (how if isinstance(how, str) else "user" if how else "", record) for how, record in found
    )


def from_files(good: Sequence[Record]) -> tuple[PredictionsFile, ...]:
    """Base models whose predictions were read from a file."""
    found = {}
    for record in good:
        read = _detail(record, "predictions")
        if isinstance(read, Mapping):
            one = PredictionsFile(
                _method(record),
                str(read.get("file", "")),
                str(read.get("sha256", "")),
                rows if type(rows := read.get("rows")) is int else None,
                _count(read.get("unused_rows")),
                _count(read.get("rows_without_key")),
            )
            found[one.model, one.sha256] = one
    return tuple(found.values())


def _count(value: object) -> int:
    return value if type(value) is int else 0


def no_support(good: Sequence[Record]) -> tuple[int, ...]:
    """Distinct counts of test users without support; methods that see none of anybody's do not count."""
    seeing = [record for record in good if _detail(record, "support_rows") != 0]
    return tuple(
        sorted({count for record in seeing if (count := _whole(record, "empty_support_users"))})
    )


def support_rows(good: Sequence[Record]) -> dict[str, int]:
    """Methods that see the last rows alone of validation and test users' support, to how many."""
    found = {_method(record): _whole(record, "support_rows") for record in good}
    return {method: rows for method, rows in found.items() if rows is not None}


def users_scored(good: Sequence[Record], metric: str) -> tuple[int, int] | None:
    """(scored, all) of a metric by users: the same for every method of a seed; where seeds split users apart, the seed with
    the most left out."""
    counts = [record["metrics"].get(metric, {}).get("counts", {}) for record in good]
    pairs = [
        (scored, users)
        for count in counts
        if isinstance(scored := count.get("users_scored"), int)
        and isinstance(users := count.get("users"), int)
    ]
    return max(pairs, key=lambda pair: pair[1] - pair[0], default=None)


def warnings(good: Sequence[Record]) -> dict[str, tuple[str, ...]]:
    """What was warned of, to the trials' methods; extreme logits are told of by themselves."""
    return _methods(
        (warning, record)
        for record in good
        for warning in _list(_detail(record, "warnings"))
        if isinstance(warning, str)
        and not (_detail(record, "extreme_logits") and "logits beyond" in warning)
    )


def invalid_everywhere(good: Sequence[Record], metric: str) -> str:
    """Why no record has a value of the metric, where what it gave is a score in none; else nothing."""
    scores = [record["metrics"].get(metric, {}) for record in good]
    if not scores or not all(score.get("invalid") for score in scores):
        return ""
    return str(scores[0].get("reason", ""))


def extreme(good: Sequence[Record]) -> tuple[Extreme, ...]:
    """Methods with extreme logits, each once, by its worst seed."""
    worst: dict[str, Record] = {}
    for record in good:
        found = _detail(record, "extreme_logits")
        if found and found["rows"] > worst.get(_method(record), {"rows": 0})["rows"]:
            worst[_method(record)] = found
    return tuple(
        Extreme(method, one["rows"], one["of"], one["beyond"], one["largest"], one.get("cause", ""))
        for method, one in worst.items()
    )


def _shifts(model: str, good: Sequence[Record]) -> dict[str, Shift]:
    """Methods of one source saw the same predictions, so that each seed counts once."""
    seen: dict[str, dict[int, Record]] = defaultdict(dict)
    for record in good:
        shift = _mapping(_mapping(_detail(record, "source_shift")).get(model))
        if shift:
            seen[_source(record)][record["trial"]["seed"]] = shift
    return {
        source: Shift(
            *(
                _mean([_number(one.get(slot)) for one in by_seed.values()])
                for slot in ("train_query", "valid_query")
            )
        )
        for source, by_seed in seen.items()
    }


def _methods(told: Iterable[tuple[str, Record]]) -> dict[str, tuple[str, ...]]:
    """(what, record) as what -> methods; an empty what is left out."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for what, record in told:
        if what:
            found[what][_method(record)] = None
    return {what: tuple(methods) for what, methods in found.items()}


def _method(record: Record) -> str:
    return str(record["trial"]["method"])


def _detail(record: Record, key: str) -> Any:
    """A plugin may have left anything there under the same key: what is of another type is none."""
    return record["details"].get(key)


def _source(record: Record) -> str:
    source = _detail(record, "base_predictions")
    return source if isinstance(source, str) else ""


def _whole(record: Record, key: str) -> int | None:
    value = _detail(record, key)
    return value if type(value) is int else None


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _mapping(value: Any) -> Record:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
