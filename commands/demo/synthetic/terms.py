"""School years: half terms, bank holidays, closures, and the sessions that the school meets."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

from commands.demo.synthetic.settings import Setting, table, year_name
from ledger.values import HALVES, Half, Session

_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)
_THURSDAY, _FRIDAY = 3, 4


@dataclass(frozen=True, slots=True)
class Term:
    """A half term, both days included."""

    name: str
    first: date
    last: date

    def weekdays(self) -> list[date]:
        """Return its days from Monday to Friday, bank holidays included."""
        days = (self.first + n * _DAY for n in range((self.last - self.first).days + 1))
        return [day for day in days if day.weekday() <= _FRIDAY]


@dataclass(frozen=True, slots=True)
class Closure:
    """A day or session not held, for everyone or (``year_group``) for one year group."""

    day: date
    reason: str
    cancelled: bool = False
    halves: tuple[Half, ...] = HALVES
    year_group: int | None = None


@dataclass(frozen=True)
class SchoolYear:
    """One school year; ``number`` is the calendar year in which it starts."""

    number: int
    terms: tuple[Term, ...]
    closures: tuple[Closure, ...]

    @property
    def first(self) -> date:
        """The first day of the first term: the day on which the school year starts."""
        return self.terms[0].first

    @property
    def last(self) -> date:
        """The last day of the last term."""
        return self.terms[-1].last

    @cached_property
    def sessions(self) -> tuple[Session, ...]:
        """The sessions met by at least one year group, in order; cancelled ones left out."""
        closed = {
            (c.day, half) for c in self.closures if c.year_group is None for half in c.halves
        }
        return tuple(
            Session(day, half)
            for term in self.terms
            for day in term.weekdays()
            for half in HALVES
            if (day, half) not in closed
        )

    @cached_property
    def days(self) -> tuple[date, ...]:
        """The days with at least one session met, in order."""
        return tuple(sorted({session.date for session in self.sessions}))

    def closed_for(self, year_group: int, session: Session) -> bool:
        """Tell whether a session met by others is closed for a year group."""
        return any(
            c.year_group == year_group and c.day == session.date and session.half in c.halves
            for c in self.closures
        )


def school_years(setting: Setting) -> tuple[SchoolYear, ...]:
    """Return the school years of a build, whole, the last one holding ``until``.

    A date in the summer holidays belongs to the school year before it. ValueError where the
    build would reach back beyond the earliest known codes.
    """
    last = setting.until.year
    if setting.until < autumn_starts(last):
        last -= 1
    first = last - setting.years + 1
    earliest = table("code_shares")["first_day"]
    if autumn_starts(first) < earliest:
        msg = f"no attendance codes are known before {earliest}; ask for a later date, fewer years"
        raise ValueError(msg)
    return tuple(_school_year(number, setting) for number in range(first, last + 1))


def autumn_starts(year: int) -> date:
    """Return 1 September, or the Monday after where too little of the week would be left."""
    first = date(year, 9, 1)
    return first if first.weekday() <= _THURSDAY else monday_from(first)


def _terms(year: int) -> tuple[Term, ...]:
    """Return six half terms around the usual English holidays, 195 days in all."""
    october = monday_from(date(year, 10, 25))
    christmas = date(year, 12, 22)
    autumn_ends = christmas - timedelta(days=(christmas.weekday() - _FRIDAY) % 7)
    spring_starts = autumn_ends + 2 * _WEEK + 3 * _DAY
    while not is_working_day(spring_starts):
        spring_starts += _DAY
    february = monday_from(date(year + 1, 2, 12))
    sunday = easter(year + 1)
    may = monday_from(date(year + 1, 5, 25))
    weekend = 3 * _DAY
    terms = (
        Term("Autumn 1", autumn_starts(year), october - weekend),
        Term("Autumn 2", october + _WEEK, autumn_ends),
        Term("Spring 1", spring_starts, february - weekend),
        Term("Spring 2", february + _WEEK, sunday - _WEEK - 2 * _DAY),
        Term("Summer 1", sunday + _WEEK + _DAY, may - weekend),
    )
    return (*terms, Term("Summer 2", may + _WEEK, _last_day(terms, may + _WEEK)))


def _last_day(terms: tuple[Term, ...], day: date) -> date:
    """Return the day on which a last half term from ``day`` completes the school year's days."""
    before = sum(is_working_day(d) for term in terms for d in term.weekdays())
    return working_days_after(day, table("calendar")["school"]["days"] - before - 1)


