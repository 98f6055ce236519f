"""Who is persistently or severely absent, in plain loops over days and halves of days.

Written from the contract (section 3), the statistics' formulas and the law alone: a register is
a calendar, a roll and marks; nothing here shares a line with the code under test.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.projections.oracle import MEANINGS_2006, MEANINGS_2024, REGULATIONS_2024

DAY = timedelta(days=1)
HALVES = ("AM", "PM")
ATTENDED = {"AM": "/", "PM": "\\"}


@dataclass
class Pupil:
    """A pupil: birth date, spells on roll, dated groups, marks by session."""

    upn: str
    born: date
    boards: bool
    spells: list[tuple[date, date | None]]
    groups: list[tuple[str, date | None, date | None]]
    marks: dict[tuple[date, str], str] = field(default_factory=dict)


@dataclass
class Register:
    """Terms, closures (day, half, groups, cancelled) and pupils of one school year; the date."""

    terms: list[tuple[date, date]]
    closures: list[tuple[date, str, frozenset[str], bool]]
    pupils: list[Pupil]
    on: date


# -- drawing ------------------------------------------------------------------------------------


def drawn(seed: int) -> Register:
    """A register by chance, with INSET days, cancelled weeks, spells, and counts at the edge."""
    rng = random.Random(seed)  # noqa: S311 - to draw examples again
    terms = _terms(rng)
    first, last = terms[0][0], terms[-1][1]
    closures = list(_closures(rng, terms))
    pupils = [_pupil(rng, n, first, last) for n in range(rng.randint(1, 4))]
    register = Register(terms, closures, pupils, first + DAY * rng.randint(-3, 70))
    for pupil in pupils:
        _mark(rng, register, pupil)
    return register


def _terms(rng: random.Random) -> list[tuple[date, date]]:
    start = rng.choice((date(2024, 8, 12), date(2024, 9, 2), date(2025, 9, 3), date(2026, 9, 1)))
    terms, day = [], start
    for _ in range(rng.randint(1, 3)):
        last = day + timedelta(days=rng.randint(2, 26))
        terms.append((day, last))
        day = last + timedelta(days=rng.randint(1, 17))
    return terms


def _closures(
    rng: random.Random, terms: list[tuple[date, date]]
) -> Iterator[tuple[date, str, frozenset[str], bool]]:
    for first, last in terms:
        for _ in range(rng.randint(0, 3)):
            day = first + timedelta(days=rng.randint(0, (last - first).days))
            length = rng.choice((1, 1, 1, 5))
            concerned = frozenset(rng.choice(((), (), ("9A",), ("9A", "9B"))))
            cancelled = rng.random() < 0.4
            for n in range(length):
                for half in rng.choice((HALVES, HALVES, ("AM",), ("PM",))):
                    yield day + DAY * n, half, concerned, cancelled


def _pupil(rng: random.Random, n: int, first: date, last: date) -> Pupil:
    born = date(first.year - rng.randint(3, 19), *rng.choice(((8, 31), (9, 1))))
    spells: list[tuple[date, date | None]] = [(first - DAY * 30, None)]
    if rng.random() < 0.5:
        days = (last - first).days
        cut = sorted(first + DAY * rng.randint(0, days) for _ in range(3))
        spells = [(cut[0], cut[1])] if rng.random() < 0.5 else [(first, cut[0]), (cut[2], None)]
        if len(spells) == 2 and spells[1][0] <= cut[0]:
            spells = [(first, None)]
    moved = first + DAY * rng.randint(0, 30)
    groups = [("9A", None, moved), ("9B", moved + DAY, None)] if n % 2 else [("9B", None, None)]
    return Pupil(f"U{n}", born, rng.random() < 0.2, spells, groups)


def _mark(rng: random.Random, register: Register, pupil: Pupil) -> None:
    """Give marks: by chance, or as many absences as the share asks, one more or one less."""
    sessions = list(_sessions(register, pupil, register.terms[0][0], register.on))
    wanted = rng.choice((None, 10, 2))
    edge = len(sessions) // (wanted or 1) + rng.randint(-1, 2)
    absent = set(rng.sample(sessions, min(len(sessions), max(0, edge))) if wanted else ())
    for session in sessions:
        day, half = session
        book = MEANINGS_2024 if day >= REGULATIONS_2024 else MEANINGS_2006
        kinds = [c for c, (counts, there, _) in book.items() if counts and not there]
        if wanted:
            pupil.marks[session] = rng.choice(kinds) if session in absent else ATTENDED[half]
        elif rng.random() < 0.95:
            pupil.marks[session] = rng.choice((*book, "/", "/", "I", *kinds))


# -- answering ----------------------------------------------------------------------------------


def answer(register: Register, population: str) -> dict[str, dict]:
    """The row of every enrolment, by UPN."""
    found = {}
    for pupil in register.pupils:
        if population == "dfe" and (pupil.boards or not 5 <= _age(register, pupil) <= 15):
            continue
        row = _row(register, pupil)
        if row["possible"]:
            found[pupil.upn] = row
    return found


def _age(register: Register, pupil: Pupil) -> int:
    """The age on the 31 August before the school year."""
    year = register.terms[0][0].year
    had_birthday = (pupil.born.month, pupil.born.day) <= (8, 31)
    return year - pupil.born.year - (0 if had_birthday else 1)


def _row(register: Register, pupil: Pupil) -> dict:
    counts = {"possible": 0, "absent": 0, "unauthorised": 0, "part_time": 0, "illness": 0}
    for session in _sessions(register, pupil, register.terms[0][0], register.on):
        code = pupil.marks.get(session)
        if code is None:
            continue
        book = MEANINGS_2024 if session[0] >= REGULATIONS_2024 else MEANINGS_2006
        possible, attended, unauthorised = book[code]
        counts["possible"] += possible
        counts["absent"] += possible and not attended
        counts["unauthorised"] += unauthorised
        counts["part_time"] += code == "C2"
        counts["illness"] += code == "I"
    absent, possible = counts["absent"], counts["possible"]
    authorised = absent - counts["unauthorised"]
    leaving, when = _leaving(register, pupil, absent, possible)
    return {
        **counts,
        "authorised": authorised,
        "other_authorised": authorised - counts["part_time"] - counts["illness"],
        "persistent": _reached(absent, possible, 10),
        "severe": _reached(absent, possible, 50),
        "sessions_to_leave": leaving,
        "could_leave_on": when,
        "until": _until(absent, possible),
    }


def _reached(absent: int, possible: int, percent: int) -> bool:
    """Whether so many percent or more were missed."""
    return possible > 0 and 100 * absent >= percent * possible


def _leaving(
    register: Register, pupil: Pupil, absent: int, possible: int
) -> tuple[int, str | None]:
    """Attend session after session until off the list; the day of the last of them."""
    coming = _sessions(register, pupil, register.on + DAY, register.terms[-1][1])
    needed, when = 0, None
    while _reached(absent, possible + needed, 10):
        needed += 1
        when = next(coming, None)
    return needed, when[0].isoformat() if when else None


def _until(absent: int, possible: int) -> int:
    """Miss session after session until on the list."""
    missed = 0
    while not _reached(absent + missed, possible + missed, 10):
        missed += 1
    return missed


def _sessions(
    register: Register, pupil: Pupil, first: date, last: date
) -> Iterator[tuple[date, str]]:
    """The sessions that the school met for a pupil on roll."""
    day = first
    while day <= last:
        in_term = day.weekday() < 5 and any(a <= day <= b for a, b in register.terms)
        on_roll = any(a <= day and (b is None or day <= b) for a, b in pupil.spells)
        groups = {
            name
            for name, a, b in pupil.groups
            if (a is None or a <= day) and (b is None or day <= b)
        }
        for half in HALVES:
            closed = any(
                (d, h) == (day, half) and (not names or names & groups)
                for d, h, names, _ in register.closures
            )
            if in_term and on_roll and not closed:
                yield day, half
        day += DAY
