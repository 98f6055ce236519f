"""Planning a school year: which code finally stands for whom, so that the shares come out.

From the outside in: what is no possible session, activities elsewhere, the rarer absences spell
by spell up to their published share, and illness and unauthorised absence for the rest of what
each pupil misses.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate, islice, pairwise
from math import exp, log
from random import Random
from typing import Any

from commands.demo.synthetic.people import Pupil
from commands.demo.synthetic.settings import letters, shares, table
from commands.demo.synthetic.terms import Instant, SchoolYear
from ledger.values import Half

# One school year as numbered sessions, with the odds that an absence starts on each.

_OBSERVANCES = 2  # days a school year on which families keep a religious festival
_EXAMS = ((5, 15), (6, 20))  # month and day of the first and last public examination, about
_HALVES: Mapping[str, Half] = {"mornings": "AM", "afternoons": "PM"}


class Diary:
    """Sessions of a school year by number, and where among them spells may start."""

    def __init__(self, year: SchoolYear, random: Random) -> None:
        self.year = year
        self.sessions = year.sessions
        self.mornings = [n for n, s in enumerate(self.sessions) if s.half == "AM"]
        opens, closes = (date(year.number + 1, *edge) for edge in _EXAMS)
        self._starts = {
            "weeks": [n for n in self.mornings if self.sessions[n].date.weekday() == 0],
            "exams": [n for n in self.mornings if opens <= self.sessions[n].date <= closes],
            "observances": random.sample(self.mornings, _OBSERVANCES),
        }
        self._half_terms = [self.numbers(term.first, term.last) for term in year.terms]
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

    def draw(self, odds: Sequence[float], within: range, random: Random) -> int:
        """Draw a session number from a range (not empty) by cumulative odds."""
        base = odds[within.start - 1] if within.start else 0.0
        point = base + random.random() * (odds[within.stop - 1] - base)
        return min(bisect_right(odds, point, within.start, within.stop), within.stop - 1)

    def spell(self, at: str, within: range, length: int, random: Random) -> Iterable[int]:
        """Return the sessions of a spell on roll; ``at``: a pattern that habits.toml names."""
        if at == "term edge":
            return self._at_term_edge(length, random)
        if at in self._starts:
            start = random.choice(self._starts[at])
            return range(start, start + length)
        start = self.draw(self.anytime, within, random)
        later = range(start, len(self.sessions))
        if at == "weekly":
            return islice((n for n in later if self._slot(n) == self._slot(start)), length)
        if at in _HALVES:
            half = _HALVES[at]
            return islice((n for n in later if self.sessions[n].half == half), length)
        first = {"any": start, "days": self.morning_of(start)}[at]
        return range(first, first + length)

    def _at_term_edge(self, length: int, random: Random) -> range:
        """Holidays run into the school's: the last sessions of a half term or the first ones."""
        term = random.choice(self._half_terms)
        return random.choice((term[-length:], term[:length]))

    def _slot(self, number: int) -> tuple[int, str]:
        session = self.sessions[number]
        return session.date.weekday(), session.half

    def _odds(self, months: Sequence[float]) -> list[float]:
        weekdays = table("habits")["weekday"]["weight"]
        odds = (weekdays[s.date.weekday()] * months[s.date.month - 1] for s in self.sessions)
        return list(accumulate(odds))


# A pupil's school year as one row of the register, while it is being planned.

IN_SCHOOL = ""
"""A cell for which nothing else was planned."""
TEACHER, OFFICER, HEAD = "teacher", "officer", "head"


@dataclass(frozen=True, slots=True)
class Change:
    """One amendment of one mark; ``role`` says who made it."""

    at: Instant
    original: str
    amended: str
    reason: str
    role: str = OFFICER
    minutes_late: int | None = None


@dataclass
class Row:
    """One pupil in one school year.

    ``cells``: one for each session of the diary: a code as it finally stands, ``IN_SCHOOL``, or
    None where the school does not meet for the pupil. ``within``: from the first to the last
    session on roll. ``left``: sessions of absence still to be given out. ``first``: by number,
    entries that differ from what finally stands; ``changes``: their amendments, in order.
    """

    pupil: Pupil
    group: int
    within: range
    cells: list[str | None]
    compulsory: bool
    left: float = 0.0
    first: dict[int, str] = field(default_factory=dict)
    changes: dict[int, tuple[Change, ...]] = field(default_factory=dict)

    def fill(self, numbers: Iterable[int], code: str, *, costs: bool = False) -> int:
        """Put a code on those of the sessions that are free, and return how many.

        ``costs``: from what the pupil is to miss.
        """
        filled = 0
        for number in numbers:
            if number < len(self.cells) and self.cells[number] == IN_SCHOOL:
                self.cells[number] = code
                filled += 1
        self.left -= filled * costs
        return filled

    def enter(self, number: int, *changes: Change) -> None:
        """Record how one session's mark came to be what it is."""
        self.first[number] = changes[0].original
        self.changes[number] = changes

    @property
    def free(self) -> int:
        """How many cells have nothing planned for them."""
        return self.cells.count(IN_SCHOOL)


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


