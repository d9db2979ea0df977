"""The tables of the study, as Markdown."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np

from bench.evaluate import LOGLOSS_AND_AUC, Paired, adjust, best_single, paired, summarise
from bench.job.outcome import of_record
from benchmarks.study_places import Place

__all__ = [
    "CONTRASTS",
    "CONTROLS",
    "Contrast",
    "answers",
    "answers_across",
    "contrasts_table",
    "difference_cells",
    "fewer_seeds",
    "figure",
    "history_table",
    "losses_across",
    "methods_table",
]

METRICS = ("logloss", "auc", "gauc", "relaimpr")


class Contrast(NamedTuple):
    """A question that is put to every run: `method` less `other`."""

    question: str
    method: str
    other: str


CONTRASTS = (
    Contrast("meta-training against the best fine-tuning", "full-5", "fine-tune"),
    Contrast("… against 60 steps of it", "full-5", "fine-tune-60"),
    Contrast("… at one step each", "full-1", "fine-tune-1"),
    Contrast("… at three", "full-3", "fine-tune-3"),
    Contrast("… at five", "full-5", "fine-tune-5"),
    Contrast("… of the selector alone", "simplified-5", "fine-tune-selector"),
    Contrast("adapting the base models too", "full-5", "simplified-5"),
    Contrast("… without meta-training", "fine-tune", "fine-tune-selector"),
    Contrast("second order, one step", "full-1", "full-1-first-order"),
    Contrast("second order, three steps", "full-3", "full-3-first-order"),
    Contrast("second order, five steps", "full-5", "full-5-first-order"),
    Contrast("five steps against one", "full-5", "full-1"),
    Contrast("full against an intercept and a slope", "full-5", "user-calibration"),
    Contrast("… both with calibration on top", "full-5-calibrated", "user-calibration"),
    Contrast("calibration on top of the full version", "full-5-calibrated", "full-5"),
    Contrast("calibration on top of the simplified one", "simplified-5-calibrated", "simplified-5"),
    Contrast("simplified against gating", "simplified-5", "gating"),
    Contrast("… both calibrated", "simplified-5-calibrated", "gating-calibrated"),
    Contrast("full against gating", "full-5", "gating"),
    Contrast("full, base models blind to every query", "full-5-holdout", "full-5"),
)
CONTROLS = ("fine-tune", "fine-tune-5", "user-calibration")  # of the table by length of the support


def methods_table(place: Place) -> str:
    """Methods by log loss, means over seeds, and what they cost; within a table every figure is over the same seeds. What was
    run with fewer seeds has a table of its own, beside base models, bounds and what it is compared with. A line names what has
    no result."""
    seeds_of: dict[str, set[int]] = defaultdict(set)
    for record in place.records:
        if of_record(record).ok:
            seeds_of[record["trial"]["method"]].add(record["trial"]["seed"])
    always = {record["trial"]["method"] for record in place.records if record["kind"] != "method"}
    tables = []
    for seeds in sorted(
        {frozenset(seeds) for seeds in seeds_of.values()},
        key=lambda some: (-len(some), sorted(some)),
    ):
        names = {name for name, own in seeds_of.items() if own == seeds}
        beside = {
            other for c in CONTRASTS for other in (c.method, c.other) if names & {c.method, c.other}
        } | always
        names |= {name for name in beside if seeds_of[name] >= seeds}
        title = f"Seed{'s'[: len(seeds) > 1]} {', '.join(map(str, sorted(seeds)))}:"
        tables.append(f"{title}\n\n{_of_seeds(place, names, sorted(seeds))}")
    return "\n\n".join([*tables, *_without_result(place)])


def _without_result(place: Place) -> list[str]:
    """A line that names the methods that ended otherwise than ok, in which seeds and how."""
    ended: dict[tuple[str, str], list[int]] = defaultdict(list)
    for record in place.records:
        if not of_record(record).ok:
            ended[record["trial"]["method"], of_record(record).label].append(
                record["trial"]["seed"]
            )
    if not ended:
        return []
    told = [
        f"{name} in seed {', '.join(map(str, sorted(seeds)))} ({status})"
        for (name, status), seeds in ended.items()
    ]
    return [f"Without a result: {'; '.join(told)}."]


def _of_seeds(place: Place, names: Collection[str], seeds: Sequence[int]) -> str:
    records = [
        r for r in place.records if r["trial"]["seed"] in seeds and r["trial"]["method"] in names
    ]
    kinds = {record["trial"]["method"]: record["kind"] for record in records}
    lines = []
    for line in summarise(kinds, records, seeds, METRICS):
        if line.kind != "best_single":
            title = f"*{line.name}* (bound)" if line.kind == "bound" else line.name
            title = (
                f"**{line.name}** (best single)"
                if {line.name} == set(best_single(records).values())
                else title
            )
            figures = [figure(line.metrics[metric].mean, metric) for metric in METRICS]
            loss = line.metrics["logloss"].mean
            cells = [title, *figures, *_costs(place, records, line.name)]
            lines.append((math.inf if loss is None else loss, f"| {' | '.join(cells)} |"))
    head = [
        "| method | log loss | AUC | GAUC | RelaImpr | own training, CPU s | users/CPU s | prediction, CPU ms/user |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    return "\n".join([*head, *(text for _, text in sorted(lines))])


def figure(value: float | None, metric: str) -> str:
    """As the tables print it; empty where there is none."""
    if value is None:
        return ""
    return f"{value:+.2f} %" if metric == "relaimpr" else f"{value:.4f}"


def _costs(place: Place, records: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    """CPU seconds of a method's own training; users of meta-training a second of it; CPU ms to predict a test user's query,
    adaptation included. The last is not said of base models, which predict far more rows than those, and of calibrated
    methods, which adapt to every user six times over."""
    of_method = [
        r for r in records if r["trial"]["method"] == name and r.get("cost", {}).get("own")
    ]
    own = [record["cost"]["own"] for record in of_method]
    if not own:
        return ["", "", ""]
    trained = [
        cost["trained_users"] / cost["train_cpu_s"] for cost in own if cost.get("trained_users")
    ]
    predicts = all(
        r["kind"] == "method" and not r["identity"]["settings"].get("calibrate") for r in of_method
    )
    return [
        f"{fmean(cost['train_cpu_s'] for cost in own):,.0f}",
        f"{fmean(trained):,.0f}" if trained else "",
        f"{1000 * fmean(cost['predict_cpu_s'] for cost in own) / place.users:.2f}"
        if predicts
        else "",
    ]


def answers(place: Place) -> dict[str, dict[Contrast, Paired]]:
    """By metric, the planned comparisons that the run can answer; adjusted by Holm over those."""
    asked = [c for c in CONTRASTS if place.seeds(c.method, c.other)]
    found: dict[str, dict[Contrast, Paired]] = {metric.name: {} for metric in LOGLOSS_AND_AUC}
    for seeds in {
        place.seeds(c.method, c.other) for c in asked
    }:  # one set of resamples for all of the same seeds
        some = [c for c in asked if place.seeds(c.method, c.other) == seeds]
        names = tuple(dict.fromkeys(name for c in some for name in (c.method, c.other)))
        resampled = place.resampled(names)
        for metric, tests in found.items():
            for c in some:
                tests[c] = paired(resampled, c.method, c.other, metric)
    return {metric: adjust(tests) for metric, tests in found.items()}


def contrasts_table(place: Place) -> str:
    """The planned comparisons of one place, in log loss and AUC."""
    found = answers(place)
    rows = [
        "| question | less | seeds | log loss | 95 % over users | verdict | AUC | 95 % over users | verdict |",
        "|---|---|---:|---:|---|---|---:|---|---|",
    ]
    for c in CONTRASTS:
        if c in found["logloss"]:
            cells = [
                cell
                for metric in LOGLOSS_AND_AUC
                for cell in difference_cells(found[metric.name][c])
            ]
            count = len(place.seeds(c.method, c.other))
            rows.append(
                f"| {c.question} | {c.method} − {c.other} | {count} | {' | '.join(cells)} |"
            )
    return "\n".join(rows)


def losses_across(places: Sequence[Place]) -> str:
    """Log loss of each method at each place; the lowest of those with all seeds of a place in bold. One with fewer says so."""
    singles = [
        {r["trial"]["method"] for r in place.records if r["kind"] == "base_model"}
        for place in places
    ]
    losses: list[dict[str, float]] = []
    for place, base_models in zip(places, singles, strict=True):
        best = set(best_single(place.records).values())
        named = {name: place.logloss(name) for name in place.names if name not in base_models}
        losses.append({"best single": place.logloss(*best), **named} if len(best) == 1 else named)
    lowest = []
    for place, found in zip(places, losses, strict=True):
        whole = {
            name: loss
            for name, loss in found.items()
            if name not in place.names or not fewer_seeds(place, name)
        }
        lowest.append(min(whole, key=lambda name: whole[name]) if whole else "")
    rows = [
        f"| method | {' | '.join(place.name for place in places)} |",
        f"|---{'|---:' * len(places)}|",
    ]
    for name in dict.fromkeys(name for found in losses for name in found):
        cells = []
        for place, best, found in zip(places, lowest, losses, strict=True):
            text = figure(found.get(name), "logloss")
            cells.append(
                f"**{text}**"
                if name == best
                else text + (fewer_seeds(place, name) if name in place.names else "")
            )
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def answers_across(places: Sequence[Place]) -> str:
    """The planned comparisons in log loss, a column a place; Holm over those of a place."""
    found = [answers(place)["logloss"] for place in places]
    rows = [
        f"| question | less | {' | '.join(place.name for place in places)} |",
        f"|---|---{'|---' * len(places)}|",
        f"| test users; seeds | | {' | '.join(_users_and_seeds(place) for place in places)} |",
    ]
    for c in CONTRASTS:
        if any(c in tests for tests in found):
            cells = [
                " ".join(difference_cells(tests[c])) + fewer_seeds(place, c.method, c.other)
                if c in tests
                else ""
                for place, tests in zip(places, found, strict=True)
            ]
            rows.append(f"| {c.question} | {c.method} − {c.other} | {' | '.join(cells)} |")
    return "\n".join(rows)


def fewer_seeds(place: Place, *names: str) -> str:
    """Which seeds, where they are not all of the place's."""
    seeds = place.seeds(*names)
    return (
        "" if not seeds or seeds == tuple(place.rows) else f" (seeds {', '.join(map(str, seeds))})"
    )


