"""The answer, before any table: which method is best by the primary metric, by how much, and is it real."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bench.evaluate import NOT_AFTER_HOLM, Analysis, MethodAnalysis, Paired, leaves_out_zero
from bench.report.content.model import Report, Row, Section
from bench.report.sections.averaging import averaging
from bench.report.sections.choosing import among_ties
from bench.report.sections.every_seed import best_of
from bench.report.sections.extreme_notes import extreme_notes
from bench.report.sections.reference import named_reference, reference
from bench.report.sections.too_many import compared_rows
from bench.report.words.blocks import Note
from bench.report.words.figures import counted, listed, reasons, sentence, signed, with_interval
from bench.report.words.metrics import best_word, figure, gain, named
from bench.report.words.names import short

__all__ = ["NO_ANALYSIS", "answer"]

FEW = 100  # rows of the rarer class: so few are counted
_ORDER = {"gauc": ", the order of each user's own rows,"}
_FAILS = {"tie": "gains nothing beyond chance over", "worse": "is worse than"}
ALIKE = 1.25  # figures that differ by a factor up to this are told as one
POWER = "four times out of five"  # bench.evaluate.POWER in words
NO_ANALYSIS = (
    "This run has no analysis, so there are no intervals and no verdicts. To get them, run the suite again: what is recorded "
    "is not computed again."
)


def answer(report: Report, section: Section) -> list[Note]:
    """A sentence for whoever reads no further, then how far it can be trusted."""
    analysis = section.analysis
    if section.invalid_primary:
        return [Note(_invalid(section), strong=True)]
    if analysis is None:
        return [*_best_mean(section), *extreme_notes(section), Note(NO_ANALYSIS)]
    lead = next((row for row in section.rows if row.name == analysis.lead), None)
    found = section.analysed(lead) if lead is not None else None
    told = (
        [Note(" ".join(sentence(short(note, 300)) for note in analysis.notes))]
        if analysis.notes
        else []
    )
    if lead is None or found is None:
        nobody = (
            f"No method has a value of {named(section.primary)} for every seed, so none is best."
        )
        return [Note(nobody, strong=True), *extreme_notes(section), *told]
    others = dict(_against(section, lead))
    rest = " ".join((*_others(section, others), *_seeds(section, analysis, found)))
    return [
        Note(_first(section, lead, found, analysis), strong=True),
        *_tied(report, section, lead, others),
        *_no_better(section, found),
        *extreme_notes(section),
        *map(Note, averaging(section, lead, found)),
        *([Note(rest)] if rest else []),
        *told,
    ]


def _invalid(section: Section) -> str:
    why = sentence(short(section.invalid_primary, 300))
    return (
        f"There is no answer: {named(section.primary)}, the metric that decides, gave no score for any method. {why} Mend the "
        "metric, or name another with `primary`, and run the suite again: nothing is trained again."
    )


def _against(section: Section, lead: Row) -> Iterator[tuple[str, Paired]]:
    for row in section.rows:
        found = section.analysed(row) if row.kind != "best_single" and row is not lead else None
        if found is not None and section.primary in found.against_lead:
            yield row.name, found.against_lead[section.primary]


def _best_mean(section: Section) -> Iterator[Note]:
    """Without an analysis: what the table shows, and no more."""
    primary = section.primary
    ranked = [
        row
        for row in section.rows
        if row.kind in ("method", "base_model") and primary in row.figures
    ]
    best = next((row for row in ranked if row.figures[primary].mark == "best"), None)
    single = next((row for row in section.rows if row.kind == "best_single"), None)
    if best is None:
        return
    if single is not None and single.subject == best.name:
        name = f"the best single model ({short(best.name)})"
        yield Note(_none_better(section, f"mean {named(primary)}", best, name), strong=True)
        return
    of_single = (
        f"; the best single model ({short(single.subject)}) has{_mean(section, single)[1:]}"
        if single
        else ""
    )
    extreme = best_word(section.higher_is_better)
    told = (
        f"{short(best.name)} has the {extreme} mean {named(primary)}{best_of(section, [primary])}"
        f"{_mean(section, best)}{of_single}."
    )
    yield Note(told, strong=True)


def _none_better(section: Section, what: str, row: Row, name: str) -> str:
    better = "higher" if section.higher_is_better else "lower"
    among = best_of(section, [section.primary])
    nothing = f"{among.strip().capitalize()}, nothing" if among else "Nothing"
    return f"{nothing} has a {better} {what} than {name}{_mean(section, row)}."


def _no_better(section: Section, found: MethodAnalysis) -> Iterator[Note]:
    """Where the lead gains nothing by another metric: an order of each user's rows that stays the same, say."""
    primary = section.pair_of(found)
    if section.reference is None or primary is None or primary.verdict != "better":
        return
    pairs = found.against_chosen if section.is_chosen else found.against_best_single
    single = named_reference(section, section.reference)
    told = [
        f"In {named(metric)}{_ORDER.get(metric, '')} {short(found.name)} {_FAILS[pair.verdict]} {single}: "
        f"{with_interval(pair.difference, pair.low, pair.high, section.places(metric))}."
        for metric, pair in pairs.items()
        if metric != section.primary and pair.verdict in _FAILS and pair.difference is not None
    ]
    if told:
        yield Note(" ".join(told), strong=True)