_TRIES = 40
_MOST = 0.95  # no pupil's absence is all without a good reason
_HALVINGS = 40
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
            row.left = row.free * self._absence(row)
        self._possible = self._free()
        self._spells(self._shares.attending)
        self._spells(self._shares.absent, costs=True)
        late_after_close = self._letters.late_after_close
        self._late(late_after_close, self._shares.absent[late_after_close], costs=True)
        self._give_out_remainder()
        self._trips()
        self._late(self._letters.late, self._shares.attending[self._letters.late])

    def _free(self) -> int:
        return sum(row.free for row in self._rows)

    def _absence(self, row: Row) -> float:
        return absence_of(row.pupil.rank, self._profile)

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
        length, away = table("habits")["trips"]["sessions"], sum(self._shares.absent.values())
        due = self._random.random()
        for group in sorted({row.group for row in self._rows}):
            due += per_pupil / length / (1 - away)
            for _ in range(int(due)):
                start = self._random.choice(self._diary.mornings)
                for row in self._rows:
                    if row.group == group:
                        row.fill(range(start, start + length), self._letters.visit)
            due %= 1

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
                numbers = self._diary.spell(habit["at"], row.within, length, self._random)
                quota -= row.fill(numbers, code, costs=costs)

    def _eligible(self, code: str, habit: dict[str, Any]) -> list[Row]:
        first, last = habit.get("years", _EVERY_YEAR_GROUP)
        rows = [row for row in self._rows if first <= row.group <= last]
        if code in table("code_shares")["only"]["of_compulsory_school_age"]:
            return [row for row in rows if row.compulsory]
        return rows

    def _weight(self, row: Row, lean: float) -> float:
        """Return how likely a row is to get a spell: by time on roll and by its absence."""
        return len(row.within) * float(self._absence(row) ** lean)

    def _late(self, code: str, share: float, *, costs: bool = False) -> None:
        """Give out late arrivals one by one, most of them to few pupils and in the morning."""
        wanted = round(share * self._possible)
        odds = list(accumulate(row.pupil.lateness * len(row.within) for row in self._rows))
        for row in self._random.choices(
            self._rows, cum_weights=odds, k=_TRIES_A_LATE_MARK * wanted
        ):
            if wanted > 0 and (not costs or row.left >= 1):
                wanted -= row.fill(self._arrival(row), code, costs=costs)

    def _arrival(self, row: Row) -> list[int]:
        mornings = self._random.random() < table("habits")["late"]["mornings"]
        half = "AM" if mornings else "PM"
        for _ in range(_TRIES_AN_ARRIVAL):
            number = self._random.choice(row.within)
            if row.cells[number] == IN_SCHOOL and self._diary.sessions[number].half == half:
                return [number]
        return []

    def _give_out_remainder(self) -> None:
        """Fill up every row's absence with illness and absence without a good reason.

        The latter takes a share that grows with a pupil's absence; the scale of that growth is
        found by halving, so that the published share comes out over all pupils.
        """
        wanted = [self._whole(row.left) for row in self._rows]
        parts = self._unauthorised_parts(wanted)
        for row, count, part in zip(self._rows, wanted, parts, strict=True):
            unauthorised = min(count, self._whole(count * part))
            self._fill_up(row, self._letters.unauthorised, unauthorised, "unauthorised")
            self._fill_up(row, self._letters.illness, count - unauthorised, "illness")

    def _whole(self, number: float) -> int:
        """Round up or down by chance, so that sums stay right."""
        return int(max(number, 0.0) + self._random.random())

    def _unauthorised_parts(self, wanted: Sequence[int]) -> list[float]:
        absent, known = self._shares.absent, self._letters
        # An entry without a reason yet mostly becomes unauthorised: both shares are one here.
        unauthorised = absent[known.unauthorised] + absent[known.unknown]
        target = sum(wanted) * unauthorised / (unauthorised + absent[known.illness])
        lean = table("habits")["unauthorised"]["lean"]
        growth = [float(self._absence(row) ** lean) for row in self._rows]
        low, high = 0.0, 1.0 / min(growth)
        for _ in range(_HALVINGS):
            scale = (low + high) / 2
            found = sum(n * min(_MOST, scale * g) for n, g in zip(wanted, growth, strict=True))
            low, high = (scale, high) if found < target else (low, scale)
        return [min(_MOST, high * g) for g in growth]

    def _fill_up(self, row: Row, code: str, count: int, habit_name: str) -> None:
        """Place ``count`` sessions of a code in spells, as ``[illness]`` and the like say."""
        habit = table("habits")[habit_name]
        mean = habit["mean_sessions"] + habit["longer_with_absence"] * self._absence(row)
        odds = self._diary.winter if "winter" in habit else self._diary.anytime
        for _ in range(_TRIES + count):
            if count <= 0:
                return
            length = min(count, 1 + int(self._random.expovariate(1 / mean)))
            start = self._diary.draw(odds, row.within, self._random)
            if length > 1:
                start = self._diary.morning_of(start)
            count -= row.fill(range(start, start + length), code)
        free = [n for n in row.within if row.cells[n] == IN_SCHOOL]
        row.fill(self._random.sample(free, min(count, len(free))), code)
