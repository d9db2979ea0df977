"""`bench gate --speed`: is CANDIDATE slower or larger than BASE, beyond the margin and beyond chance?"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.errors import CompareError
from bench.gate.model import Aspect, Cell, GateResult, Verdict
from bench.gate.speed.blocks import Block
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
from bench.gate.speed.samples import (
    RESOLUTION,
    SHORT,
    MarginOf,
    memory_samples,
    throughput_samples,
    too_short,
)
from bench.gate.speed.schedule import Measuring, Pair, Shape
from bench.gate.speed.sides import make_side
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
        made = [
            make_side(role, which, options.suite, options.data_dir, folder / f"{role.lower()}-code")
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
    repeated = [cell for cell in cells if is_suspect(cell)]
    if repeated:
        measured, again = _repeat(measuring, methods, _Measured(memory, control, pairs), repeated)
        repeat = judged(_samples(again, options, margin))
        samples = _samples(measured, options, margin)
        cells = confirmed(cells, repeat, judged(samples))
        pairs = measured.pairs
    return GateResult(
        base=measuring.base.title,
        candidate=measuring.candidate.title,
        cells=(
            *lacking(base, candidate),
            *lost([memory, *control, *pairs], methods, base),
            *cells,
            *_unmeasured(cells, methods, pairs),
        ),
        differs=tuple(differences(base, candidate)),
        notes=(*notes, *_notes(base, candidate, samples, pairs, repeated, options)),
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


def _unmeasured(cells: Sequence[Cell], methods: Sequence[str], pairs: Sequence[Pair]) -> list[Cell]:
    """What is said where no time was judged at all, lest sizes alone make a green gate of speed."""
    if not methods or any(cell.aspect == "throughput" for cell in cells):
        return []
    verdict: Verdict = "inconclusive" if pairs else "incomplete"
    reason = (
        f"each step takes less than {SHORT * 1e3:.0f} ms a block, all of them together too; give more rows, epochs or seeds"
        if pairs
        else "no launch ended within the time limit; give more time"
    )
    return [Cell("throughput", "", "", "suite", "cpu_s", verdict=verdict, reason=reason)]


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
    base: Block,
    candidate: Block,
    samples: Sequence[Sample],
    pairs: Sequence[Pair],
    repeated: Sequence[Cell],
    options: SpeedOptions,
) -> list[str]:
    spreads = [sample.control.spread for sample in samples if sample.control]
    worst = max((spread for spread in spreads if not math.isnan(spread)), default=None)
    notes = [
        f"launches a side: {len(pairs)}, blocks in each: {options.blocks}, order of blocks from seed {options.seed}"
    ]
    if worst is not None:
        notes.append(f"control: beside itself the base moved by {worst:.1%} at most in a launch")
    short = sorted({figure.place.method for figure in too_short(pairs, options.threads)})
    if short:
        notes.append(
            f"under {SHORT * 1e3:.0f} ms a block in fitting or predicting, and there judged together: {', '.join(short)}"
        )
    if repeated:
        notes.append(
            f"measured twice, since they lay beyond the margin: {', '.join(cell.name for cell in repeated)}"
        )
    if new := added(base, candidate):
        notes.append(f"of CANDIDATE alone, and not judged: {', '.join(new)}")
    return notes
