"""Synthetic schools for the ranking of weeks: honest ones, and campaigns planted in them.

An honest school does what schools do: reasons not yet known resolved within days (mostly to
illness, appointments, late arrivals, other absence), some pupils who were here and marked
wrongly, weeks that differ more than chance alone, more corrections after a holiday, a tidy-up
then, stragglers after weeks, and each year a week in which a trainee takes registers badly. How
often and how soon follows commands/synthetic (habits.toml, phases.toml). The versions are made in
memory, and counted by the function that counts those of a ledger.
"""

from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from commands.demo.synthetic.settings import table
from policies.law.calendar import census_days, monday, school_weeks
from policies.packs.codes import codes
from projections.audit.scope import Chain, Step
from projections.audit.weeks import RankedWeek, rank_weeks
from projections.audit.weeks_counts import count_weeks

DAY, WEEK = timedelta(days=1), timedelta(days=7)
FIRST_YEAR, YEARS = 2022, 3
_LENGTHS = (7, 7, 6, 6, 5, 7)
"""School weeks of the half terms."""
_BREAKS = (1, 2, 1, 2, 1)
_SIZES = (90, 150, 210, 300, 420, 650, 900, 1200)
_SEASON = (1.2, 1.0, 0.9, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 1.0, 1.2, 1.4)
HABITS = table("habits")
PROFILES = table("phases")["profile"]
_ABSENCE = {"primary": 0.053, "secondary": 0.085, "special": 0.13}
_RESOLVED = {"I": 0.5, "M": 0.07, "U": 0.08, "L": 0.1, "O": 0.2, "G": 0.05}
"""What an entry without a reason becomes, but for pupils who were here."""
_SLIPS = {"N": 0.92, "O": 0.04, "I": 0.03, "C": 0.01}
"""What is entered for pupils who were here."""
_STRAGGLES = 0.02
PRESENT = {"AM": "/", "PM": "\\"}


def school_days(first_year: int, years: int) -> list[date]:
    """The days of so many school years: half terms of whole weeks, INSET on the first day."""
    found = []
    for year in range(first_year, first_year + years):
        day = monday(date(year, 9, 7))
        for length, after in zip(_LENGTHS, (*_BREAKS, 0), strict=True):
            weeks = [day + n * WEEK for n in range(length)]
            found += [week + n * DAY for week in weeks for n in range(5)]
            day += (length + after) * WEEK
        found.remove(monday(date(year, 9, 7)))
    return found


