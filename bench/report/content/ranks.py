"""Methods ranked over the data sets of a run."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bench.evaluate import printed, rank_test, tied_ranks
from bench.report.content.model import RankedDataset, Ranks, Section, Unranked

__all__ = ["ranks"]

_RANKED = ("method", "base_model")


def ranks(sections: Sequence[Section]) -> Ranks | None:
    """By the primary, of what has a value of it for every seed in every section where anything has. Sections of the same data
    are one data set: they are no evidence of their own. None where there are fewer than two data sets, or no figures."""
    scored = [section for section in sections if _figures(section)]
    if len(_by_data(sections)) < 2 or not scored:
        return None
    lacking = _lacking(scored)
    methods = [name for name, lacks in lacking.items() if not lacks]
    datasets = _by_data(scored)
    found = Ranks(
        metric=sections[0].primary,
        left_out=tuple(Unranked(name, lacks) for name, lacks in lacking.items() if lacks),
        without=tuple(_place(section) for section in sections if section not in scored),
        one_file=_one_file(datasets),
    )
    return found if min(len(methods), len(datasets)) < 2 else _ranked(found, methods, datasets)


def _by_data(sections: Sequence[Section]) -> list[list[Section]]:
    """A list a data set: under each of its protocols, and under each name that the suite gives the same data."""
    found: dict[str, list[Section]] = defaultdict(list)
    for section in sections:
        found[section.dataset_facts.get("digest") or section.dataset].append(section)
    return list(found.values())


def _figures(section: Section) -> dict[str, float]:
    """By name, as they are printed: what prints alike ties, and a reader can check ranks by the tables."""
    places = section.places(section.primary)
    return {
        row.name: float(printed(section.primary, estimate.mean, places))
        for row in section.rows
        if row.kind in _RANKED
        and section.primary in row.figures
        and (estimate := row.figures[section.primary].estimate).complete
        and estimate.mean is not None
        and not math.isnan(estimate.mean)
    }


def _lacking(scored: Sequence[Section]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Method or base model to the places where it has no figure."""
    names = dict.fromkeys(row.name for one in scored for row in one.rows if row.kind in _RANKED)
    has = [(_place(section), _figures(section)) for section in scored]
    return {name: tuple(place for place, own in has if name not in own) for name in names}


def _place(section: Section) -> tuple[str, str]:
    return section.dataset, section.protocol


def _one_file(datasets: Sequence[Sequence[Section]]) -> tuple[tuple[str, ...], ...]:
    """Names of data sets that are read from the same file."""
    of: dict[str, dict[str, None]] = defaultdict(dict)
    for first, *_ in datasets:
        sums = first.dataset_facts.get("source", {}).get("sha256")
        for sha256 in sums.values() if isinstance(sums, dict) else ():
            of[sha256][first.dataset] = None
    return tuple(dict.fromkeys(tuple(names) for names in of.values() if len(names) > 1))


def _ranked(found: Ranks, methods: Sequence[str], datasets: Sequence[Sequence[Section]]) -> Ranks:
    table = np.array([_ranks(sections, methods) for sections in datasets])  # (N, k)
    order = np.argsort(table.sum(axis=0), kind="stable")
    means = table.mean(axis=0)
    return replace(
        found,
        methods=tuple(methods[place] for place in order),
        mean_ranks=tuple(means[order].tolist()),
        datasets=tuple(
            _dataset(sections, own[order]) for sections, own in zip(datasets, table, strict=True)
        ),
        test=rank_test(table),
    )


def _ranks(sections: Sequence[Section], methods: Sequence[str]) -> np.ndarray:
    """(k,): where there are several sections, ranks of the sums of their ranks, so that the data set weighs as any other."""
    own = [_section_ranks(section, methods) for section in sections]
    return tied_ranks(np.sum(own, axis=0))


def _section_ranks(section: Section, methods: Sequence[str]) -> np.ndarray:
    figures = _figures(section)
    values = np.array([figures[name] for name in methods])
    return tied_ranks(-values if section.higher_is_better else values)


def _dataset(sections: Sequence[Section], own: np.ndarray) -> RankedDataset:
    names = dict.fromkeys(section.dataset for section in sections)
    protocols = dict.fromkeys(section.protocol for section in sections)
    return RankedDataset(tuple(names), tuple(protocols), tuple(own.tolist()))