def _over(analysis: Analysis) -> str:
    """How much was scored; of the rarer class how many rows, where they are few."""
    over = f"over {counted(analysis.users, 'user')} and {counted(analysis.rows, 'row')}"
    if analysis.positives is None:
        return over
    classes = {"positive": analysis.positives, "negative": analysis.rows - analysis.positives}
    rare = min(classes, key=classes.__getitem__)
    few = f"{classes[rare] or 'none'} of them {rare}"
    return f"{over}, {few}" if classes[rare] < FEW else over


def _first(section: Section, lead: Row, found: MethodAnalysis, analysis: Analysis) -> str:
    over = _over(analysis)
    extreme = (
        f"the {best_word(section.higher_is_better)} {named(section.primary)}"
        f"{best_of(section, [section.primary])}{_mean(section, lead)}"
    )
    best = f"{short(lead.name)} has {extreme}"
    if section.reference is None:
        return f"{best}, {over}. There is no best single model to compare it with."
    single, paired = named_reference(section, section.reference), section.pair_of(found)
    if analysis.lead == section.reference:
        told = _none_better(section, named(section.primary), lead, single)
        return f"{told.removesuffix('.')}, {over}."
    if paired is None or paired.difference is None:
        return f"{best}, {over}. There is no verdict against {single}: {_why(paired)}."
    size = _size(section, abs(paired.difference))
    apart = f"{size} {'above' if paired.difference > 0 else 'below'} {single}"
    if paired.verdict == "withheld":
        return f"{best}: {apart}, {over}. There is no verdict: {_why(paired)}."
    between = _between(section, paired, paired.low, paired.high)
    if paired.verdict == "tie":
        difference = f"difference {_signed(section, paired.difference)}, {between}, {over}"
        return f"{best}, but the run can't tell it apart from {single}: {difference}.{_though(section, paired)}"
    return f"{best}: {apart}, {between}, {over}."


def _why(paired: Paired | None) -> str:
    reason = paired.reason if paired is not None else ""
    return short(reason.rstrip("."), 300) or "they were not compared"


def _though(section: Section, paired: Paired) -> str:
    """Why it is a tie where the interval leaves out 0."""
    if not leaves_out_zero(paired):
        return ""
    if paired.p_holm is None or not paired.reason.endswith(NOT_AFTER_HOLM):
        return f" The interval leaves out 0; the difference is {_why(paired)}."
    tested = counted(compared_rows(section), "comparison")
    p = f"{paired.p_holm:.3f}".removeprefix("0")
    return f" The interval leaves out 0, but among {tested} that is not beyond chance (Holm's adjustment, p {p})."


