"""What the runs of suites/study say of MetaSelector: the tables and the figure of docs/metaselector.md.

    python -m benchmarks.study [--results DIR] [--data-dir DIR]

Reads the runs below DIR (default: results) that there are, and the data for the labels of test rows; puts each table between
its marks in the page, prints those that have no marks there, and leaves as it is what was not run."""

from __future__ import annotations

import argparse
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np

from bench.errors import NoRunError
from bench.evaluate import (
    RESAMPLED_METRICS,
    Paired,
    Resampled,
    Slice,
    adjust,
    best_single,
    paired,
    resample,
    row_log_loss,
    summarise,
)
from bench.records import Run, load, read_blob
from bench.registry import load_registry
from bench.run import Watcher
from bench.run.suite_run import plan_suite
from bench.suite import load as load_suite
from benchmarks.study_figure import write_figure

__all__ = ["CONTRASTS", "Contrast", "Place", "fill", "main", "read_places"]

ROOT = Path(__file__).resolve().parents[1]
SUITES = ROOT / "suites" / "study"
PAGE = ROOT / "docs" / "metaselector.md"
METRICS = ("logloss", "auc", "gauc", "relaimpr")
SIZE = re.compile(r"(.+)\[support_rows=(\d+)\]")  # as a grid names its entries


class Contrast(NamedTuple):
    """A question that was put before the runs were: `method` less `other`."""

    question: str
    method: str
    other: str


