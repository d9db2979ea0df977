"""Training that its cap on epochs ended, not its early stopping: what is compared then are half-trained models."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.report.content.model import Section, Unfinished
from bench.report.words.blocks import Note
from bench.report.words.figures import listed

__all__ = ["unfinished", "unfinished_notes"]

Record = Mapping[str, Any]


def unfinished(good: Sequence[Record]) -> tuple[Unfinished, ...]:
    """Of the records with a result, in their order: those whose best epoch is the last allowed one."""
    found: dict[tuple[str, int, str], list[int]] = defaultdict(list)
    for record in good:
        epochs = record["details"].get("epochs")
        setting = _cap(record, epochs) if epochs and record["details"].get("best_epoch") == epochs else ""
        if setting:
            found[record["trial"]["method"], epochs, setting].append(record["trial"]["seed"])
    return tuple(Unfinished(*key, tuple(sorted(seeds))) for key, seeds in found.items())


def unfinished_notes(section: Section) -> Iterator[Note]:
    """One for all that the same cap ended, and what to change."""
    alike: dict[tuple[int, str], list[Unfinished]] = defaultdict(list)
    for one in section.unfinished:
        alike[one.epochs, one.setting].append(one)
    for (epochs, setting), methods in alike.items():
        names = listed((one.method for one in methods), None)
        yield Note(
            f"Still improving: {names}: the best epoch is the last allowed one ({epochs} of {epochs}{_seeds(methods)}); "
            f"{_fix(setting)}."
        )


def _cap(record: Record, epochs: int) -> str:
    """The setting that allowed so many epochs and no more; nothing where none did."""
    settings = record["identity"].get("settings", {})
    part = settings.get("meta_learner") or settings.get("selector") or settings
    if part.get("train", {}).get("epochs") == epochs:
        return "meta_learner.train.epochs" if settings.get("meta_learner") else "train.epochs"
    own = [name for name, value in part.get("params", {}).items() if type(value) is int and value == epochs]
    return own[0] if own else ""


def _fix(setting: str) -> str:
    steps = {"train.epochs": "train.batch_size", "meta_learner.train.epochs": "meta_learner.train.users"}
    return f"raise {setting}" + (f" or lower {steps[setting]}" if setting in steps else "")


def _seeds(methods: Sequence[Unfinished]) -> str:
    seeds = sorted({seed for one in methods for seed in one.seeds})
    return f"; seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"
