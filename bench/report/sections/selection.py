"""What choosing was worth, method by method and user by user, and whether predictions mean what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from bench.evaluate import MethodAnalysis
from bench.report.content.model import Row, Section
from bench.report.content.user_shares import user_shares
from bench.report.words.blocks import ABSENT, Block, Cell, Grid, GridRow, Note, Terms, align, fixed
from bench.report.words.figures import loss, reasons, signed
from bench.report.words.names import short

__all__ = ["selection"]

_USER_PLACES = 1  # of shares of users, in percent
_MOST = 5  # of a share: beyond it a gap is next to nothing
Found = Sequence[tuple[Row, MethodAnalysis]]


class _Column(NamedTuple):
    head: str
    figure: Callable[[MethodAnalysis], float | None]
    text: Callable[[float | None, int], str]
    decimals: int | None  # None: those of log loss


def _percent(share: float | None, places: int) -> str:
    return fixed(None if share is None else 100 * share, places)


def _signed(value: float | None, places: int) -> str:
    return ABSENT if value is None else signed(value, places)


def _of_choosing(one: MethodAnalysis, share: float | None) -> float | None:
    """Of a gap to a choosing bound; None where it is no figure of choosing, or of next to nothing."""
    return None if share is None or abs(share) > _MOST or _averages(one) else share


def _users(place: int) -> Callable[[MethodAnalysis], float | None]:
    """Of users helped, equal and harmed, in percent."""

    def share(one: MethodAnalysis) -> float | None:
        shares = user_shares(one)
        return None if shares is None else shares.percents(_USER_PLACES)[place]

    return share


_CHOOSING = (
    _Column(
        "% of gap to\nattainable",
        lambda one: _of_choosing(one, one.closed_gap.attainable),
        _percent,
        1,
    ),
    _Column(
        "% of gap to\nperfect-user",
        lambda one: _of_choosing(one, one.closed_gap.perfect),
        _percent,
        1,
    ),
    _Column("best model\nchosen %", lambda one: one.selection_accuracy, _percent, 1),
    _Column("entropy\nof weights", lambda one: one.entropy, fixed, 2),
)
_GAPS, _CHOSEN = _CHOOSING[:2], _CHOOSING[2:3]
_CHOOSING_TERMS = (
    (
        "% of gap",
        "how much of the way from best-single to the bound the method goes; below 0 it is worse than best-single",
    ),
    (
        "best model",
        "of users with one model of highest mean weight, the share for whom that model is best on their query rows",
    ),
    (
        "entropy",
        "how evenly a row's weights are spread, mean over rows: 0 on one model, 1 on all alike",
    ),
)
_USERS = (
    *(
        _Column(head, _users(place), fixed, _USER_PLACES)
        for place, head in enumerate(("users it\nhelps %", "equal\n%", "harms\n%"))
    ),
    _Column("regret\nmean", lambda one: one.regret.mean if one.regret else None, _signed, None),
    _Column("regret\np90", lambda one: one.regret.p90 if one.regret else None, _signed, None),
    _Column("ECE", lambda one: one.calibration.ece, loss, None),
    _Column("mean minus\nobserved", lambda one: one.calibration.in_the_large, _signed, None),
)
_USERS_TERMS = (
    (
        "helps, equal, harms",
        f"users whose log loss is lower than, equal to (but for rounding) and higher than with best-single; {ABSENT}: itself",
    ),
    (
        "regret",
        "a user's log loss minus that of the user's best base model; a tenth of users have more than p90",
    ),
    (
        "ECE",
        "expected calibration error: how far predicted probabilities are from observed shares, in 15 bins; the mean of the "
        "seeds'",
    ),
    ("mean minus observed", "the mean prediction minus the share of positives"),
)


def selection(section: Section) -> Iterator[Block]:
    """A row a method and base model; columns that nobody has a figure in are left out."""
    found = [
        (row, _beside_itself(section, one))
        for row in section.rows
        if row.kind != "best_single" and (one := section.analysed(row))
    ]
    places = section.places("logloss")
    yield from _grid("What choosing was worth", found, _CHOOSING, _CHOOSING_TERMS, places)
    missing = reasons((one.name, _no_share(one) or one.closed_gap.reason) for _, one in found)
    if missing:
        yield Note(f"{_dash(found, _GAPS, 'there is no % of gap')}: {'; '.join(missing)}.")
    undecided = reasons((one.name, one.selection_reason) for _, one in found)
    if undecided:
        yield Note(f"{_dash(found, _CHOSEN, 'no best model is chosen')}: {'; '.join(undecided)}.")
    yield from _grid("User by user, and calibration", found, _USERS, _USERS_TERMS, places)


def _beside_itself(section: Section, one: MethodAnalysis) -> MethodAnalysis:
    """Nobody is helped or harmed by the best single model in its own place."""
    itself = section.analysis is not None and one.name == section.analysis.best_single
    return replace(one, win_rate=None) if itself else one


def _dash(found: Found, columns: Sequence[_Column], why: str) -> str:
    """`– stands where ...`, if the table has such a dash: columns that nobody has a figure in are left out."""
    figures = [[column.figure(one) for _, one in found] for column in columns]
    shown = [column for column in figures if any(figure is not None for figure in column)]
    dashed = any(figure is None for column in shown for figure in column)
    return f"{ABSENT} stands where {why}" if dashed else f"{why[0].upper()}{why[1:]}"


def _averages(one: MethodAnalysis) -> bool:
    """Whether what a method gains may be a plain average's: of that a bound of choosing says nothing."""
    average = one.against_average.get("logloss")
    gains = any(share is not None and share > 0 for share in _shares(one).values())
    return one.kind == "method" and gains and average is not None and average.verdict != "better"


def _shares(one: MethodAnalysis) -> dict[str, float | None]:
    return {"attainable": one.closed_gap.attainable, "perfect": one.closed_gap.perfect}


def _no_share(one: MethodAnalysis) -> str:
    """Why a share is not told, where there is one."""
    if _averages(one):
        return "no better than a plain average of the pool, whose gain is not one of choosing"
    huge = [
        bound for bound, share in _shares(one).items() if share is not None and abs(share) > _MOST
    ]
    if huge:
        return f"more than {_MOST} times the gap to the {' and the '.join(huge)} bound, which is too small to divide by"
    return ""


def _grid(
    title: str,
    found: Found,
    columns: Sequence[_Column],
    terms: tuple[tuple[str, str], ...],
    places: int,
) -> Iterator[Block]:
    known = [
        column for column in columns if any(column.figure(one) is not None for _, one in found)
    ]
    if not known:
        return
    cells = [_cells(found, column, column.decimals or places) for column in known]
    rows = [
        GridRow(
            short(row.name),
            tuple(map(Cell, texts)),
            rule=position > 0 and row.kind != found[position - 1][0].kind,
        )
        for position, ((row, _), *texts) in enumerate(zip(found, *cells, strict=True))
    ]
    yield Grid(title, ("method", *(column.head for column in known)), tuple(rows))
    heads = " ".join(column.head for column in known).replace("\n", " ")
    yield Terms(tuple(pair for pair in terms if pair[0].split(",")[0] in heads))


def _cells(found: Found, column: _Column, places: int) -> list[str]:
    return align([column.text(column.figure(one), places) for _, one in found], places)
