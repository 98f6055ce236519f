"""Who is on roll, and in which groups: year groups that fill the school, joiners and leavers."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from math import ceil
from random import Random
from string import ascii_uppercase

from commands.demo.synthetic.people import (
    COHORT,
    REGISTRATION,
    YEAR,
    Membership,
    People,
    Pupil,
    Spell,
)
from commands.demo.synthetic.settings import Setting, table, year_name
from commands.demo.synthetic.terms import SchoolYear, autumn_starts
from policies.law import age

_LEAVING_AGE_GROUP = 11  # the year group in which compulsory school age ends
_QUIET_DAYS = 12  # nobody moves in the first or last days of a school year
_AWAY = (20, 38)  # school days into the year between which one pupil is off roll
_HABIT_CAP = 40.0  # on one pupil's share of all lateness


def enrol(setting: Setting, years: Sequence[SchoolYear]) -> list[Pupil]:
    """Return everybody who is on roll at some time in the school years.

    Each school year starts with ``setting.pupils`` places; the few who join later come on top.
    What happens after ``setting.until`` is here too: a longer build of the same school agrees
    with a shorter one.
    """
    pupils = _Roll(setting, years).fill()
    # Evenly spaced ranks in random order: the tails come out right in a small school.
    ranks = [(place + 0.5) / len(pupils) for place in range(len(pupils))]
    setting.random("ranks").shuffle(ranks)
    habits, groups = setting.random("lateness"), Groups(setting, years)
    exponent = table("habits")["late"]["heavy_tail"]
    for pupil, rank in zip(pupils, ranks, strict=True):
        pupil.rank = rank
        pupil.lateness = min(habits.paretovariate(exponent), _HABIT_CAP)
        _name_other_schools(pupil, setting, habits)
        groups.join(pupil)
    return pupils


def _name_other_schools(pupil: Pupil, setting: Setting, random: Random) -> None:
    names = table("names")
    if pupil.joined_late:
        pupil.last_school = random.choice(names["other_schools"])
    elif setting.year_groups[0] > 0:
        pupil.last_school = random.choice(names["feeder_schools"])
    if pupil.last.ground == table("phases")["movement"]["end_of_school"]["transfer"]:
        pupil.next_school = random.choice(names["other_schools"])


class _Roll:
    """Fills the school year by year."""

    def __init__(self, setting: Setting, years: Sequence[SchoolYear]) -> None:
        self._setting = setting
        self._years = years
        self._people = People(setting.random("people"))
        self._random = setting.random("roll")
        self._movement = table("phases")["movement"]
        self._pupils: list[Pupil] = []

    def fill(self) -> list[Pupil]:
        groups = self._setting.year_groups
        first, last = self._years[0].number, self._years[-1].number
        for reception_year in range(first - groups[-1], last - groups[0] + 1):
            self._enter(reception_year)
        for year in self._years:
            self._join(year)
            self._leave(year)
        self._return(self._years[-1])
        for year in self._years:
            self._finish(year)
        return self._pupils

    def _enter(self, reception_year: int) -> None:
        starts_on = autumn_starts(reception_year + self._setting.year_groups[0])
        # Any run of year groups as long as the school adds up to all places.
        count = len(self._setting.year_groups)
        each, rest = divmod(self._setting.pupils, count)
        for _ in range(each + (reception_year % count < rest)):
            pupil = self._people.child(reception_year)
            pupil.spells.append(Spell(starts_on))
            self._pupils.append(pupil)

    def _join(self, year: SchoolYear) -> None:
        for _ in range(self._moves("joiners")):
            reception_year = year.number - self._random.choice(self._setting.year_groups)
            pupil = self._people.child(reception_year)
            pupil.spells.append(Spell(self._joining_day(year, pupil)))
            pupil.joined_late = True
            self._pupils.append(pupil)

    def _leave(self, year: SchoolYear) -> None:
        for _ in range(self._moves("leavers")):
            day = self._moving_day(year)
            # So small a share leaves that somebody always may, however small the school.
            might = [pupil for pupil in self._pupils if self._may_leave(pupil, year, day)]
            pupil = self._random.choice(might)
            pupil.leave(day, self._random.choice(self._movement["leaving_grounds"]))

    def _may_leave(self, pupil: Pupil, year: SchoolYear, day: date) -> bool:
        """Tell whether a pupil is on roll here and of the age to which reg 9(1) speaks."""
        return (
            pupil.year_group(year.number) in self._setting.year_groups
            and pupil.last.starts_on < year.first
            and pupil.last.leaves_on is None
            and age.begins(pupil.dob) <= day
        )

    def _return(self, year: SchoolYear) -> None:
        """Let one pupil of the second year group be off roll for some weeks of the autumn."""
        group = self._setting.year_groups[1]
        away, back = (year.days[number] for number in _AWAY)
        ground = self._movement["educated_otherwise"]
        for pupil in self._staying(year.number - group):
            if pupil.last.starts_on <= year.first:
                pupil.leave(away, ground)
                pupil.spells.append(Spell(back))
                return

    def _finish(self, year: SchoolYear) -> None:
        """End the time on roll of the oldest year group."""
        group = self._setting.year_groups[-1]
        grounds = self._movement["end_of_school"]
        for pupil in self._staying(year.number - group):
            if group == _LEAVING_AGE_GROUP:
                pupil.leave(age.ends(age.birth_cohort(pupil.dob)), grounds["over_age"])
            else:
                pupil.leave(year.last, grounds["transfer"])

    def _staying(self, reception_year: int) -> Iterator[Pupil]:
        for pupil in self._pupils:
            if pupil.reception_year == reception_year and pupil.last.leaves_on is None:
                yield pupil

    def _moves(self, kind: str) -> int:
        share: float = self._movement[kind]
        return max(1, round(share * self._setting.pupils))

    def _joining_day(self, year: SchoolYear, pupil: Pupil) -> date:
        """Return a moving day before the one on which the oldest leave, in June."""
        too_old = age.ends(age.birth_cohort(pupil.dob))
        drawn = iter(lambda: self._moving_day(year), None)
        return next(day for day in drawn if day < too_old)

    def _moving_day(self, year: SchoolYear) -> date:
        return self._random.choice(year.days[_QUIET_DAYS:-_QUIET_DAYS])


# Groups of a pupil: year group, registration group with moves between them, cohorts.

_DAY = timedelta(days=1)
_NEW_IN_YEAR = 0.1  # share of cohort memberships that begin in the last school year
_TILTED_BELOW = 0.5  # cohorts of a minority lean to pupils with more absence


class Groups:
    """Puts pupils into groups, one after another."""

    def __init__(self, setting: Setting, years: Sequence[SchoolYear]) -> None:
        self._setting = setting
        self._years = years
        self._random = setting.random("groups")
        self._asked = 0
        self._forms = forms(setting)
        self._dealt: Counter[int] = Counter()

    def join(self, pupil: Pupil) -> None:
        """Put a pupil into the groups of the school years, within the times on roll."""
        for group in (*self._by_year(pupil), *self._cohorts(pupil)):
            pupil.memberships += [part for spell in pupil.spells for part in group.within(spell)]

    def _by_year(self, pupil: Pupil) -> Iterator[Membership]:
        # The pupils of a year group are dealt out to its forms in turn.
        form = self._dealt[pupil.reception_year] % self._forms
        self._dealt[pupil.reception_year] += 1
        for year in self._years:
            group = pupil.year_group(year.number)
            if group not in self._setting.year_groups:
                continue
            first, last = date(year.number, 9, 1), date(year.number + 1, 8, 31)
            ends = None if year is self._years[-1] else last
            yield Membership(YEAR, year_name(group), first, ends)
            if self._forms > 1 and self._moves():
                day = self._random.choice(year.days[_QUIET_DAYS:-_QUIET_DAYS])
                yield Membership(REGISTRATION, registration(group, form), first, day - _DAY)
                first, form = day, (form + 1) % self._forms
            yield Membership(REGISTRATION, registration(group, form), first, ends)

    def _moves(self) -> bool:
        """Let every so-manieth pupil change registration group within the school year."""
        self._asked += 1
        one_in: int = table("phases")["movement"]["group_move_one_in"]
        return self._asked % one_in == one_in // 2

    def _cohorts(self, pupil: Pupil) -> Iterator[Membership]:
        profile = self._setting.profile(self._setting.year_groups[-1])
        shares: dict[str, float] = table("phases")["cohort"][profile]
        for name, share in shares.items():
            likely = share * (0.5 + pupil.rank) if share < _TILTED_BELOW else share
            if self._random.random() < likely:
                yield Membership(COHORT, name, self._since(), None)

    def _since(self) -> date:
        if self._random.random() < _NEW_IN_YEAR:
            return self._random.choice(self._years[-1].days)
        return date(self._years[0].number, 9, 1)


def forms(setting: Setting) -> int:
    """Return how many registration groups a year group has."""
    size = ceil(setting.pupils / len(setting.year_groups))
    most: int = setting.school["form_size"]
    fewest = 2 if size >= setting.school["two_forms_from"] else 1
    return max(fewest, ceil(size / most))


def registration(group: int, form: int) -> str:
    """Return the name of a registration group: 7A, 9B, RA."""
    return f"{group or 'R'}{ascii_uppercase[form]}"


def registrations(setting: Setting) -> list[str]:
    """Return the names of all registration groups, in the order of the register."""
    found = range(forms(setting))
    return [registration(group, form) for group in setting.year_groups for form in found]
