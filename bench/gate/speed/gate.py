"""`bench gate --speed`: is CANDIDATE slower or larger than BASE, beyond the margin and beyond chance?"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.errors import CompareError
from bench.gate.model import Aspect, Cell, GateResult
from bench.gate.speed.blocks import Block
from bench.gate.speed.judged_times import notes_of_launches, notes_of_short_steps, unmeasured
from bench.gate.speed.judging import Sample, confirmed, is_suspect, judged
from bench.gate.speed.options import SpeedOptions
from bench.gate.speed.presence import (
    added,
    changed_predictions,
    check_same_work,
    differences,
    lacking,
    lost,
    shared_methods,
)
from bench.gate.speed.samples import RESOLUTION, MarginOf, memory_samples, throughput_samples
from bench.gate.speed.schedule import Measuring, Pair, Shape
from bench.gate.speed.sides import Asked, make_side
from bench.margins import GateMargins

__all__ = ["gate_suites"]


class _Measured(NamedTuple):
    memory: Pair
    control: Sequence[Pair]
    pairs: Sequence[Pair]


def gate_suites(
    base: str, candidate: str, options: SpeedOptions, say: Callable[[str], None]
) -> GateResult:
    """Run `options.suite` on both sides and judge each method's time and memory. `say`: hears what runs.

    Raises CompareError where a side is nothing, or where the two did other work."""
    if options.suite is None or not options.suite.is_file():
        raise CompareError(f"no suite file {options.suite}; give the one to time with --suite")
    deadline = None if options.time_limit is None else time.monotonic() + options.time_limit
    with tempfile.TemporaryDirectory(prefix="bench-gate-") as name:
        folder = Path(name).resolve()
        folders = tuple(Path(name) for name in (base, candidate) if _is_folder(name))
        asked = Asked(options.suite, options.plugins, options.data_dir, folders)
        made = [
            make_side(role, which, asked, folder / f"{role.lower()}-code")
            for role, which in (("BASE", base), ("CANDIDATE", candidate))
        ]
        shape = Shape(
            options.launches,
            options.blocks,
            options.control,
            threads=options.threads,
            seed=options.seed,
        )
        measuring = Measuring(made[0], made[1], folder, shape, say, deadline)
        return _judge(measuring, options, tuple(note for side in made for note in side.notes))


def _is_folder(name: str) -> bool:
    return bool(name) and "\0" not in name and Path(name).is_dir()


def _judge(measuring: Measuring, options: SpeedOptions, notes: tuple[str, ...]) -> GateResult:
    memory = measuring.memory()
    if not memory.base:
        nothing = "the time limit was reached before both sides had run once; give more time"
        return GateResult(measuring.base.title, measuring.candidate.title, (), notes=(nothing,))
    base, candidate = memory.base[0], memory.candidate[0]
    check_same_work(base, candidate)
    methods = shared_methods(base, candidate)
    margin = _margins(base, options.margin)
    control = measuring.control(methods) if methods else []
    pairs: Sequence[Pair] = measuring.launches("base and candidate", methods) if methods else []
    samples = _samples(_Measured(memory, control, pairs), options, margin)
    cells = judged(samples)
    suspects = [cell for cell in cells if is_suspect(cell)]
    repeat: list[Cell] = []
    if suspects:
        measured, again = _repeat(measuring, methods, _Measured(memory, control, pairs), suspects)
        repeat = judged(_samples(again, options, margin))
        samples = _samples(measured, options, margin)
        cells = confirmed(cells, repeat, judged(samples))
        pairs = measured.pairs
    missing = [*lacking(base, candidate), *lost([memory, *control, *pairs], methods, base)]
    return GateResult(
        base=measuring.base.title,
        candidate=measuring.candidate.title,
        cells=(*missing, *cells, *unmeasured(cells, methods, pairs, options.threads)),
        differs=tuple(differences(base, candidate)),
        notes=(
            *notes,
            *notes_of_launches(samples, pairs, options),
            *notes_of_short_steps(pairs, options.threads),
            *_notes(base, candidate, cells, _in_both(suspects, repeat)),
        ),
    )


def _samples(measured: _Measured, options: SpeedOptions, margin: MarginOf) -> list[Sample]:
    faults = changed_predictions([measured.memory, *measured.control, *measured.pairs])
    return [
        *throughput_samples(measured.pairs, measured.control, options.threads, margin, faults),
        *memory_samples(measured.memory, margin),
    ]


def _repeat(
    measuring: Measuring, methods: Sequence[str], first: _Measured, suspects: Sequence[Cell]
) -> tuple[_Measured, _Measured]:
    """All there is then, and what fresh processes said by themselves."""
    aspects = {cell.aspect for cell in suspects}
    measuring.say(
        f"beyond the margin: {', '.join(cell.name for cell in suspects)}; measured once more"
    )
    pairs = measuring.launches("repeat", methods) if "throughput" in aspects else []
    memory = measuring.memory() if "memory" in aspects else Pair((), ())
    together = Pair(first.memory.base + memory.base, first.memory.candidate + memory.candidate)
    return (
        _Measured(together, first.control, [*first.pairs, *pairs]),
        _Measured(memory, first.control, pairs),
    )


def _margins(base: Block, margin: float | None) -> MarginOf:
    """Those that BASE's suite states; a candidate can't allow itself more."""
    stated = GateMargins.model_validate(base.gate)

    def margin_of(aspect: Aspect, measure: str, dataset: str, protocol: str, method: str) -> float:
        if margin is not None and aspect == "throughput":
            return margin
        found = stated.margin(aspect, measure, dataset, protocol, method)
        assert found is not None  # of throughput and memory there always is one
        return max(found, RESOLUTION.get(measure, 0.0))

    return margin_of


def _notes(
    base: Block, candidate: Block, cells: Sequence[Cell], twice: Sequence[str]
) -> Iterator[str]:
    if twice:
        yield f"measured twice, since they lay beyond the margin: {', '.join(twice)}"
    if any(map(_is_against_its_medians, cells)):
        yield "a change is the median over pairs of blocks, which need not be that of the two medians beside it"
    if new := added(base, candidate):
        yield f"of CANDIDATE alone, and not judged: {', '.join(new)}"


def _in_both(suspects: Sequence[Cell], repeat: Sequence[Cell]) -> list[str]:
    """Names of suspects for which there was time to repeat them."""
    again = {cell.name for cell in repeat}
    return [cell.name for cell in suspects if cell.name in again]


def _is_against_its_medians(cell: Cell) -> bool:
    if cell.change is None or cell.base is None or cell.candidate is None:
        return False
    return (cell.candidate - cell.base) * cell.change < 0
