"""Planning a school year: which code finally stands for whom, so that the shares come out.

From the outside in: what is no possible session, activities elsewhere, the rarer absences spell
by spell up to their published share, and illness and unauthorised absence for the rest of what
each pupil misses.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from random import Random
from typing import Any

from commands.demo.synthetic.diary import Diary
from commands.demo.synthetic.letters import letters, only_of_compulsory_school_age, shares
from commands.demo.synthetic.patterns import PATTERNS
from commands.demo.synthetic.remainder import give_out_remainder
from commands.demo.synthetic.rows import IN_SCHOOL, Row, absence_of
from commands.demo.synthetic.settings import table

_TRIES_A_SPELL = 20
_TRIES_A_LATE_MARK = 4
_TRIES_AN_ARRIVAL = 8
_EVERY_YEAR_GROUP = (0, 99)
_SESSIONS_A_WEEK = 10


def plan(rows: Sequence[Row], diary: Diary, profile: str, random: Random) -> None:
    """Fill the rows of the pupils who follow one profile."""
    if rows:
        _Plan(rows, diary, profile, random).fill()


class _Plan:
    def __init__(self, rows: Sequence[Row], diary: Diary, profile: str, random: Random) -> None:
        self._rows = rows
        self._diary = diary
        self._profile = profile
        self._random = random
        self._shares = shares(profile)
        self._letters = letters()
        self._possible = self._free()

    def fill(self) -> None:
        self._part_time()
        self._spells(self._shares.outside)
        for row in self._rows:
            row.left = row.count(IN_SCHOOL) * absence_of(row.pupil.rank, self._profile)
        self._possible = self._free()
        self._spells(self._shares.attending)
        self._spells(self._shares.absent, costs=True)
        late_after_close = self._letters.late_after_close
        self._late(late_after_close, self._shares.absent[late_after_close], costs=True)
        give_out_remainder(self._rows, self._diary, self._profile, self._random)
        self._trips()
        self._late(self._letters.late, self._shares.attending[self._letters.late])

    def _free(self) -> int:
        return sum(row.count(IN_SCHOOL) for row in self._rows)

    def _part_time(self) -> None:
        """Let some of Year R stay at home in the afternoon at first, if below school age."""
        habit = table("habits")["part_time_year_r"]
        below = [row for row in self._rows if row.group == 0 and not row.compulsory]
        for row in below:
            weeks = self._random.randint(*habit["weeks"])
            if self._random.random() >= habit["share"]:
                continue
            for number in row.within[: weeks * _SESSIONS_A_WEEK]:
                session = self._diary.sessions[number]
                if session.half == "PM" and not row.pupil.of_compulsory_school_age(session.date):
                    row.fill([number], self._letters.below_age_part_time)

    def _trips(self) -> None:
        """Send whole year groups out for a day, as many days as the share asks for."""
        per_pupil = self._shares.attending[self._letters.visit] * len(self._diary.sessions)
        length = table("habits")["trips"]["sessions"]
        due = self._random.random()
        for group in sorted({row.group for row in self._rows}):
            due += per_pupil / length / (1 - self._shares_away())
            for _ in range(int(due)):
                start = self._random.choice(self._diary.mornings)
                for row in self._rows:
                    if row.group == group:
                        row.fill(range(start, start + length), self._letters.visit)
            due %= 1

    def _shares_away(self) -> float:
        return sum(self._shares.absent.values())

    def _spells(self, wanted: dict[str, float], *, costs: bool = False) -> None:
        """Give out codes with a habit; ``costs``: from what each pupil is to miss."""
        for code, habit in table("habits")["spell"].items():
            if code in wanted:
                self._give_out(code, habit, wanted[code] * self._possible, costs=costs)

    def _give_out(self, code: str, habit: dict[str, Any], quota: float, *, costs: bool) -> None:
        rows = self._eligible(code, habit)
        shortest, longest = habit["sessions"]
        odds = list(accumulate(self._weight(row, habit["lean"]) for row in rows))
        tries = _TRIES_A_SPELL * (1 + int(quota / shortest))
        while rows and tries and quota >= shortest * self._random.random():
            tries -= 1
            row = self._random.choices(rows, cum_weights=odds)[0]
            length = min(self._random.randint(shortest, longest), max(shortest, int(quota)))
            if costs:
                length = min(length, int(row.left))
            if length >= shortest:
                pattern = PATTERNS[habit["at"]]
                numbers = pattern(self._diary, row.within, length, self._random)
                quota -= self._place(row, numbers, code, costs=costs)

    def _eligible(self, code: str, habit: dict[str, Any]) -> list[Row]:
        first, last = habit.get("years", _EVERY_YEAR_GROUP)
        return [
            row
            for row in self._rows
            if first <= row.group <= last
            and (row.compulsory or not only_of_compulsory_school_age(code))
        ]

    def _weight(self, row: Row, lean: float) -> float:
        """Return how likely a row is to get a spell: by time on roll and by its absence."""
        return len(row.within) * float(absence_of(row.pupil.rank, self._profile) ** lean)

    def _late(self, code: str, share: float, *, costs: bool = False) -> None:
        """Give out late arrivals one by one, most of them to few pupils and in the morning."""
        wanted = round(share * self._possible)
        odds = list(accumulate(row.pupil.lateness * len(row.within) for row in self._rows))
        for row in self._random.choices(
            self._rows, cum_weights=odds, k=_TRIES_A_LATE_MARK * wanted
        ):
            if wanted > 0 and (not costs or row.left >= 1):
                wanted -= self._place(row, self._arrival(row), code, costs=costs)

    def _arrival(self, row: Row) -> list[int]:
        mornings = self._random.random() < table("habits")["late"]["mornings"]
        half = "AM" if mornings else "PM"
        for _ in range(_TRIES_AN_ARRIVAL):
            number = self._random.choice(row.within)
            if row.cells[number] == IN_SCHOOL and self._diary.sessions[number].half == half:
                return [number]
        return []

    @staticmethod
    def _place(row: Row, numbers: Iterable[int], code: str, *, costs: bool) -> int:
        filled = row.fill(numbers, code)
        row.left -= filled * costs
        return filled
