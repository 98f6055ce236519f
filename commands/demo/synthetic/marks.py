"""The rows of marks.csv and amendments.csv, in the order in which they were made."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from random import Random

from commands.demo.synthetic.clerk import Clerk
from commands.demo.synthetic.people import REGISTRATION, Pupil
from commands.demo.synthetic.plan import IN_SCHOOL, Diary, Row, plan, row
from commands.demo.synthetic.settings import Setting, letter_on, letters, text
from commands.demo.synthetic.staff import Staff
from commands.demo.synthetic.terms import Instant, SchoolYear, register_open
from ledger.values import Session

# A school year's registers: planned rows with their past, by registration group.


@dataclass(frozen=True, slots=True)
class Place:
    """A pupil in a registration group, from one session number up to another, excluded."""

    first: int
    after: int
    row: Row


@dataclass(frozen=True)
class Registers:
    """All registers of one school year."""

    diary: Diary
    rows: Sequence[Row]
    groups: dict[str, list[Place]]


def registers(setting: Setting, year: SchoolYear, pupils: Sequence[Pupil]) -> Registers:
    """Plan a whole school year: what finally stands and how it came about."""
    diary = Diary(year, setting.random(f"diary/{year.number}"))
    everyone = [row(pupil, diary) for pupil in pupils if pupil.on_roll(year.first, year.last)]
    done: list[Row] = []
    for profile in setting.school["profiles"]:
        rows = [r for r in everyone if setting.profile(r.group) == profile]
        plan(rows, diary, profile, setting.random(f"plan/{profile}/{year.number}"))
        clerk = Clerk(diary, profile, setting.random(f"clerk/{profile}/{year.number}"))
        for each in rows:
            clerk.enter(each)
        done += rows
    groups: dict[str, list[Place]] = {}
    for planned in sorted(done, key=lambda r: r.pupil.register_order):
        for group in planned.pupil.memberships:
            if group.kind == REGISTRATION:
                span = diary.numbers(group.first, group.last or year.last)
                groups.setdefault(group.name, []).append(Place(span.start, span.stop, planned))
    return Registers(diary, done, groups)


_FIRST_TAKEN = 360  # seconds after the registers open


def mark_lines(found: Registers, setting: Setting, staff: Staff) -> Iterator[str]:
    """Yield the CSV lines of one register after another, up to ``setting.until``.

    Text and not rows: a school year has hundreds of thousands of marks, nearly all alike but for
    the UPN. No value holds a comma, a quotation mark or a line end.
    """
    random = setting.random(f"marks/{found.diary.year.number}")
    for number, session in enumerate(found.diary.sessions):
        if session.date > setting.until:
            return
        taken = _takings(session, len(staff.teachers), random)
        for (group, teacher), at in zip(staff.teachers.items(), taken, strict=True):
            register = _Register(session, number, teacher, at)
            yield from register.lines(found.groups.get(group, ()), random)


def _takings(session: Session, registers: int, random: Random) -> list[Instant]:
    """Return when each group's register was taken, one after the other while open."""
    opens, closes = register_open(session.half)
    seconds = sorted(random.randint(opens + _FIRST_TAKEN, closes) for _ in range(registers))
    return [Instant(session.date, second) for second in seconds]


class _Register:
    """One group's register of one session."""

    def __init__(self, session: Session, number: int, teacher: str, at: Instant) -> None:
        self._number = number
        self._date = session.date
        self._head = f",{session.date},{session.half},"
        self._tail = f",{teacher},{at}\n"
        self._present = letters().present(session.half)
        self._in_school = f"{self._head}{self._present},,,{self._tail}"
        self._minutes = (at.second - register_open(session.half)[0]) // 60

    def lines(self, places: Sequence[Place], random: Random) -> Iterator[str]:
        for place in places:
            if not place.first <= self._number < place.after:
                continue
            cell = place.row.cells[self._number]
            if cell is None:
                continue
            code = place.row.first.get(self._number, cell)
            if code in (IN_SCHOOL, self._present):
                yield place.row.pupil.upn + self._in_school
            else:
                yield self._other(place.row.pupil, code, random)

    def _other(self, pupil: Pupil, code: str, random: Random) -> str:
        letter = letter_on(code, self._date)
        minutes = random.randint(1, self._minutes) if code == letters().late else ""
        why = [text(kind, letter, pupil.number) for kind in ("natures", "comments")]
        return f"{pupil.upn}{self._head}{letter},{minutes},{why[0]},{why[1]}{self._tail}"


def amendment_rows(
    found: Registers, setting: Setting, staff: Staff
) -> Iterator[tuple[object, ...]]:
    """Yield the amendments made up to ``setting.until``, by the time at which they were made."""
    made = [
        (change.at, place.row.pupil.upn, number, step, change, group)
        for group, places in found.groups.items()
        for place in places
        for number, changes in place.row.changes.items()
        if place.first <= number < place.after
        for step, change in enumerate(changes)
        if change.at.day <= setting.until
    ]
    for at, upn, number, _, change, group in sorted(made, key=itemgetter(0, 1, 2, 3)):
        session, author = found.diary.sessions[number], staff.author(change.role, group)
        yield (
            upn, session.date, session.half, letter_on(change.original, session.date),
            letter_on(change.amended, session.date), change.reason, author, at, "",
            change.minutes_late,
        )  # fmt: skip
