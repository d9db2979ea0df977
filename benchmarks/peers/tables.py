"""Tables of the page, from results alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.peers.cases import TREES
from benchmarks.peers.libraries import OURS
from benchmarks.peers.ratios import Ratio, ratio

__all__ = ["curve_table", "epoch_table", "limit_table", "table", "unit_of"]

NOT_AS_GOOD = 0.001  # of AUC
NEAR_BEST = 0.999


def table(head: Sequence[str], rows: Iterable[Sequence[str]], rule: str = "---:") -> str:
    """The first column is text, the others figures, which stand right, or what `rule` makes of them."""
    lines = [head, ["---", *[rule] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def epoch_table(results: Sequence[Mapping[str, Any]]) -> str:
    """Who is timed beside whom: those of one model, measured in turn."""
    ratios = [f"{time} time, times ours" for time in ("CPU", "wall")]
    head = ["model", "batch", "by", "k rows/s", *ratios, "peak MB", "AUC"]
    cases = dict.fromkeys((row["model"], row["beside"]) for row in results)
    rows: list[list[str]] = []
    for model, beside in cases:
        own = [row for row in results if (row["model"], row["beside"]) == (model, beside)]
        rows += _epoch_rows(own)
    return table(head, rows)


def _epoch_rows(results: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    ours = next((row for row in results if row["library"] == OURS), None)
    best: dict[int, float] = {}  # of a batch: what goes a row at a time is no match for a batch
    for row in results:
        if not _failed(row):
            best[row["batch"]] = max(_auc(row), best.get(row["batch"], 0.0))
    for row in results:
        first = [row["model"], f"{row['batch']:,}" if row["batch"] > 1 else "a row"]
        if failed := _failed(row):
            yield [*first, row["library"], f"failed: {_cell(failed)}", "", "", "", ""]
            continue
        speed = row["rows"] / median(_seconds(row, "cpu_s")) / 1000
        ratios = [_ratio(row, ours, clock) for clock in ("cpu_s", "wall_s")]
        peak = median(run["peak_mb"] for run in row["runs"])
        worse = "*" if _auc(row) < best[row["batch"]] - NOT_AS_GOOD else ""
        auc = f"{_figure(_auc(row))}{worse}"
        yield [*first, row["library"], f"{speed:,.0f}", *ratios, f"{peak:,.0f}", auc]


def _ratio(row: Mapping[str, Any], ours: Mapping[str, Any] | None, clock: str) -> str:
    if ours is None or _failed(ours):
        return "–"
    if row is ours:
        return "1"
    return _told(ratio(_seconds(row, clock), _seconds(ours, clock)))


def curve_table(lines: Sequence[Mapping[str, Any]]) -> str:
    """Of one model: what it costs to come near the best AUC of all."""
    head = ["by", "asked after", "best AUC", "CPU s to come near", "with reading", "peak MB"]
    done = [line for line in lines if not line.get("failed")]
    best = max((point["auc"] for line in done for point in line["points"]), default=0.0)
    rows = []
    for line in lines:
        if failed := line.get("failed"):
            rows.append([line["line"], "", f"failed: {_cell(failed)}", "", "", ""])
            continue
        own = max(point["auc"] for point in line["points"])
        near = _seconds_to(line, NEAR_BEST * best)
        seconds = [_not_near(line), "–"]
        if near is not None:
            seconds = [f"{s:.2f}" for s in (near, near + line["reading"]["cpu_s"])]
        peak = f"{line['peak_mb']:,.0f}"
        rows.append([line["line"], _asked_after(line), _figure(own), *seconds, peak])
    return table(head, rows)


def unit_of(line: Mapping[str, Any]) -> str:
    """What the checkpoints of a line count."""
    if line["model"] == TREES.name:
        return "trees"
    return "tolerances" if line["library"] == "LIBLINEAR" else "epochs"


def _asked_after(line: Mapping[str, Any]) -> str:
    checkpoints = ", ".join(f"{point['checkpoint']:g}" for point in line["points"])
    if unit_of(line) == "tolerances":
        return f"tolerances {checkpoints}"
    return f"{checkpoints} {unit_of(line)}"


def _not_near(line: Mapping[str, Any]) -> str:
    if unit_of(line) == "tolerances":
        return f"not at {len(line['points'])} tolerances"
    most = max(point["checkpoint"] for point in line["points"])
    return f"not in {most:g} {unit_of(line)}"


def _seconds_to(line: Mapping[str, Any], auc: float) -> float | None:
    """CPU seconds of the cheapest checkpoint that is as good."""
    costs = [point["cpu_s"] for point in line["points"] if point["auc"] >= auc]
    return min(costs, default=None)


def limit_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """ns a row."""
    head = [
        "model",
        "batch",
        "bytes in order",
        "bytes of table rows",
        "operations",
        "streaming, ns",
        "table rows, ns",
        "arithmetic, ns",
        "measured, ns",
        "times the largest",
    ]
    return table(head, map(_limit_row, rows))


def _limit_row(row: Mapping[str, Any]) -> list[str]:
    least = row["least_s"]
    ns = [f"{1e9 * least[name]:.1f}" for name in ("streaming", "table rows", "arithmetic")]
    measured = row["measured_s"]
    told = ["–", "–"]
    if measured is not None:
        told = [f"{1e9 * measured:.1f}", f"{measured / max(least.values()):.1f}"]
    bytes_and_operations = [f"{row[name]:,.0f}" for name in ("streamed", "looked_up", "operations")]
    return [row["model"], f"{row['batch']:,}", *bytes_and_operations, *ns, *told]


def _seconds(row: Mapping[str, Any], clock: str) -> list[float]:
    """(rounds,) of the last checkpoint."""
    return [run["points"][-1][clock] for run in row["runs"]]


def _auc(row: Mapping[str, Any]) -> float:
    return float(median(run["points"][-1]["auc"] for run in row["runs"]))


def _failed(row: Mapping[str, Any]) -> str | None:
    return next((run["failed"] for run in row["runs"] if "failed" in run), None)


def _told(found: Ratio) -> str:
    if found.low is None or found.high is None:
        return f"{found.value:.2f}"
    return f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"


def _figure(auc: float) -> str:
    return f"{auc:.4f}".removeprefix("0")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
