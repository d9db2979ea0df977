"""What differs in how runs were made: a row for each thing that does, a value a run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence

from rich.cells import cell_len

from bench.compare.code import changes_of_code
from bench.compare.conditions import changes_of_conditions
from bench.compare.files import changes_of_files
from bench.compare.pools import Pool, Pools, change_of_pool
from bench.compare.settings import differing_settings
from bench.records import Run
from bench.report import short
from bench.report.words.figures import counted
from bench.several.model import Differing, Kind
from bench.several.pairing import Paired, paired
from bench.several.stated import stated

__all__ = ["ABSENT", "VALUE", "WORDS", "differing"]

ABSENT = "–"
_DIGEST = 12
VALUE = 24  # cells of a value in the table
WORDS = 40  # of words, which a digest would not tell apart
_NAME = 24  # cells of names in a row; more are counted
# what differs between two runs: (what, whom it is of) -> its value in either
Changes = dict[tuple[str, str], tuple[str, str]]
Has = Callable[[Paired, str], bool]  # whether a run has anything of that to compare


def differing(runs: Sequence[Run], heads: Sequence[str]) -> tuple[Differing, ...]:
    """In the order in which it matters. Records are compared with the first run's: `as A` is what does not differ from it, a
    dash what a run has nothing to compare of."""
    pairs = [paired(runs[0], run) for run in runs[1:]]
    pools = [_pools(runs[0], run, of) for run, of in zip(runs[1:], pairs, strict=True)]
    found: tuple[tuple[Kind, Sequence[Changes], Has], ...] = (
        ("settings", list(map(_settings, pairs)), _has_method),
        ("pool", pools, _has_method),
        ("files", list(map(_files, pairs)), _has_method),
        ("code", list(map(_code, pairs)), _has_plugin),
        ("versions and machine", list(map(_conditions, pairs)), _has_pairs),
    )
    rows = (
        row for kind, changes, has in found for row in _rows(kind, changes, pairs, has, heads[0])
    )
    return (*stated(runs), *rows)


def _rows(
    kind: Kind, changes: Sequence[Changes], pairs: Sequence[Paired], has: Has, first: str
) -> Iterator[Differing]:
    """Those of whom the same is said are named together."""
    alike: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for what, whom in dict.fromkeys(key for found in changes for key in found):
        known = [found.get((what, whom)) for found in changes]
        base = next(value[0] for value in known if value is not None)
        others = (
            value[1] if value is not None else f"as {first}" if has(pair, whom) else ABSENT
            for value, pair in zip(known, pairs, strict=True)
        )
        alike[what, (base, *others)].append(whom)
    for (what, values), whose in alike.items():
        yield Differing(kind, " of ".join(filter(None, (what, _named(whose)))), values)


def _has_pairs(found: Paired, _: str) -> bool:
    return bool(found.pairs)


def _has_method(found: Paired, method: str) -> bool:
    return found.by_name and any(one["trial"]["method"] == method for _, one in found.pairs)


def _has_plugin(found: Paired, name: str) -> bool:
    """`name`: of a plugin, a `metric NAME`, or empty for the harness."""
    plugins = (
        one["name"] for _, record in found.pairs for one in record["identity"].get("plugins", ())
    )
    metrics = (
        f"metric {one}" for _, record in found.pairs for one in record["identity"]["metrics"]
    )
    return (not name and bool(found.pairs)) or name in {*plugins, *metrics}


def _named(whose: Sequence[str]) -> str:
    """The first ones, as many as leave room for values at 80 columns."""
    named = [short(one, _NAME) for one in whose if one]
    shown = [
        one for place, one in enumerate(named) if cell_len(", ".join(named[: place + 1])) <= _NAME
    ]
    more = [f"{len(named) - len(shown)} more"] if len(named) > len(shown) else []
    return ", ".join([*shown, *more])


def _settings(found: Paired) -> Changes:
    if not found.by_name:
        return {}
    return {
        (key, base["trial"]["method"]): values
        for base, other in found.pairs
        for key, values in differing_settings(base, other).items()
    }


def _pools(base: Run, other: Run, found: Paired) -> Changes:
    """Under methods of one name: the base models, or what of them is other where names alone don't tell it."""
    ours, theirs = Pools(base), Pools(other)
    told: Changes = {}
    for one, two in found.pairs if found.by_name else ():
        pools = ours.of(one), theirs.of(two)
        if change := change_of_pool(*pools):
            mine, yours = map(_pool, pools)
            if mine == yours:
                yours = change if cell_len(change) <= WORDS else _counted_change(*pools)
            told["pool", one["trial"]["method"]] = mine, yours
    return told


def _pool(models: Collection[str]) -> str:
    """Their names where there is room for all."""
    names = ", ".join(sorted(models))
    return names if cell_len(names) <= VALUE else counted(len(models), "base model")


def _counted_change(base: Pool, candidate: Pool) -> str:
    """Where there is no room for names, of as many models: the rows of settings have them."""
    if others := len(candidate.keys() - base.keys()):
        return f"{others} others among them"
    known = [one for one in base if base[one] and candidate[one]]
    return f"other settings of {sum(base[one] != candidate[one] for one in known)}"


def _files(found: Paired) -> Changes:
    return {
        (one.file, one.model): (one.base[:_DIGEST], one.candidate[:_DIGEST])
        for one in changes_of_files(found.pairs)
    }


def _code(found: Paired) -> Changes:
    """Of what both have: a plugin that one of them lacks is a matter of settings."""
    return {
        _plugin(one.what): (one.base[:_DIGEST], one.candidate[:_DIGEST])
        for one in changes_of_code(found.pairs)
        if one.base and one.candidate
    }


def _plugin(what: str) -> tuple[str, str]:
    """Plugins of one package change together. One is called `NAME (ORIGIN)`."""
    name, _, origin = what.partition(" (")
    return (f"code in {origin.removesuffix(')')}", name) if origin else ("code", name)


def _conditions(found: Paired) -> Changes:
    return {
        (one.what, ""): (one.base, one.candidate)
        for one in changes_of_conditions(found.pairs)
        if found.by_name or "not recorded" not in (one.base, one.candidate)
    }