def _school_year(number: int, setting: Setting) -> SchoolYear:
    terms = _terms(number)
    weekdays = [day for term in terms for day in term.weekdays()]
    holidays = [Closure(d, bank_holidays(d.year)[d]) for d in weekdays if not is_working_day(d)]
    planned = (*holidays, *_training_days(terms))
    open_days = SchoolYear(number, terms, planned).days
    staggered = setting.school["staggered"]
    closures = (
        *planned,
        Closure(open_days[0], f"Staggered start of {year_name(staggered)}", year_group=staggered),
        *_cancellations(open_days, setting, number),
    )
    return SchoolYear(number, terms, tuple(sorted(closures, key=lambda c: c.day)))


def _training_days(terms: tuple[Term, ...]) -> Iterator[Closure]:
    """Yield five days of staff training: two in September, one before each longer holiday."""
    first = terms[0].weekdays()
    for day in (first[0], first[1], first[-1], terms[2].first, terms[5].first):
        yield Closure(day, "INSET")


def _cancellations(days: tuple[date, ...], setting: Setting, number: int) -> Iterator[Closure]:
    """Yield what was cancelled on the day: an afternoon in even years, a whole day in odd ones.

    In the first half term, so that a build of a few weeks has it too.
    """
    told = table("calendar")["cancelled"]
    random = setting.random(f"cancelled/{number}")
    day = days[random.randint(told["earliest"], told["latest"])]
    if number % 2:
        yield Closure(day, told["day_reason"], cancelled=True)
    else:
        yield Closure(day, told["afternoon_reason"], cancelled=True, halves=("PM",))


# Bank holidays in England: by rule, with the exceptions of calendar.toml.


def easter(year: int) -> date:
    """Return Easter Sunday (the anonymous Gregorian algorithm, Meeus, Astronomical Algorithms)."""
    golden = year % 19
    century, of_century = divmod(year, 100)
    leap, rest = divmod(century, 4)
    moon = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap - moon + 15) % 30
    weekday = (32 + 2 * rest + 2 * (of_century // 4) - epact - of_century % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def monday_from(day: date) -> date:
    """Return the first Monday on or after a day."""
    return day + timedelta(days=-day.weekday() % 7)


@cache
def bank_holidays(year: int) -> dict[date, str]:
    """Return the bank holidays of a calendar year that can fall on a school's term.

    New Year's Day (its substitute at a weekend), Easter, May and the one-off days; those of
    August and December never fall inside a term here.
    """
    new_year = date(year, 1, 1)
    days = {
        new_year if new_year.weekday() <= _FRIDAY else monday_from(new_year): "New Year's Day",
        easter(year) - timedelta(days=2): "Good Friday",
        easter(year) + timedelta(days=1): "Easter Monday",
        monday_from(date(year, 5, 1)): "Early May bank holiday",
        monday_from(date(year, 5, 25)): "Spring bank holiday",
    }
    one_off = {date.fromisoformat(d): n for d, n in table("calendar")["one_off"].items()}
    days |= {day: name for day, name in one_off.items() if day.year == year}
    return {day: name for day, name in days.items() if day not in table("calendar")["not_held"]}


def is_working_day(day: date) -> bool:
    """Tell whether a day is neither of a weekend nor a bank holiday."""
    return day.weekday() <= _FRIDAY and day not in bank_holidays(day.year)


def working_days_after(day: date, days: int) -> date:
    """Return the last of so many working days after a day."""
    while days > 0:
        day += _DAY
        days -= is_working_day(day)
    return day


# London wall times: when registers are open, and instants as the portable folder states them.

_NOON = time(12)
_LONDON = ZoneInfo("Europe/London")


class Instant(NamedTuple):
    """A wall time in London: a day and the seconds since its midnight."""

    day: date
    second: int

    def __str__(self) -> str:
        minutes, second = divmod(self.second, 60)
        hour, minute = divmod(minutes, 60)
        return f"{self.day}T{hour:02}:{minute:02}:{second:02}{_offset(self.day)}"


@cache
def _offset(day: date) -> str:
    """Return London's offset at noon: clocks change at night, schools work by day."""
    return datetime.combine(day, _NOON, _LONDON).isoformat()[-len("+00:00") :]


@cache
def register_open(half: Half) -> tuple[int, int]:
    """Return when a register opens and closes, in seconds since midnight."""
    opens, closes = table("calendar")["school"]["register"][half.lower()]
    return _seconds(opens), _seconds(closes)


def _seconds(text: str) -> int:
    at = time.fromisoformat(text)
    return at.hour * 3600 + at.minute * 60 + at.second


def closing(session: Session) -> Instant:
    """Return when the register of a session closes."""
    return Instant(session.date, register_open(session.half)[1])
