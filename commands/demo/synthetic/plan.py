"""Planning a school year: which code finally stands for whom, so that the shares come out.

From the outside in: what is no possible session, activities elsewhere, the rarer absences spell
by spell up to their published share, and illness and unauthorised absence for the rest of what
each pupil misses.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, islice, pairwise
from math import exp, log
from random import Random
from typing import Any

from commands.demo.synthetic.people import Pupil
from commands.demo.synthetic.settings import letters, only_of_compulsory_school_age, shares, table
from commands.demo.synthetic.terms import SchoolYear

# One school year as numbered sessions, with the odds that an absence starts on each.

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


# Where a spell falls: one function for each pattern that habits.toml names under ``at``.

Pattern = Callable[[Diary, range, int, Random], Iterable[int]]
"""From a diary, the session numbers on roll (not empty), a length and odds: session numbers."""


def _any(diary: Diary, within: range, length: int, random: Random) -> range:
    start = diary.draw(diary.anytime, within, random)
    return range(start, start + length)


def _days(diary: Diary, within: range, length: int, random: Random) -> range:
    start = diary.morning_of(diary.draw(diary.anytime, within, random))
    return range(start, start + length)


def _weeks(diary: Diary, _within: range, length: int, random: Random) -> range:
    start = random.choice(diary.weeks)
    return range(start, start + length)


def _exams(diary: Diary, _within: range, length: int, random: Random) -> range:
    start = random.choice(diary.exams)
    return range(start, start + length)


def _observances(diary: Diary, _within: range, length: int, random: Random) -> range:
    start = random.choice(diary.observances)
    return range(start, start + length)


def _term_edge(diary: Diary, _within: range, length: int, random: Random) -> range:
    """Holidays run into the school's: the last sessions of a half term or the first ones."""
    first, after = random.choice(diary.term_edges)
    last = min(first + length, after)
    return random.choice((range(max(first, after - length), after), range(first, last)))


def _mornings(diary: Diary, within: range, length: int, random: Random) -> Iterable[int]:
    return _halves(diary, "AM", diary.draw(diary.anytime, within, random), length)


def _afternoons(diary: Diary, within: range, length: int, random: Random) -> Iterable[int]:
    return _halves(diary, "PM", diary.draw(diary.anytime, within, random), length)


def _halves(diary: Diary, half: str, start: int, length: int) -> Iterable[int]:
    later = range(start, len(diary.sessions))
    return islice((n for n in later if diary.sessions[n].half == half), length)


def _weekly(diary: Diary, within: range, length: int, random: Random) -> Iterable[int]:
    """Return the same half of the same weekday, week after week."""
    start = diary.draw(diary.anytime, within, random)
    slot = diary.slot(start)
    later = range(start, len(diary.sessions))
    return islice((n for n in later if diary.slot(n) == slot), length)


PATTERNS: Mapping[str, Pattern] = {
    "any": _any,
    "days": _days,
    "weeks": _weeks,
    "exams": _exams,
    "observances": _observances,
    "term edge": _term_edge,
    "mornings": _mornings,
    "afternoons": _afternoons,
    "weekly": _weekly,
}


# A pupil's school year as one row of the register, while it is being planned.

IN_SCHOOL = ""
"""A cell for which nothing else was planned."""


@dataclass
class Row:
    """One pupil in one school year.

    ``cells``: one for each session of the diary: a code as it finally stands, ``IN_SCHOOL``, or
    None where the school does not meet for the pupil. ``within``: from the first to the last
    session on roll. ``left``: sessions of absence still to be given out.
    """

    pupil: Pupil
    group: int
    within: range
    cells: list[str | None]
    compulsory: bool
    left: float = 0.0

    def fill(self, numbers: Iterable[int], code: str) -> int:
        """Put a code on those of the sessions that are free, and return how many."""
        filled = 0
        for number in numbers:
            if number < len(self.cells) and self.cells[number] == IN_SCHOOL:
                self.cells[number] = code
                filled += 1
        return filled

    def count(self, code: str) -> int:
        """Return how many cells hold a code."""
        return self.cells.count(code)