CONTRASTS = (
    Contrast("meta-training against the best fine-tuning", "full-5", "fine-tune"),
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
GROWTH = (
    ("full-5-like-test", "fine-tune"),
    ("full-5-like-test", "user-calibration"),
    ("fine-tune", "user-calibration"),
    ("simplified-5-like-test", "user-best"),
)


class Rows(NamedTuple):
    """Test query rows of one seed."""

    y: np.ndarray  # (n,)
    users: np.ndarray  # (n,)
    history: np.ndarray  # (n,) support rows of the row's user
    logits: Mapping[str, np.ndarray]  # (n,) by method

    def logloss(self, name: str) -> float:
        return float(row_log_loss(self.y, self.logits[name]).mean())


class Place(NamedTuple):
    """One dataset under one protocol: its records, and the n test rows of each seed with what was said of them."""

    name: str  # dataset/protocol
    records: tuple[Mapping[str, Any], ...]
    rows: Mapping[int, Rows]  # by seed

    @property
    def names(self) -> tuple[str, ...]:
        """Methods with a result in some seed."""
        return tuple(dict.fromkeys(name for rows in self.rows.values() for name in rows.logits))

    def seeds(self, *names: str) -> tuple[int, ...]:
        """Those in which all of the methods have a result."""
        return tuple(seed for seed, rows in self.rows.items() if rows.logits.keys() >= set(names))

    def resampled(
        self, names: Sequence[str], metrics: Sequence[str], low: int = 0, high: int | None = None
    ) -> Resampled:
        """On the seeds in which all of the methods have a result; test users with `low` to `high` support rows alone."""
        slices = []
        for seed in self.seeds(*names):
            rows = self.rows[seed]
            inside = (rows.history >= low) & (rows.history <= (high if high is not None else rows.history.max()))
            logits = np.stack([rows.logits[name][inside] for name in names])
            slices.append(Slice(rows.y[inside], rows.users[inside], logits))
        return resample(slices, names, metrics=metrics)


def read_places(folder: Path, suite: Path, data_dir: Path | None = None, cache_dir: Path | None = None) -> list[Place]:
    """The places of a run. Raises BenchError where the data are not there, NoRunError where the run is not, ValueError where
    the data or the suite are not those of the run."""
    run, registry = load(folder), load_registry()
    seeds = tuple(sorted({record["trial"]["seed"] for record in run.records}))
    parsed = load_suite(suite, registry)
    _, divisions = plan_suite(parsed, registry, data_dir, cache_dir, (), True, 1, seeds, (), Watcher())
    return [_place(run, at, seeds, divisions) for at in dict.fromkeys((d, p) for d, p, _ in divisions)]


def _place(run: Run, at: tuple[str, str], seeds: tuple[int, ...], divisions: Mapping[Any, Any]) -> Place:
    records = tuple(r for r in run.records if (r["trial"]["dataset"], r["trial"]["protocol"]) == at)
    rows = {}
    for seed in seeds:
        logits = {
            r["trial"]["method"]: read_blob(run.folder, r["blobs"]["logits"])
            for r in records
            if r["trial"]["seed"] == seed and r["status"] == "ok" and r["kind"] != "bound"
        }
        if logits:
            division = divisions[(*at, seed)]
            split, interactions = division.split, division.interactions
            query, lengths = split.rows("test", "query"), np.diff(split.pointer("test", "query"))
            history = np.repeat(np.diff(split.pointer("test", "support")), lengths)
            rows[seed] = Rows(interactions.labels()[query], interactions.users[query], history, logits)
    _check_losses(records, rows)
    return Place("/".join(at), records, rows)


def _check_losses(records: Sequence[Mapping[str, Any]], rows: Mapping[int, Rows]) -> None:
    """The labels at hand are those that the run was scored on."""
    for record in records:
        trial = record["trial"]
        if trial["seed"] in rows and trial["method"] in rows[trial["seed"]].logits:
            recorded = record["metrics"]["logloss"]["value"]
            if not math.isclose(rows[trial["seed"]].logloss(trial["method"]), recorded, rel_tol=1e-9):
                raise ValueError(
                    f"{trial['method']}, seed {trial['seed']}: the log loss is not the one recorded, {recorded}; run the "
                    "suite again, since its data or its protocol have changed"
                )


def blocks(place: Place) -> Iterator[tuple[str, str]]:
    """Name and text of each table of a place."""
    sizes = sorted({int(found[2]) for name in place.names if (found := SIZE.fullmatch(name))})
    if sizes:
        yield f"growth {place.name}", growth_table(place, sizes)
    elif place.names:
        yield f"methods {place.name}", methods_table(place)
        if any(place.seeds(c.method, c.other) for c in CONTRASTS):
            yield f"questions {place.name}", contrasts_table(place)
        if any(place.seeds("full-5", name) for name in CONTROLS):
            yield f"history {place.name}", history_table(place)


def methods_table(place: Place) -> str:
    """Methods by log loss, means over seeds, and what they cost. Where some were run with fewer seeds, a second table has
    all that were run with those: within a table every figure is over the same seeds."""
    seeds_of: dict[str, set[int]] = defaultdict(set)
    for record in place.records:
        if record["status"] == "ok":
            seeds_of[record["trial"]["method"]].add(record["trial"]["seed"])
    sets = sorted({frozenset(seeds) for seeds in seeds_of.values()}, key=len, reverse=True)
    tables = []
    for seeds in sets:
        names = [name for name, own in seeds_of.items() if own >= seeds]
        tables.append(
            f"Seed{'s'[: len(seeds) > 1]} {', '.join(map(str, sorted(seeds)))}:\n\n{_of_seeds(place, names, sorted(seeds))}"
        )
    return "\n\n".join(tables)


def _of_seeds(place: Place, names: Sequence[str], seeds: Sequence[int]) -> str:
    records = [r for r in place.records if r["trial"]["seed"] in seeds and r["trial"]["method"] in names]
    kinds = {record["trial"]["method"]: record["kind"] for record in records}
    lines = []
    for line in summarise(kinds, records, seeds, METRICS):
        if line.kind != "best_single":
            title = f"*{line.name}* (bound)" if line.kind == "bound" else line.name
            title = f"**{line.name}** (best single)" if {line.name} == set(best_single(records).values()) else title
            figures = [_figure(line.metrics[metric].mean, metric) for metric in METRICS]
            cells = [title, *figures, *_costs(place, records, line.name)]
            lines.append((line.metrics["logloss"].mean or 0.0, f"| {' | '.join(cells)} |"))
    head = [
        "| method | log loss | AUC | GAUC | RelaImpr | own training, CPU s | users/CPU s | prediction, CPU ms/user |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    return "\n".join([*head, *(text for _, text in sorted(lines))])


def _figure(value: float | None, metric: str) -> str:
    if value is None:
        return ""
    return f"{value:+.2f} %" if metric == "relaimpr" else f"{value:.4f}"


def _costs(place: Place, records: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    """CPU seconds of a method's own training; users of meta-training a second of it; CPU ms to predict a test user's query,
    adaptation included. The last is not said of base models, which predict far more rows than those, and of calibrated
    methods, which adapt to every user six times over."""
    of_method = [r for r in records if r["trial"]["method"] == name and r.get("cost", {}).get("own")]
    own = [record["cost"]["own"] for record in of_method]
    if not own:
        return ["", "", ""]
    trained = [cost["trained_users"] / cost["train_cpu_s"] for cost in own if cost.get("trained_users")]
    predicts = all(r["kind"] == "method" and not r["identity"]["settings"].get("calibrate") for r in of_method)
    users = fmean(len(np.unique(rows.users)) for rows in place.rows.values())
    return [
        f"{fmean(cost['train_cpu_s'] for cost in own):,.0f}",
        f"{fmean(trained):,.0f}" if trained else "",
        f"{1000 * fmean(cost['predict_cpu_s'] for cost in own) / users:.2f}" if predicts else "",
    ]


def contrasts_table(place: Place) -> str:
    """The planned comparisons that the run can answer; Holm over them, of each metric."""
    asked = [c for c in CONTRASTS if place.seeds(c.method, c.other)]
    found: dict[str, dict[Contrast, Paired]] = {metric: {} for metric in RESAMPLED_METRICS}
    for seeds in {place.seeds(c.method, c.other) for c in asked}:  # one set of resamples for all of the same seeds
        some = [c for c in asked if place.seeds(c.method, c.other) == seeds]
        names = tuple(dict.fromkeys(name for c in some for name in (c.method, c.other)))
        resampled = place.resampled(names, RESAMPLED_METRICS)
        for metric, tests in found.items():
            for c in some:
                tests[c] = paired(resampled, c.method, c.other, metric, higher_is_better=metric == "auc")
    adjusted = {metric: adjust(tests) for metric, tests in found.items()}
    rows = [
        "| question | less | seeds | log loss | 95 % over users | verdict | AUC | 95 % over users | verdict |",
        "|---|---|---:|---:|---|---|---:|---|---|",
    ]
    for c in asked:
        cells = [cell for metric in RESAMPLED_METRICS for cell in _difference(adjusted[metric][c])]
        count = len(place.seeds(c.method, c.other))
        rows.append(f"| {c.question} | {c.method} − {c.other} | {count} | {' | '.join(cells)} |")
    return "\n".join(rows)


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
            resampled = place.resampled(("full-5", other), ("logloss",), low, high)
            cells.append(" ".join(_difference(paired(resampled, "full-5", other, "logloss", higher_is_better=False))))
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


def growth_table(place: Place, sizes: Sequence[int]) -> str:
    """Log loss by support rows, and what one method adds to another at each; Holm over all of those."""
    families = tuple(dict.fromkeys(found[1] for name in place.names if (found := SIZE.fullmatch(name))))
    rows = [f"| method | {' | '.join(map(str, sizes))} |", f"|---{'|---:' * len(sizes)}|"]
    for family in families:
        rows.append(f"| {family} | {' | '.join(_mean_logloss(place, _sized(family, size)) for size in sizes)} |")
    tests = {}
    for family, other in GROWTH:
        for size in sizes:
            names = (_sized(family, size), _sized(other, size))
            if place.seeds(*names):
                tests[family, other, size] = paired(
                    place.resampled(names, ("logloss",)), *names, "logloss", higher_is_better=False
                )
    adjusted = adjust(tests)
    for family, other in dict.fromkeys(key[:2] for key in adjusted):
        cells = [
            " ".join(_difference(adjusted[family, other, s])) if (family, other, s) in adjusted else "" for s in sizes
        ]
        rows.append(f"| {family} − {other} | {' | '.join(cells)} |")
    return "\n".join(rows)


def growth(place: Place) -> tuple[dict[str, list[float]], list[int], float]:
    """Log loss of each method at each number of support rows, those numbers, and the best single model's log loss."""
    found = [match for name in place.names if (match := SIZE.fullmatch(name))]
    sizes = sorted({int(match[2]) for match in found})
    lines = {
        family: [_over_seeds(place, _sized(family, size)) for size in sizes]
        for family in dict.fromkeys(match[1] for match in found)
        if all(place.seeds(_sized(family, size)) for size in sizes)
    }
    (single,) = best_single(place.records).values()
    return lines, sizes, _over_seeds(place, single)


def _over_seeds(place: Place, name: str) -> float:
    return fmean(place.rows[seed].logloss(name) for seed in place.seeds(name))


def _mean_logloss(place: Place, name: str) -> str:
    return _figure(_over_seeds(place, name), "logloss") if place.seeds(name) else ""


def _sized(family: str, size: int) -> str:
    return f"{family}[support_rows={size}]"


def _difference(one: Paired) -> list[str]:
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


def fill(page: str, name: str, text: str) -> str:
    """The page with the text between the marks of that name. Raises ValueError where the page lacks them."""
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    if page.count(start) != 1 or page.count(end) != 1:
        raise ValueError(f"the page has no marks {start} and {end}; put them where the table is to stand")
    return f"{page[: page.index(start) + len(start)]}\n{text}\n{page[page.index(end) :]}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--results", type=Path, default=Path("results"), help="where runs were written to")
    parser.add_argument("--data-dir", type=Path, help="where datasets lie (or BENCH_DATA)")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page to bring up to date")
    options = parser.parse_args(arguments)
    page = options.page.read_text("utf-8")
    for suite in sorted(path for path in SUITES.glob("*.yaml") if path.name != "methods.yaml"):
        name = f"study-{suite.stem}"
        try:
            places = read_places(options.results / name, suite, options.data_dir)
        except NoRunError:
            print(f"{name}: not run")
            continue
        for place in places:
            for block, text in blocks(place):
                if f"<!-- {block} -->" in page:
                    page = fill(page, block, text)
                    print(f"{block}: seeds {', '.join(map(str, place.rows))}")
                else:
                    print(f"{block}: the page has no place for it\n\n{text}\n")
            if any(SIZE.fullmatch(name) for name in place.names):
                write_figure(*growth(place), options.page.with_suffix(".svg"))
    options.page.write_text(page, "utf-8")


if __name__ == "__main__":
    main()
