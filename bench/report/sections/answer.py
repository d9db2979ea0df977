"""The answer, before any table: which method is best, by how much, and is it real."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bench.evaluate import NOT_AFTER_HOLM, POWER, Analysis, MethodAnalysis, Paired, leaves_out_zero
from bench.report.content.model import Row, Section
from bench.report.words.blocks import Note
from bench.report.words.figures import counted, listed, loss, reasons, signed
from bench.report.words.names import short

__all__ = ["answer"]

METRIC = "logloss"
ALIKE = 1.25  # figures that differ by a factor up to this are told as one
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
    told = [Note(f"Note: {'; '.join(map(_reason, analysis.notes))}.")] if analysis.notes else []
    if lead is None or found is None:
        return [Note("No method has a log loss for every seed, so none is best.", strong=True), *told]
    others = dict(_against(section, lead))
    tied = any(paired.verdict == "tie" for paired in others.values())
    rest = " ".join((*_others(others, METRIC in section.tested), *_seeds(analysis, found)))
    return [Note(_first(lead, found, analysis, tied), strong=True), *([Note(rest)] if rest else []), *told]


def _against(section: Section, lead: Row) -> Iterator[tuple[str, Paired]]:
    for row in section.rows:
        found = section.analysed(row) if row.kind != "best_single" and row is not lead else None
        if found is not None and METRIC in found.against_lead:
            yield row.name, found.against_lead[METRIC]


def _reason(text: str) -> str:
    return short(text.rstrip("."), 300)


def _lowest(section: Section) -> Iterator[Note]:
    """Without an analysis: what the table shows, and no more."""
    ranked = [row for row in section.rows if row.kind in ("method", "base_model") and METRIC in row.figures]
    best = next((row for row in ranked if row.figures[METRIC].mark == "best"), None)
    single = next((row for row in section.rows if row.kind == "best_single"), None)
    if best is None:
        return
    if single is not None and single.subject == best.name:
        yield Note(
            f"Nothing has a lower mean log loss than best-single ({short(best.name)}), {_mean(best)}.", strong=True
        )
    else:
        of_single = f"; that of best-single ({short(single.subject)}) is {_mean(single)}" if single is not None else ""
        yield Note(f"{short(best.name)} has the lowest mean log loss, {_mean(best)}{of_single}.", strong=True)


def _first(lead: Row, found: MethodAnalysis, analysis: Analysis, tied: bool) -> str:
    name, over = short(lead.name), f"over {counted(analysis.users, 'user')} and {counted(analysis.rows, 'row')}"
    lowest = f"{name} has the lowest log loss, {_mean(lead)}"
    if analysis.best_single is None:
        return f"{lowest}, {over}; there is no best-single to compare it with."
    if analysis.lead == analysis.best_single:
        return f"Nothing has a lower log loss than best-single ({name}), {_mean(lead)}, {over}."
    single, paired = f"best-single ({short(analysis.best_single)})", found.against_best_single.get(METRIC)
    if paired is None or paired.difference is None:
        return f"{lowest}, {over}; no verdict against {single}: {_why(paired)}."
    lower = f"{_size(abs(paired.difference))} {'lower' if paired.difference <= 0 else 'higher'} than {single}"
    if paired.verdict == "withheld":
        return f"{lowest}, {lower}, {over}; no verdict: {_why(paired)}."
    between = _between(paired, paired.low, paired.high)
    if paired.verdict == "tie":
        told = f"{lowest}, but can't be told from {single}: difference {signed(paired.difference)}{between}, {over}"
        return f"{told}{_though(paired, analysis)}."
    return f"{name} {'leads' if tied else 'is best'}: log loss {_mean(lead)}, {lower}{between}, {over}."


def _why(paired: Paired | None) -> str:
    return _reason(paired.reason) if paired is not None and paired.reason else "they were not compared"


def _though(paired: Paired, analysis: Analysis) -> str:
    """Why it is a tie where the interval leaves out 0."""
    if not leaves_out_zero(paired):
        return ""
    if paired.p_holm is None or not paired.reason.endswith(NOT_AFTER_HOLM):
        return f"; the interval leaves out 0, but the difference is {_why(paired)}"
    pairs = (one.against_best_single.get(METRIC) for one in analysis.methods)
    tested = sum(pair is not None and pair.p_holm is not None for pair in pairs)
    p = f"{paired.p_holm:.3f}".removeprefix("0")
    return f"; the interval leaves out 0, but not after Holm's adjustment for {counted(tested, 'comparison')} (p {p})"


def _others(others: Mapping[str, Paired], marked: bool) -> Iterator[str]:
    """Who can't be told from the lead, how small a difference would have shown, and whom it beats."""
    by_verdict: dict[str, list[str]] = {}
    for name, paired in others.items():
        by_verdict.setdefault(paired.verdict, []).append(name)
    ties, worse = by_verdict.get("tie", []), by_verdict.get("worse", [])
    seen = _detectable({name: others[name] for name in ties or worse})
    if ties:
        kind = "a tie" if len(ties) == 1 else "ties"
        yield f"It can't be told from {listed(ties)} ({kind}{', = in the table' if marked else ''}){seen and ': ' + seen}."
    if worse:
        yield _worse(len(worse), len(others) - len(ties), bool(ties))
    if seen and not ties:
        yield f"{seen[0].upper()}{seen[1:]}."
    withheld = reasons((name, others[name].reason) for name in by_verdict.get("withheld", []))
    if withheld:
        yield f"No verdict: {'; '.join(withheld)}."


