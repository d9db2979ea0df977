"""The answer, before any table: which method is best, by how much, and is it real."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.evaluate import Analysis, MethodAnalysis, Paired
from bench.report.blocks import Note
from bench.report.model import Row, Section
from bench.report.names import short
from bench.report.wording import counted, listed, loss, reasons, signed

__all__ = ["answer"]

METRIC = "logloss"
NO_ANALYSIS = (
    "There is no analysis in this run, so no interval and no verdict; to get one, run the suite again (what is recorded is "
    "not computed again)."
)


def answer(section: Section) -> list[Note]:
    """A sentence for whoever reads no further, then how far it can be trusted."""
    analysis = section.analysis
    if analysis is None:
        return [*_lowest(section), Note(NO_ANALYSIS)]
    lead = next((row for row in section.rows if row.name == analysis.lead), None)
    found = section.analysed(lead) if lead is not None else None
    told = [Note(f"Not analysed: {'; '.join(map(_reason, analysis.notes))}.")] if analysis.notes else []
    if lead is None or found is None:
        return [Note("No method has a log loss for every seed, so none is best.", strong=True), *told]
    sentences = [*_ties(section, analysis), *_seeds(analysis, found)]
    return [Note(_first(lead, found, analysis), strong=True), Note(" ".join(sentences)), *told]


def _reason(text: str) -> str:
    return short(text.rstrip("."), 300)


def _lowest(section: Section) -> Iterator[Note]:
    """Without an analysis: what the table shows, and no more."""
    ranked = [row for row in section.rows if row.kind in ("method", "base_model") and METRIC in row.figures]
    best = next((row for row in ranked if row.figures[METRIC].mark == "best"), None)
    single = next((row for row in section.rows if row.kind == "best_single"), None)
    if best is not None:
        of_single = f"; that of best-single ({short(single.subject)}) is {_mean(single)}" if single is not None else ""
        yield Note(f"{short(best.name)} has the lowest mean log loss, {_mean(best)}{of_single}.", strong=True)


def _first(lead: Row, found: MethodAnalysis, analysis: Analysis) -> str:
    name, over = short(lead.name), f"over {counted(analysis.users, 'user')} and {counted(analysis.rows, 'row')}"
    if analysis.best_single is None:
        return f"{name} has the lowest log loss, {_mean(lead)}, {over}; there is no best-single to compare it with."
    if analysis.lead == analysis.best_single:
        return f"Nothing has a lower log loss than best-single ({name}), {_mean(lead)}, {over}."
    single, paired = f"best-single ({short(analysis.best_single)})", found.against_best_single.get(METRIC)
    if paired is None or paired.difference is None or paired.verdict == "withheld":
        why = _reason(paired.reason) if paired is not None and paired.reason else "they were not compared"
        return f"{name} has the lowest log loss, {_mean(lead)}, {over}; no verdict against {single}: {why}."
    if paired.verdict == "tie":
        inside = f"the difference is {signed(paired.difference)}{_between(paired, paired.low, paired.high)}"
        return f"{name} has the lowest log loss, {_mean(lead)}, but can't be told from {single}: {inside}, {over}."
    lower = f"{_size(abs(paired.difference))} {'lower' if paired.difference <= 0 else 'higher'} than {single}"
    return f"{name} is best: log loss {_mean(lead)}, {lower}{_between(paired, paired.low, paired.high)}, {over}."


def _ties(section: Section, analysis: Analysis) -> Iterator[str]:
    """Who can't be told from the lead, whom it beats, and how small a difference would have shown."""
    others = {
        row.name: found.against_lead[METRIC]
        for row in section.rows
        if row.kind in ("method", "base_model") and row.name != analysis.lead
        if (found := section.analysed(row)) is not None and METRIC in found.against_lead
    }
    by_verdict: dict[str, list[str]] = {}
    for name, paired in others.items():
        by_verdict.setdefault(paired.verdict, []).append(name)
    ties, worse = by_verdict.get("tie", []), by_verdict.get("worse", [])
    if ties:
        yield f"It can't be told from {listed(ties)} ({'a tie' if len(ties) == 1 else 'ties'})."
    if worse:
        yield _worse(len(worse), len(others) - len(ties), bool(ties))
    withheld = reasons((name, others[name].reason) for name in by_verdict.get("withheld", []))
    if withheld:
        yield f"No verdict: {'; '.join(withheld)}."
    yield from _detectable([others[name] for name in ties or worse])


def _worse(worse: int, rest: int, after_ties: bool) -> str:
    if worse == rest:
        return f"Every other {'one' if after_ties else 'method and base model'} is worse."
    return f"Of the others {worse} {'is' if worse == 1 else 'are'} worse."


def _detectable(pairs: Sequence[Paired]) -> Iterator[str]:
    sizes = [paired.detectable for paired in pairs if paired.detectable is not None]
    if sizes:
        yield f"A difference from it of {loss(max(sizes))} or more would have been seen."


def _seeds(analysis: Analysis, found: MethodAnalysis) -> Iterator[str]:
    """How much hangs on the luck of training."""
    paired = found.against_best_single.get(METRIC)
    if len(analysis.seeds) == 1:
        yield f"All of it is of one training run (seed {analysis.seeds[0]}): another seed may change it."
    elif analysis.lead != analysis.best_single and paired is not None and paired.seeds_low is not None:
        inside = _between(paired, paired.seeds_low, paired.seeds_high).removeprefix(", ")
        yield f"Over the {len(analysis.seeds)} training runs alone the difference to best-single has a {inside}."


def _between(paired: Paired, low: float | None, high: float | None) -> str:
    """Of a tie with its signs, else as far as the method is lower, like the figure that it stands behind."""
    if low is None or high is None:
        return ""
    if paired.verdict != "tie" and (paired.difference or 0.0) <= 0:
        return f", 95 % interval {_size(-high)} to {_size(-low)}"
    return f", 95 % interval {signed(low)} to {signed(high)}"


def _mean(row: Row) -> str:
    return loss(row.figures[METRIC].estimate.mean)


def _size(difference: float) -> str:
    """Without the sign of a positive one."""
    return signed(difference).removeprefix("+")