def _tied(
    report: Report, section: Section, lead: Row, others: Mapping[str, Paired]
) -> Iterator[Note]:
    """Who can't be told from the lead: whoever reads no further has not to take it for the only best one."""
    ties = [name for name, paired in others.items() if paired.verdict == "tie"]
    if ties:
        marked = ", marked =" if section.primary in section.tested else ""
        many = "a tie" if len(ties) == 1 else "ties"
        told = f"The run can't tell {short(lead.name)} apart from {listed(ties)} ({many}{marked})."
        which = among_ties(report, section, [lead.name, *ties])
        yield Note(f"{told} {which}".rstrip(), strong=True)


def _others(section: Section, others: Mapping[str, Paired]) -> Iterator[str]:
    """How small a difference from those that tie would have shown, and whom the lead beats."""
    by_verdict: dict[str, list[str]] = {}
    for name, paired in others.items():
        by_verdict.setdefault(paired.verdict, []).append(name)
    ties, worse = by_verdict.get("tie", []), by_verdict.get("worse", [])
    seen = _detectable(section, {name: others[name] for name in ties or worse})
    if ties:
        yield from seen
    if worse:
        yield _worse(section, len(worse), len(others) - len(ties), bool(ties))
    if not ties:
        yield from seen
    withheld = reasons((name, others[name].reason) for name in by_verdict.get("withheld", []))
    if withheld:
        yield f"There is no verdict on others: {'; '.join(withheld)}."


def _worse(section: Section, worse: int, rest: int, after_ties: bool) -> str:
    """Worse than the lead: what the column of verdicts says is of another difference."""
    lead = short(str(section.analysis.lead)) if section.analysis is not None else ""
    if worse == rest:
        every = (
            "method and base model but its ties" if after_ties else "other method and base model"
        )
        return f"Every {every} is worse than {lead}."
    return f"Of the others, {worse} {'is' if worse == 1 else 'are'} worse than {lead}."


def _detectable(section: Section, pairs: Mapping[str, Paired]) -> list[str]:
    """How large a difference from the lead would have shown: of all alike the largest figure, else the smallest and the
    largest."""
    sizes = {name: pair.detectable for name, pair in pairs.items() if pair.detectable is not None}
    if not sizes:
        return []
    least, most = min(sizes, key=sizes.__getitem__), max(sizes, key=sizes.__getitem__)
    places = section.places(section.primary)
    low, high = (figure(section.primary, sizes[name], places) for name in (least, most))
    lead = short(str(section.analysis.lead)) if section.analysis is not None else ""
    seen = f"The run would have noticed a true difference from {lead} of"
    if sizes[most] <= ALIKE * sizes[least]:
        return [f"{seen} {high} at least {POWER}."]
    return [f"{seen} {low} ({short(least)}'s) to {high} ({short(most)}'s) {POWER}."]


def _seeds(section: Section, analysis: Analysis, found: MethodAnalysis) -> Iterator[str]:
    """How much hangs on the luck of training."""
    paired = section.pair_of(found)
    if len(analysis.seeds) == 1:
        yield f"All figures come from one training run (seed {analysis.seeds[0]}): another seed may change them."
    elif analysis.lead != section.reference and paired is not None and paired.seeds_low is not None:
        inside = _between(section, paired, paired.seeds_low, paired.seeds_high)
        runs = f"the {len(analysis.seeds)} training runs alone"
        yield f"Over {runs}, the difference from {reference(section)} has the {inside}."


def _between(section: Section, paired: Paired, low: float | None, high: float | None) -> str:
    """Of a tie with its signs, else as far as the method is better, like the figure that it stands behind."""
    if low is None or high is None:
        return "no interval"
    if paired.verdict == "tie":
        return f"95% interval {_signed(section, low)} to {_signed(section, high)}"
    worst, best = sorted(gain(end, section.higher_is_better) for end in (low, high))
    return f"95% interval {_size(section, worst)} to {_size(section, best)}"


def _mean(section: Section, row: Row) -> str:
    """`, .5306`; nothing where the suite does not list the primary."""
    found = row.figures.get(section.primary)
    places = section.places(section.primary)
    return "" if found is None else f", {figure(section.primary, found.estimate.mean, places)}"


def _signed(section: Section, difference: float) -> str:
    return signed(difference, section.places(section.primary))


def _size(section: Section, difference: float) -> str:
    """Without the sign of a positive one."""
    return _signed(section, difference).removeprefix("+")
