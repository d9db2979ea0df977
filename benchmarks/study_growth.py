"""How methods grow with the support: the study's table and the numbers of its figure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bench.evaluate import LOGLOSS_AND_AUC, adjust, best_single, paired
from benchmarks.study_places import Place
from benchmarks.study_tables import difference_cells, fewer_seeds, figure

__all__ = ["SIZE", "growth", "growth_table"]

SIZE = re.compile(r"(.+)\[support_rows=(\d+)\]")  # as a grid names its entries
GROWTH = (
    ("full-5-like-test", "fine-tune"),
    ("full-5-like-test", "user-calibration"),
    ("fine-tune", "user-calibration"),
    ("simplified-5-like-test", "user-best"),
)


def growth_table(place: Place, sizes: Sequence[int]) -> str:
    """Log loss by support rows, and what one method adds to another at each; Holm over all of those."""
    families = tuple(
        dict.fromkeys(found[1] for name in place.names if (found := SIZE.fullmatch(name)))
    )
    rows = [f"| method | {' | '.join(map(str, sizes))} |", f"|---{'|---:' * len(sizes)}|"]
    for family in families:
        rows.append(
            f"| {family} | {' | '.join(_mean_logloss(place, _sized(family, size)) for size in sizes)} |"
        )
    tests = {}
    for family, other in GROWTH:
        for size in sizes:
            names = (_sized(family, size), _sized(other, size))
            if place.seeds(*names):
                tests[family, other, size] = paired(
                    place.resampled(names, LOGLOSS_AND_AUC[:1]), *names, "logloss"
                )
    adjusted = adjust(tests)
    for family, other in dict.fromkeys(key[:2] for key in adjusted):
        cells = [
            " ".join(difference_cells(adjusted[family, other, size]))
            + fewer_seeds(place, _sized(family, size), _sized(other, size))
            if (family, other, size) in adjusted
            else ""
            for size in sizes
        ]
        rows.append(f"| {family} − {other} | {' | '.join(cells)} |")
    return "\n".join(rows)


def growth(place: Place) -> tuple[dict[str, list[float]], list[int], float]:
    """Log loss of each method at each number of support rows, those numbers, and the best single model's log loss."""
    found = [match for name in place.names if (match := SIZE.fullmatch(name))]
    sizes = sorted({int(match[2]) for match in found})
    lines = {
        family: [place.logloss(_sized(family, size)) for size in sizes]
        for family in dict.fromkeys(match[1] for match in found)
        if all(place.seeds(_sized(family, size)) for size in sizes)
    }
    (single,) = best_single(place.records).values()
    return lines, sizes, place.logloss(single)


def _mean_logloss(place: Place, name: str) -> str:
    return (
        figure(place.logloss(name), "logloss") + fewer_seeds(place, name)
        if place.seeds(name)
        else ""
    )


def _sized(family: str, size: int) -> str:
    return f"{family}[support_rows={size}]"