def _users_and_seeds(place: Place) -> str:
    return f"{place.users:,.0f}; {', '.join(map(str, place.rows))}"


def history_table(place: Place, parts: int = 4) -> str:
    """full-5 less its controls, by quarter of test users in order of their support. Not adjusted: it says where to look."""
    others = [name for name in CONTROLS if place.seeds("full-5", name)]
    rows = [
        f"| support rows | users | {' | '.join(f'full-5 − {name}' for name in others)} |",
        f"|---|---:{'|---' * len(others)}|",
    ]
    for low, high in _ranges(place, parts):
        cells, users = [], 0
        for other in others:
            resampled = place.resampled(("full-5", other), LOGLOSS_AND_AUC[:1], low, high)
            cells.append(" ".join(difference_cells(paired(resampled, "full-5", other, "logloss"))))
            users = resampled.users
        rows.append(f"| {low:,} to {high:,} | {users:,} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _ranges(place: Place, parts: int) -> list[tuple[int, int]]:
    """Of support rows, each with about as many users."""
    rows = next(iter(place.rows.values()))
    lengths = np.sort(rows.history[np.unique(rows.users, return_index=True)[1]])
    edges = [int(part[-1]) for part in np.array_split(lengths, parts) if len(part)]
    lows = [int(lengths[0]), *(edge + 1 for edge in edges[:-1])]
    return [(low, high) for low, high in zip(lows, edges, strict=True) if low <= high]


def difference_cells(one: Paired) -> list[str]:
    """Difference, interval and verdict; where it is withheld, the reason in the interval's place."""
    if one.difference is None:
        return ["", one.reason, "withheld"]
    if one.verdict == "withheld":
        return [f"{one.difference:+.4f}", one.reason, "withheld"]
    interval = "" if one.low is None or one.high is None else f"[{one.low:+.4f}, {one.high:+.4f}]"
    return [
        f"{one.difference:+.4f}",
        interval,
        f"**{one.verdict}**" if one.verdict in ("better", "worse") else one.verdict,
    ]
