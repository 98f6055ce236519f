"""Counting the register: sessions by code, what the codes' rules make of them, and by period.

Integers throughout; a percentage is made only when it is shown.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from ledger.state.calendar import Calendar
from ledger.values import Session, school_year_number
from policies.packs.codes import CodeRule, Codes
from policies.packs.codes import codes as catalogue
from projections.queries.columns import Column, Listing, percent, share_of
from projections.queries.rectangle import Flags, Rectangle

T = TypeVar("T")
Counts = npt.NDArray[np.int64]
LATE_APART = ("late_before_close", "late_after_close")
"""Late before the register closed, which is attendance, and after it, which is absence."""
_OF_THE_CODE = (
    "possible",
    "attended",
    "authorised",
    "unauthorised",
    "late",
    *LATE_APART,
    "missing",
)
COUNTED = (*_OF_THE_CODE, "undated")
"""The counts of a tally that one cell adds to, in the order of its fields."""


@dataclass(slots=True)
class Tally:
    """Sessions of one pupil or group, as integers.

    ``late``: before the register closed, which is attendance, and after it, which is absence.
    """

    possible: int = 0
    attended: int = 0
    authorised: int = 0
    unauthorised: int = 0
    late: int = 0
    late_before_close: int = 0
    late_after_close: int = 0
    missing: int = 0
    undated: int = 0
    codes: dict[str, int] = field(default_factory=dict)

    @property
    def absent(self) -> int:
        """Sessions of absence, authorised or not."""
        return self.authorised + self.unauthorised

    def __add__(self, other: "Tally") -> "Tally":
        """Return both together, of two parts of a school or of two schools."""
        summed = {name: getattr(self, name) + getattr(other, name) for name in COUNTED}
        codes = {
            code: self.codes.get(code, 0) + other.codes.get(code, 0)
            for code in {**self.codes, **other.codes}
        }
        return Tally(**summed, codes=codes)

    def row(self) -> dict[str, Any]:
        """Return it as a document has it."""
        [document] = Listing(tally_columns(lambda tally: tally), [self]).documents()
        return document


def tally_columns(of: Callable[[T], Tally], *lines: int) -> tuple[Column[T], ...]:
    """Return the columns of rows that have a tally: sessions, and attendance in percent.

    ``lines``: percentages that the answer compares with, besides those of the law.
    """
    counts = {
        "possible": "Possible",
        "attended": "Attended",
        "authorised": "Authorised",
        "unauthorised": "Unauthorised",
        "late": "Late " + "+".join(late_codes()),
        "missing": "No mark",
        "undated": "",
    }
    texts = {"late": lambda row: f"{of(row).late_before_close}+{of(row).late_after_close}"}
    return (
        *(
            Column(key, heading, _count(of, key), text=texts.get(key), number=True)
            for key, heading in counts.items()
        ),
        Column("codes", value=lambda row: dict(sorted(of(row).codes.items()))),
        Column(
            "attendance",
            "Attendance",
            lambda row: percent(of(row).attended, of(row).possible),
            text=lambda row: share_of(of(row).attended, of(row).possible, *lines),
            number=True,
        ),
        *(Column(key, value=_count(of, key)) for key in LATE_APART),
    )


def late_notes(tally: Tally) -> list[str]:
    """Say what being late counts as, where somebody was."""
    if not tally.late:
        return []
    before, after = late_codes()
    return [
        (
            f"Late: {before} before the register closed, counted as attended; "
            f"{after} after it closed, counted as unauthorised absence"
        )
    ]


def late_in_words(tally: Tally) -> str:
    """Write how often somebody was late, before and after the register closed."""
    before, after = late_codes()
    return f"{before} {tally.late_before_close}, {after} {tally.late_after_close}"


def late_codes() -> tuple[str, str]:
    """Return the codes of a pupil who came late before the register closed, and after it."""
    return catalogue().late(attended=True), catalogue().late(attended=False)


def _count(of: Callable[[T], Tally], key: str) -> Callable[[T], int]:
    def count(row: T) -> int:
        found: int = getattr(of(row), key)
        return found

    return count


class Counter:
    """Counts cells of a rectangle by code, each under its meaning on the day."""

    def __init__(self, whole: Rectangle, codes: Codes) -> None:
        self.whole = whole
        self._counted = whole.counted
        self._undated = whole.undated & whole.counted
        days = [s.date for s in whole.sessions]
        self._eras = codes.eras(days[0], days[-1]) if days else []
        self._rules = [_meanings(codes, whole.book, era[0]) for era in self._eras]
        self._era_of = np.array([_era(self._eras, day) for day in days], np.int64)
        self._width = len(whole.book)
        # Without a session there is no era, and one column of nothing for each code.
        self._worths = _worths_by_era(self._rules or [[None] * self._width])
        self._standing = whole.codes.astype(np.int64) + self._era_of * self._width
        # On a cancelled session the code of the cancellation stands, and counts as nothing else.
        self._shown = self._counted | (whole.on_roll & whole.cancelled)

    def by_pupil(
        self, chosen: Flags, pupils: Flags | slice = slice(None)
    ) -> tuple[Counts, Counts]:
        """Return counts [pupils, eras x codes] of the chosen cells, and the undated [pupils].

        ``pupils``: the rows that ``chosen`` is about, all by default.
        """
        standing = self._standing[pupils]
        width = max(1, len(self._eras)) * self._width
        cells = self._shown[pupils] & chosen
        places = standing + width * np.arange(len(standing))[:, None]
        flat = np.bincount(places[cells], minlength=len(standing) * width)
        undated = np.count_nonzero(self._undated[pupils] & chosen, axis=1)
        return flat.reshape(len(standing), width), undated

    def of_those_who_met(self, chosen: Flags) -> Flags:
        """Return the chosen cells that count or show, of pupils with one that counts.

        Whoever was on roll on cancelled sessions only met none: in no row and in no total.
        """
        met: Flags = np.any(self._counted & chosen, axis=1)
        shown: Flags = self._shown & chosen & met[:, None]
        return shown

    def standing(self, chosen: Flags) -> Counts:
        """Return what counts in each of the chosen cells: its row in `worths`; 0: nothing."""
        value: Counts = 1 + 2 * self.whole.codes.astype(np.int64) + self._undated
        value[~(self._counted & chosen)] = 0
        return value

    def tally(self, counts: Counts, undated: int) -> Tally:
        """Return what counts [eras x codes] come to."""
        return self.tallies(counts[None, :], np.array([undated]))[0]

    def tallies(self, counts: Counts, undated: Counts) -> list[Tally]:
        """Return what each row of counts [rows, eras x codes] comes to."""
        sums = np.column_stack([counts @ self._worths, undated])
        found = [Tally(*row) for row in sums.tolist()]
        codes = [rule.code if rule else "" for era in self._rules for rule in era]
        rows, places = np.nonzero(counts)
        numbers = counts[rows, places].tolist()
        for row, place, number in zip(rows.tolist(), places.tolist(), numbers, strict=True):
            if code := codes[place]:
                here = found[row].codes
                here[code] = here.get(code, 0) + number
        return found


def _worths_by_era(rules: list[list[CodeRule | None]]) -> Counts:
    """Return what one cell adds to each count but the undated [eras x codes, counts]."""
    return np.array([_worth(rule) for era in rules for rule in era], np.int64)


def _worth(rule: CodeRule | None) -> list[int]:
    tally = Tally(missing=1)
    if rule is not None:
        tally = Tally()
        _add(tally, rule, 1)
    return [getattr(tally, name) for name in _OF_THE_CODE]


def worths(codes: Codes, book: list[str], day: date) -> Counts:
    """Return what one cell of a day adds to each count of `COUNTED`, by its `standing`."""
    found = np.zeros((1 + 2 * len(book), len(COUNTED)), np.int64)
    for at, rule in enumerate(_meanings(codes, book, day)):
        for undated in (0, 1):
            found[1 + 2 * at + undated] = [*_worth(rule), undated]
    return found


def _add(tally: Tally, rule: CodeRule, number: int) -> None:
    tally.codes[rule.code] = tally.codes.get(rule.code, 0) + number
    if rule.late:
        tally.late += number
        tally.late_before_close += number * rule.attended
        tally.late_after_close += number * (not rule.attended)
    if not rule.possible:
        return
    tally.possible += number
    if rule.attended:
        tally.attended += number
    elif rule.unauthorised:
        tally.unauthorised += number
    else:
        tally.authorised += number


def _meanings(codes: Codes, book: list[str], day: date) -> list[CodeRule | None]:
    return [codes.find(code, day) if code else None for code in book]


def _era(eras: list[tuple[date, date]], day: date) -> int:
    return next(n for n, (first, last) in enumerate(eras) if first <= day <= last)


# -- counts by stretch of time ---------------------------------------------------------------


Period = Literal["term", "half-term", "week", "weekday", "session"]
PERIODS: tuple[Period, ...] = ("term", "half-term", "week", "weekday", "session")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


def periods(per: Period, sessions: list[Session], calendar: Calendar) -> list[tuple[str, Flags]]:
    """Return the periods that the sessions fall in, in order of time, with their columns.

    A term's name is that of its half terms without their number; both carry the school year:
    ``2025/26 Autumn 1``. A week is written as its Monday.
    """
    found: dict[tuple[int, str], Flags] = {}
    for at, session in enumerate(sessions):
        key = _key(per, session, calendar)
        if key not in found:
            found[key] = np.zeros(len(sessions), np.bool_)
        found[key][at] = True
    return [(name, found[order, name]) for order, name in sorted(found)]


def _key(per: Period, session: Session, calendar: Calendar) -> tuple[int, str]:
    """Return the place of a session's period among the others, and its name."""
    day = session.date
    match per:
        case "week":
            return 0, (day - timedelta(days=day.weekday())).isoformat()
        case "weekday":
            return day.weekday(), _WEEKDAYS[day.weekday()]
        case "session":
            return 0, session.half
    return _term(session, calendar, whole=per == "term")