@dataclass
class School:
    """One school's absences by day and its chains of changed marks, over all years."""

    seed: int
    years: int = YEARS
    pupils: int = 0
    days: list[date] = field(default_factory=list)
    absences: dict[date, int] = field(default_factory=dict)
    chains: list[Chain] = field(default_factory=list)

    def __post_init__(self):
        self.random = np.random.default_rng(self.seed)
        self.pupils = self.pupils or int(self.random.choice(_SIZES))
        self.profile = str(self.random.choice(["primary", "secondary", "special"]))
        self.days = school_days(FIRST_YEAR, self.years)
        self.at = {day: n for n, day in enumerate(self.days)}
        self.weeks = school_weeks(self.days)
        self._spread = float(self.random.uniform(0.02, 0.15))
        self._live()

    # -- honest life ------------------------------------------------------------------------

    def _live(self):
        for n, week in enumerate(self.weeks):
            days = [day for day in self.days if week <= day < week + WEEK]
            after_holiday = n == 0 or self.weeks[n - 1] != week - WEEK
            ill = self._gamma(0.03)
            slips = self._gamma(self._spread) * (1.4 if after_holiday else 1.0)
            for day in days:
                for half in PRESENT:
                    self._session(day, half, ill, slips)
            if after_holiday and n:
                self._tidy_up(n)
        for year in range(self.years):
            self._trainee(self.weeks[len(self.weeks) // self.years * year :][:38])

    def _gamma(self, spread):
        return float(self.random.gamma(1 / spread, spread))

    def _session(self, day, half, ill, slips):
        rate = min(0.9, _ABSENCE[self.profile] * ill * _SEASON[day.month - 1])
        absent = int(self.random.binomial(self.pupils, rate))
        wrongly = PROFILES[self.profile]["wrongly_absent"] * slips
        slipped = int(self.random.poisson((self.pupils - absent) * wrongly))
        self.absences[day] = self.absences.get(day, 0) + absent + slipped
        unknown = int(self.random.binomial(absent, 0.5))
        for code in self.random.choice(list(_RESOLVED), unknown, p=list(_RESOLVED.values())):
            lag = [8, 1] if code in ("U", "L") else HABITS["resolve"][str(code)]["lag"]
            self._changed(day, half, "N", str(code), self._lag(lag))
        for _ in range(slipped):
            lag = self._lag(HABITS["wrongly_absent"]["lag"])
            if self.random.random() < _STRAGGLES:
                lag = int(self.random.integers(6, 26))
            entered = str(self.random.choice(list(_SLIPS), p=list(_SLIPS.values())))
            self._changed(day, half, entered, PRESENT[half], lag)

    def _lag(self, weights):
        odds = np.array(weights, float)
        return int(self.random.choice(len(odds), p=odds / odds.sum()))

    def _changed(self, day, half, before, after, lag):
        at = min(self.at[day] + lag, len(self.days) - 1)
        self.add(day, half, before, after, self.days[at])

    def _tidy_up(self, n):
        """The office goes through the last week before the holiday, on the days after it."""
        first = self.at[next(day for day in self.days if day >= self.weeks[n])]
        for _ in range(int(self.random.poisson(0.012 * self.pupils))):
            day = self.days[first - 1 - int(self.random.integers(0, 5))]
            self.absences[day] += 1
            self.add(day, "AM", "N", "/", self.days[first + int(self.random.integers(0, 2))])

    def _trainee(self, weeks):
        """A class whose registers are taken badly for a week, and put right."""
        week = weeks[int(self.random.integers(2, len(weeks)))]
        for day in (day for day in self.days if week <= day < week + WEEK):
            for half, present in PRESENT.items():
                wrong = int(self.random.binomial(min(30, self.pupils // 6), 0.12))
                self.absences[day] += wrong
                for _ in range(wrong):
                    self._changed(day, half, "N", present, self._lag([60, 25, 15]))

    def add(self, day, half, before, after, changed_on):
        """Add a mark of absence and what it was changed to."""
        number, session = len(self.chains), f"{day}/{half}"
        lag = self.at[changed_on] - self.at[day]
        entry = Step(
            number, session, "entry", before, None, "t1", None, False, number, number, None, day, 0
        )  # fmt: skip
        change = entry._replace(
            kind="amendment", code=after, replaced=before, changed_on=changed_on, lag=lag
        )
        self.chains.append([entry, change])

    # -- asking -----------------------------------------------------------------------------

    def ranking(
        self, more: list[Chain] = (), first: date = date.min, on: date = date.max
    ) -> list[RankedWeek]:
        """The ranking of the weeks from one day to another, with planted chains besides."""
        on = min(on, self.days[-1])
        weeks = [week for week in self.weeks if first <= week <= on]
        chains = [c for c in (*self.chains, *more) if first <= c[0].day <= on]
        absences = {day: n for day, n in self.absences.items() if first <= day <= on}
        return rank_weeks(count_weeks(weeks, chains, absences, codes(), on))

    def year(self, number: int) -> tuple[date, date]:
        """First and last day of a school year, from 0."""
        begins, ends = (date(FIRST_YEAR + number + n, 8, 1) for n in (0, 1))
        held = [day for day in self.days if begins <= day < ends]
        return held[0], held[-1]

    # -- campaigns ---------------------------------------------------------------------------

    def plant(self, number, made: list[date], *, old: bool) -> list[Chain]:
        """Absences that really were, made presence on some days.

        ``old``: sessions of the six school weeks before; else of the days themselves.
        """
        before, self.chains = self.chains, []
        for _ in range(number):
            changed_on = made[int(self.random.integers(0, len(made)))]
            at = self.at[changed_on]
            back = int(self.random.integers(6, 31)) if old else int(self.random.integers(0, 3))
            day = self.days[max(0, at - back)]
            half = str(self.random.choice(["AM", "PM"]))
            self.add(
                day, half, str(self.random.choice(["O", "I", "N"])), PRESENT[half], changed_on
            )
        planted, self.chains = self.chains, before
        return planted

    def week_before(self, census: date) -> list[date]:
        """The days of the calendar week before that of a census."""
        week = monday(census) - WEEK
        found = [day for day in self.days if week <= day < week + WEEK]
        return found or self.days_before(census)

    def days_before(self, census: date) -> list[date]:
        """The five school days before a census."""
        at = bisect_left(self.days, census)
        return self.days[at - 5 : at]

    @property
    def census(self) -> list[date]:
        """The census days of all years."""
        return census_days(self.days[0], self.days[-1])


def rank_of(found: list[RankedWeek], made: list[date]) -> int:
    """The best rank of the weeks that hold some days."""
    held = {monday(day) for day in made}
    return 1 + next(n for n, each in enumerate(found) if each.week.monday in held)