def row(pupil: Pupil, diary: Diary) -> Row:
    """Return the empty row of a pupil who is on roll in the diary's school year."""
    group = pupil.year_group(diary.year.number)
    closed = [diary.year.closed_for(group, session) for session in diary.sessions]
    cells: list[str | None] = [None] * len(diary.sessions)
    for spell in pupil.spells:
        for number in diary.numbers(spell.starts_on, spell.leaves_on or diary.year.last):
            cells[number] = None if closed[number] else IN_SCHOOL
    met = [number for number, cell in enumerate(cells) if cell is not None]
    within = range(met[0], met[-1] + 1)
    first, last = diary.sessions[within[0]].date, diary.sessions[within[-1]].date
    compulsory = all(pupil.of_compulsory_school_age(day) for day in (first, last))
    return Row(pupil, group, within, cells, compulsory)


def absence_of(rank: float, profile: str) -> float:
    """Return the share of possible sessions that a pupil of some rank misses.

    Interpolated on a logarithmic scale between the knots of ``[profile.*]`` in phases.toml.
    """
    knots: list[tuple[float, float]] = table("phases")["profile"][profile]["absence"]
    for (low, least), (high, most) in pairwise(knots):
        if rank <= high:
            part = (rank - low) / (high - low)
            return least * exp(part * log(most / least))
    msg = f"rank {rank} lies beyond the last knot of profile {profile}"
    raise ValueError(msg)


# What is left of each pupil's absence: illness in spells, and absence without a good reason.

_TRIES = 40
_MOST = 0.95  # no pupil's absence is all without a good reason
_HALVINGS = 40


def give_out_remainder(rows: Sequence[Row], diary: Diary, profile: str, random: Random) -> None:
    """Fill up every row's absence with illness and unauthorised absence.

    Unauthorised absence takes a share that grows with a pupil's absence; the scale of that
    growth is found by halving, so that the published share comes out over all pupils.
    """
    known = letters()
    wanted = [_whole(row.left, random) for row in rows]
    parts = _unauthorised_parts(rows, wanted, profile)
    for row, count, part in zip(rows, wanted, parts, strict=True):
        unauthorised = min(count, _whole(count * part, random))
        filler = _Filler(row, diary, random, absence_of(row.pupil.rank, profile))
        filler.fill(known.unauthorised, unauthorised, "unauthorised")
        filler.fill(known.illness, count - unauthorised, "illness")


def _whole(number: float, random: Random) -> int:
    """Round up or down by chance, so that sums stay right."""
    return int(max(number, 0.0) + random.random())


def _unauthorised_parts(rows: Sequence[Row], wanted: Sequence[int], profile: str) -> list[float]:
    absent = shares(profile).absent
    known = letters()
    # An entry without a reason yet mostly becomes unauthorised: both shares are one here.
    unauthorised = absent[known.unauthorised] + absent[known.unknown]
    target = sum(wanted) * unauthorised / (unauthorised + absent[known.illness])
    lean = table("habits")["unauthorised"]["lean"]
    growth = [float(absence_of(row.pupil.rank, profile) ** lean) for row in rows]
    low, high = 0.0, 1.0 / min(growth, default=1.0)
    for _ in range(_HALVINGS):
        scale = (low + high) / 2
        found = sum(n * min(_MOST, scale * g) for n, g in zip(wanted, growth, strict=True))
        low, high = (scale, high) if found < target else (low, scale)
    return [min(_MOST, high * g) for g in growth]


class _Filler:
    """Puts spells of one pupil's absence on free sessions."""

    def __init__(self, row: Row, diary: Diary, random: Random, absence: float) -> None:
        self._row = row
        self._diary = diary
        self._random = random
        self._absence = absence

    def fill(self, code: str, count: int, habit_name: str) -> None:
        """Place ``count`` sessions of a code in spells, as ``[illness]`` and the like say."""
        habit = table("habits")[habit_name]
        mean = habit["mean_sessions"] + habit["longer_with_absence"] * self._absence
        odds = self._diary.winter if "winter" in habit else self._diary.anytime
        for _ in range(_TRIES + count):
            if count <= 0:
                return
            length = min(count, 1 + int(self._random.expovariate(1 / mean)))
            start = self._diary.draw(odds, self._row.within, self._random)
            if length > 1:
                start = self._diary.morning_of(start)
            count -= self._row.fill(range(start, start + length), code)
        free = [n for n in self._row.within if self._row.cells[n] == IN_SCHOOL]
        self._row.fill(self._random.sample(free, min(count, len(free))), code)


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