def _term(session: Session, calendar: Calendar, *, whole: bool) -> tuple[int, str]:
    half = next(t for t in calendar.terms if t.first <= session.date <= t.last)
    year = school_year_number(half.first)
    same = [t for t in calendar.terms if school_year_number(t.first) == year]
    name = _unnumbered(half.name) if whole else half.name
    first = min(t.first for t in same if (_unnumbered(t.name) if whole else t.name) == name)
    return first.toordinal(), f"{year}/{(year + 1) % 100:02} {name}"


def _unnumbered(name: str) -> str:
    return name.rstrip("0123456789 ") or name


def mean_rate(tallies: Iterable[Tally]) -> str | None:
    """Return the mean of the pupils' own rates of attendance, one decimal, half up.

    It weighs every pupil alike, whatever the number of their sessions: not the pooled rate.
    None where nobody has a possible session.
    """
    attended: defaultdict[int, int] = defaultdict(int)
    pupils = 0
    for tally in tallies:
        if tally.possible:
            attended[tally.possible] += tally.attended
            pupils += 1
    if not pupils:
        return None
    rates = sum((Fraction(n, possible) for possible, n in attended.items()), Fraction())
    tenths = rates * 1000 / pupils + Fraction(1, 2)
    whole = tenths.numerator // tenths.denominator
    return f"{whole // 10}.{whole % 10}"
