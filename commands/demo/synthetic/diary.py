"""One school year as numbered sessions, with the odds that an absence starts on each."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date
from itertools import accumulate
from random import Random

from commands.demo.synthetic.settings import table
from commands.demo.synthetic.terms import SchoolYear

_OBSERVANCES = 2  # days a school year on which families keep a religious festival
_EXAMS = ((5, 15), (6, 20))  # month and day of the first and last public examination, about


class Diary:
    """Sessions of a school year by number, and where among them spells may start."""

    def __init__(self, year: SchoolYear, random: Random) -> None:
        self.year = year
        self.sessions = year.sessions
        self.mornings = [n for n, s in enumerate(self.sessions) if s.half == "AM"]
        self.weeks = [n for n in self.mornings if self.sessions[n].date.weekday() == 0]
        self.observances = random.sample(self.mornings, _OBSERVANCES)
        self.exams = [n for n in self.mornings if self._in_exams(self.sessions[n].date)]
        self.term_edges = self._edges()
        self.anytime = self._odds([1.0] * 12)
        self.winter = self._odds(table("habits")["illness"]["winter"])

    def numbers(self, first: date, last: date) -> range:
        """Return the numbers of the sessions from one day to another, both included."""
        low = bisect_left(self.sessions, first, key=lambda s: s.date)
        return range(low, bisect_right(self.sessions, last, key=lambda s: s.date))

    def morning_of(self, number: int) -> int:
        """Return the number of the first session met on the day of a session."""
        earlier = number - 1
        same_day = number and self.sessions[earlier].date == self.sessions[number].date
        return earlier if same_day else number

    def slot(self, number: int) -> tuple[int, str]:
        """Return the weekday and half of a session."""
        session = self.sessions[number]
        return session.date.weekday(), session.half

    def draw(self, odds: Sequence[float], within: range, random: Random) -> int:
        """Draw a session number from a range (not empty) by cumulative odds."""
        base = odds[within.start - 1] if within.start else 0.0
        point = base + random.random() * (odds[within.stop - 1] - base)
        return min(bisect_right(odds, point, within.start, within.stop), within.stop - 1)

    def _odds(self, months: Sequence[float]) -> list[float]:
        weekdays = table("habits")["weekday"]["weight"]
        return list(
            accumulate(
                weekdays[s.date.weekday()] * months[s.date.month - 1] for s in self.sessions
            )
        )

    def _in_exams(self, day: date) -> bool:
        first, last = (date(self.year.number + 1, *edge) for edge in _EXAMS)
        return first <= day <= last

    def _edges(self) -> list[tuple[int, int]]:
        """Return for each half term the number of its first session and that after its last."""
        spans = (self.numbers(term.first, term.last) for term in self.year.terms)
        return [(span.start, span.stop) for span in spans]
