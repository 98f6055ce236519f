"""Counting the register: sessions by code, what the codes' rules make of them, and by period.

Integers throughout; a percentage is made only when it is shown.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from math import lcm
from operator import attrgetter
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ledger.state.calendar import Calendar
from ledger.values import Session, school_year_number
from policies.packs.codes import CodeRule, Codes
from policies.packs.codes import codes as catalogue
from projections.queries.columns import Column, Listing, percent, share_of
from projections.queries.rectangle import Flags, Rectangle

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

    ``late``: before the register closed, which is attendance, and after it, which is absence;
    ``codes``: how often each stands, by their letters.
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
            for code in sorted({**self.codes, **other.codes})
        }
        return Tally(**summed, codes=codes)

    @property
    def attendance(self) -> str | None:
        """Attendance in percent."""
        return percent(self.attended, self.possible)

    def row(self) -> dict[str, Any]:
        """Return it as a document has it."""
        [document] = Listing(tally_columns(place=""), [self]).documents()
        return document


def tally_columns(*lines: int, place: str = "tally.") -> tuple[Column[Any], ...]:
    """Return the columns of rows that have a tally: sessions, and attendance in percent.

    ``lines``: percentages that the answer compares with, besides those of the law; ``place``:
    of the tally in a row.
    """
    attended, possible = (attrgetter(place + key) for key in ("attended", "possible"))
    before, after = (attrgetter(place + key) for key in LATE_APART)
    counts = {
        "possible": "Possible",
        "attended": "Attended",
        "authorised": "Authorised",
        "unauthorised": "Unauthorised",
        "late": "Late " + "+".join(late_codes()),
        "missing": "No mark",
        "undated": "",
    }
    texts = {"late": lambda row: f"{before(row)}+{after(row)}"}
    return (
        *(
            Column(key, heading, attrgetter(place + key), text=texts.get(key), number=True)
            for key, heading in counts.items()
        ),
        Column("codes", value=attrgetter(place + "codes")),
        Column(
            "attendance",
            "Attendance",
            attrgetter(place + "attendance"),
            text=lambda row: share_of(attended(row), possible(row), *lines),
            number=True,
        ),
        *(Column(key, value=attrgetter(place + key)) for key in LATE_APART),
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


class Counter:
    """Counts cells of a rectangle by code, each under its meaning on the day."""

    def __init__(self, whole: Rectangle, codes: Codes) -> None:
        self.whole = whole
        days = [s.date for s in whole.sessions]
        eras = codes.eras(days[0], days[-1]) if days else []
        era_of = np.array([_era(eras, day) for day in days], np.int64)
        # Without a session there is no era, and one column of nothing for each code.
        rules = [_meanings(codes, whole.book, era[0]) for era in eras] or [
            [None] * len(whole.book)
        ]
        self._worths = _worths_by_era(rules)
        self._places = (era_of * len(whole.book)).astype(np.uint16)
        letters = [rule.code if rule else "" for era in rules for rule in era]
        self._by_letter = np.array(
            sorted(filter(letters.__getitem__, range(len(letters))), key=letters.__getitem__),
            np.int64,
        )
        named = [letters[at] for at in self._by_letter]
        self._letters = sorted(set(named))
        self._firsts = np.array([named.index(letter) for letter in self._letters], np.int64)
        # On a cancelled session the code of the cancellation stands, and counts as nothing else.
        self._shown = whole.counted | (whole.on_roll & whole.cancelled)

    def by_pupil(
        self, chosen: Flags, pupils: Flags | slice = slice(None)
    ) -> tuple[Counts, Counts]:
        """Return counts [pupils, eras x codes] of the chosen cells, and the undated [pupils].

        ``pupils``: the rows that ``chosen`` is about, all by default.
        """
        whole, width = self.whole, len(self._worths)
        cells = self._shown[pupils] & chosen
        rows = np.arange(len(cells), dtype=np.int64)[:, None] * (width + 1)
        # What does not show is counted in a last column, which is thrown away.
        places = np.where(cells, whole.codes[pupils] + self._places, np.uint16(width))
        flat = np.bincount((places + rows).ravel(), minlength=len(cells) * (width + 1))
        undated = row_sums(whole.undated[pupils] & whole.counted[pupils] & chosen)
        return flat.reshape(len(cells), width + 1)[:, :width], undated

    def of_those_who_met(self, chosen: Flags) -> Flags:
        """Return the chosen cells that count or show, of pupils with one that counts.

        Whoever was on roll on cancelled sessions only met none: in no row and in no total.
        """
        met: Flags = np.any(self.whole.counted & chosen, axis=1)
        shown: Flags = self._shown & chosen & met[:, None]
        return shown

    def standing(self, chosen: Flags) -> Counts:
        """Return what counts in each of the chosen cells: its row in `worths`; 0: nothing."""
        whole = self.whole
        undated = whole.undated & whole.counted
        value: Counts = 1 + 2 * whole.codes.astype(np.int64) + undated
        value[~(whole.counted & chosen)] = 0
        return value

    def tally(self, counts: Counts, undated: int) -> Tally:
        """Return what counts [eras x codes] come to."""
        return self.tallies(counts[None, :], np.array([undated]))[0]

    def tallies(self, counts: Counts, undated: Counts) -> list[Tally]:
        """Return what each row of counts [rows, eras x codes] comes to."""
        sums = np.column_stack([counts @ self._worths, undated]).tolist()
        by_letter = np.add.reduceat(counts[:, self._by_letter], self._firsts, axis=1)
        rows, places = np.nonzero(by_letter)
        letters = [self._letters[place] for place in places.tolist()]
        numbers = by_letter[rows, places].tolist()
        ends = np.searchsorted(rows, np.arange(len(sums) + 1)).tolist()
        found = [Tally(*row) for row in sums]
        for tally, (first, end) in zip(found, pairwise(ends), strict=True):
            tally.codes = dict(zip(letters[first:end], numbers[first:end], strict=True))
        return found


def row_sums(flags: Flags) -> Counts:
    """Return how many flags of each row are set."""
    # As numbers of little width: several times as quick as `count_nonzero`.
    found: Counts = flags.view(np.uint8).sum(axis=1, dtype=np.uint32).astype(np.int64)
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
    base = lcm(*attended)
    rates = sum(n * (base // possible) for possible, n in attended.items())
    return percent(rates, base * pupils)
