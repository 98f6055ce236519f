"""How each final mark came about: entered without a reason, corrected, corrected again.

Most absences are first entered without a reason and amended when it is known (SI 2024/208
reg 10(7)); an arrival after the register closed is always such an amendment (reg 10(8)).
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import groupby
from random import Random

from commands.demo.synthetic.plan import IN_SCHOOL, OFFICER, TEACHER, Change, Diary, Row
from commands.demo.synthetic.settings import letters, table
from commands.demo.synthetic.terms import Instant, closing, register_open

_OFFICE_OPENS = 8 * 3600 + 30 * 60
_OFFICE_CLOSES = 16 * 3600 + 30 * 60
_AFTER_CLOSING = 300


class Clerk:
    """Makes up the past of rows, one after another."""

    def __init__(self, diary: Diary, profile: str, random: Random) -> None:
        self._diary = diary
        self._random = random
        self._letters = letters()
        self._habits = table("habits")
        self._wrongly_absent = table("phases")["profile"][profile]["wrongly_absent"]

    def enter(self, row: Row) -> None:
        """Make up the past of one row."""
        for code, numbers in _spells(row):
            if code == self._letters.late_after_close:
                self._arrivals(row, numbers)
            elif code == self._letters.late:
                self._late_slips(row, numbers)
            elif code in self._habits["resolve"]:
                self._absence(row, code, numbers)
        self._present(row)

    def _absence(self, row: Row, code: str, numbers: Sequence[int]) -> None:
        habit = self._habits["resolve"][code]
        if self._random.random() < habit["reported"]:
            return
        if code == self._letters.unauthorised:
            self._day_by_day(row, code, numbers)
        elif not self._second_thoughts(row, code, numbers):
            self._until_known(row, code, numbers)

    def _until_known(self, row: Row, code: str, numbers: Sequence[int]) -> None:
        """Enter no reason until it is known, from then on the reason at once."""
        habit = self._habits["resolve"][code]
        known = self._moment(numbers[0], habit["lag"])
        reason = self._random.choice(habit["reasons"])
        for number in numbers:
            if closing(self._diary.sessions[number]) < known:
                row.enter(number, Change(known, self._letters.unknown, code, reason))

    def _day_by_day(self, row: Row, code: str, numbers: Sequence[int]) -> None:
        """Enter no reason; each day is settled on its own when the five days are over."""
        habit = self._habits["resolve"][code]
        reason = self._random.choice(habit["reasons"])
        for _, day in groupby(numbers, key=lambda n: self._diary.sessions[n].date):
            same_day = list(day)
            settled = self._moment(same_day[-1], habit["lag"])
            for number in same_day:
                row.enter(number, Change(settled, self._letters.unknown, code, reason))

    def _second_thoughts(self, row: Row, code: str, numbers: Sequence[int]) -> bool:
        """Amend an amendment: evidence of illness arrives late, or a holiday comes out."""
        habit = self._habits["second_thoughts"].get(code, {"share": 0.0, "longest": 0})
        if self._random.random() >= habit["share"] or len(numbers) > habit["longest"]:
            return False
        interim = habit["interim"]
        from_number = numbers[0] if habit["settled_at_once"] else numbers[-1]
        settled = self._moment(from_number, self._habits["resolve"][interim]["lag"])
        again = self._moment(numbers[-1], habit["lag"])
        if settled >= again:  # the school year ended too soon
            return False
        first = Change(settled, self._letters.unknown, interim, habit["interim_reason"])
        second = Change(again, interim, code, habit["reason"], habit["by"])
        for number in numbers:
            before = closing(self._diary.sessions[number]) < settled
            row.enter(number, *((first, second) if before else (second,)))
        return True

    def _arrivals(self, row: Row, numbers: Sequence[int]) -> None:
        """Enter no reason, and amend when the pupil arrives within the same session."""
        habit = self._habits["late_after_close"]
        for number in numbers:
            session = self._diary.sessions[number]
            minutes = self._random.randint(*habit["minutes_late"])
            seconds = 60 * minutes + self._random.randint(*habit["seconds_to_amend"])
            at = Instant(session.date, register_open(session.half)[0] + seconds)
            final = self._letters.late_after_close
            reason = habit["reason"]
            change = Change(at, self._letters.unknown, final, reason, minutes_late=minutes)
            row.enter(number, change)

    def _late_slips(self, row: Row, numbers: Sequence[int]) -> None:
        habit = self._habits["corrections"]
        for number in numbers:
            if self._random.random() < habit["late_as_present"]:
                present = self._letters.present(self._diary.sessions[number].half)
                at = self._moment(number, habit["lag"])
                minutes = self._random.randint(*habit["minutes_late"])
                reason = habit["late_reason"]
                late = self._letters.late
                row.enter(number, Change(at, present, late, reason, minutes_late=minutes))

    def _present(self, row: Row) -> None:
        """Enter some who were there as absent or late, and correct it."""
        as_late = self._habits["corrections"]["present_as_late"]
        for number, cell in enumerate(row.cells):
            if cell == IN_SCHOOL:
                draw = self._random.random()
                if draw < self._wrongly_absent:
                    self._correct(row, number, self._letters.unknown, "wrongly_absent")
                elif draw < self._wrongly_absent + as_late:
                    self._correct(row, number, self._letters.late, "wrongly_late")

    def _correct(self, row: Row, number: int, original: str, habit_name: str) -> None:
        habit = self._habits[habit_name]
        present = self._letters.present(self._diary.sessions[number].half)
        reason = self._random.choice(habit["reasons"])
        role = TEACHER if self._random.random() < habit["by_teacher"] else OFFICER
        at = self._moment(number, habit["lag"])
        row.enter(number, Change(at, original, present, reason, role))

    def _moment(self, number: int, lag: Sequence[int]) -> Instant:
        """Return a time of the office some school days after a session.

        ``lag``: weights of 0, 1, 2 ... days. Never later than the last day of the school year.
        """
        session = self._diary.sessions[number]
        days = self._diary.year.days
        later = self._random.choices(range(len(lag)), lag)[0]
        day = days[min(bisect_left(days, session.date) + later, len(days) - 1)]
        earliest = _OFFICE_OPENS
        if day == session.date:
            earliest = closing(session).second + _AFTER_CLOSING
        return Instant(day, self._random.randint(earliest, _OFFICE_CLOSES))


def _spells(row: Row) -> Iterator[tuple[str, list[int]]]:
    """Yield each run of sessions, one after the other, that hold the same planned code."""
    numbered = groupby(enumerate(row.cells), key=lambda cell: cell[1])
    for code, cells in numbered:
        if code:
            yield code, [number for number, _ in cells]
