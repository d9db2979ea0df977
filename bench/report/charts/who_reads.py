"""Which labels each step reads, from what a manifest says of a split: the table of docs/protocols.md, slot by slot.

A slot is the support or the query of all users of a role. In blocks (leave-last, temporal) a tested user is a training or a
validation user too, so that the support of the test is the first two blocks of the others' rows again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal, NamedTuple

__all__ = ["READERS", "Read", "Reader", "Setting", "Slot", "setting_of", "slots"]

Setting = Literal["cold", "warm", "blocks", "unknown"]
Reader = Literal["fit", "learn", "choose", "adapt", "score"]
READERS: tuple[Reader, ...] = ("fit", "learn", "choose", "adapt", "score")
Read = Literal["all", "part"]  # part: some of the rows, or for some methods alone

_ROLES: Mapping[str, str] = {"train": "training", "valid": "validation", "test": "test"}
_BLOCKS = {
    ("train", "support"): "first block",
    ("train", "query"): "second block",
    ("valid", "support"): "first block",
    ("valid", "query"): "second block",
    ("test", "support"): "first two blocks",
    ("test", "query"): "last block",
}
# of methods and of what is scored, whatever the protocol
_READ: Mapping[tuple[str, str], Reader] = {
    ("train", "support"): "learn",
    ("train", "query"): "learn",
    ("valid", "support"): "adapt",
    ("valid", "query"): "choose",
    ("test", "support"): "adapt",
    ("test", "query"): "score",
}


class Slot(NamedTuple):
    """`part`: "support", "query" or, of users who are for base models alone, "all"."""

    name: str
    part: str
    users: int
    rows: int
    block: str  # of users' rows, "" without blocks
    readers: Mapping[Reader, Read]


def setting_of(facts: Mapping[str, Any]) -> Setting:
    """Unknown where the facts are an older version's, or not a harness's."""
    if facts.get("in_blocks"):
        return "blocks"
    setting = facts.get("setting")
    return setting if setting in ("cold", "warm") else "unknown"


def slots(facts: Mapping[str, Any], sources: Collection[str]) -> list[Slot]:
    """In the order in which steps read them; empty where the facts don't say. `facts`: as in a manifest. `sources`: of the
    base predictions of all methods. Who fits base models is nobody where the setting is unknown."""
    found = [_slot(role, part, facts, sources) for role, part in _READ]
    known = [one for one in found if one is not None]
    return [*_of_base_models(facts, sources), *known] if len(known) == len(found) else []


def _slot(role: str, part: str, facts: Mapping[str, Any], sources: Collection[str]) -> Slot | None:
    users = _count(_mapping(facts.get("users")), role)
    rows = _count(_parts(facts, role), part)
    if users is None or rows is None:
        return None
    block = _BLOCKS[role, part] if facts.get("in_blocks") else ""
    readers = dict(_readers(role, part, facts, sources))
    return Slot(f"{_ROLES[role]} users' {part}", part, users, rows, block, readers)


def _parts(facts: Mapping[str, Any], role: str) -> Mapping[str, Any]:
    """None where an older version had three of them."""
    found = _mapping(_mapping(facts.get("rows")).get(role))
    return {} if found.get("train_query") else found


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _count(counts: Mapping[str, Any], key: str) -> int | None:
    value = counts.get(key)
    return value if type(value) is int and value >= 0 else None


def _of_base_models(facts: Mapping[str, Any], sources: Collection[str]) -> Iterator[Slot]:
    """In a cold holdout; methods of another source learn from these users too."""
    users, rows = (_count(_mapping(facts.get(what)), "base_models") for what in ("users", "rows"))
    if users is not None and rows is not None:
        learn: dict[Reader, Read] = {"learn": "part"} if set(sources) - {"holdout"} else {}
        yield Slot("base models' users, all rows", "all", users, rows, "", {"fit": "all", **learn})


def _readers(
    role: str, part: str, facts: Mapping[str, Any], sources: Collection[str]
) -> Iterator[tuple[Reader, Read]]:
    fitted = _fitted(role, part, facts, sources)
    if fitted is not None:
        yield "fit", fitted
    yield _READ[role, part], "all"


def _fitted(
    role: str, part: str, facts: Mapping[str, Any], sources: Collection[str]
) -> Read | None:
    """How much of a slot's rows the base models of the table, and of some methods, are fitted on."""
    slot = (role, part)
    match setting_of(facts):
        case "cold":
            return _fitted_in_cold(role, "base_models" in facts["users"], sources)
        case "warm" if slot == ("train", "query"):
            return _where_no_holdout(sources)
        case "warm" if part == "support":
            return "all"
        case "blocks" if slot in (("train", "support"), ("train", "query"), ("valid", "support")):
            return "all"
        case "blocks" if slot == ("test", "support"):
            return "part"  # all but the second block of validation users
        case _:
            return None


def _fitted_in_cold(role: str, parted: bool, sources: Collection[str]) -> Read | None:
    """`parted`: the protocol's own source is a holdout, so that the users of `train` are those of methods."""
    if role != "train":
        return None
    if parted:
        return "part" if set(sources) - {"holdout"} else None
    return "part" if "holdout" in sources else "all"


def _where_no_holdout(sources: Collection[str]) -> Read | None:
    """Of training users' query in warm, which a holdout leaves out; nobody says which source is the protocol's own."""
    if not sources:
        return "part"
    if set(sources) == {"holdout"}:
        return None
    return "part" if "holdout" in sources else "all"