def _worse(worse: int, rest: int, after_ties: bool) -> str:
    if worse == rest:
        return f"Every other {'one' if after_ties else 'method and base model'} is worse."
    return f"Of the others {worse} {'is' if worse == 1 else 'are'} worse."


def _detectable(pairs: Mapping[str, Paired]) -> str:
    """How large a difference would have shown: of all alike the largest figure, else the smallest and the largest."""
    sizes = {name: pair.detectable for name, pair in pairs.items() if pair.detectable is not None}
    if not sizes:
        return ""
    least, most = min(sizes, key=sizes.__getitem__), max(sizes, key=sizes.__getitem__)
    power = f"{POWER:.0%} of such runs (before Holm's adjustment)"
    if sizes[most] <= ALIKE * sizes[least]:
        return f"a true difference of {loss(sizes[most])} or more would have been seen in at least {power}"
    between = f"{loss(sizes[least])} ({short(least)}) to {loss(sizes[most])} ({short(most)})"
    return f"a true difference of {between} would have been seen in {power}"


def _seeds(analysis: Analysis, found: MethodAnalysis) -> Iterator[str]:
    """How much hangs on the luck of training."""
    paired = found.against_best_single.get(METRIC)
    if len(analysis.seeds) == 1:
        yield f"All of it is of one training run (seed {analysis.seeds[0]}): another seed may change it."
    elif analysis.lead != analysis.best_single and paired is not None and paired.seeds_low is not None:
        inside = _between(paired, paired.seeds_low, paired.seeds_high).removeprefix(", ")
        yield f"Over the {len(analysis.seeds)} training runs alone the difference to best-single has the {inside}."


def _between(paired: Paired, low: float | None, high: float | None) -> str:
    """Of a tie with its signs, else as far as the method is lower, like the figure that it stands behind."""
    if low is None or high is None:
        return ""
    if paired.verdict != "tie" and (paired.difference or 0.0) <= 0:
        return f", 95% interval {_size(-high)} to {_size(-low)}"
    return f", 95% interval {signed(low)} to {signed(high)}"


def _mean(row: Row) -> str:
    return loss(row.figures[METRIC].estimate.mean if METRIC in row.figures else None)


def _size(difference: float) -> str:
    """Without the sign of a positive one."""
    return signed(difference).removeprefix("+")
