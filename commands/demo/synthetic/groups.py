"""Groups of a pupil: year group, registration group with moves between them, cohorts."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from math import ceil
from string import ascii_uppercase

from commands.demo.synthetic.pupils import COHORT, REGISTRATION, YEAR, Membership, Pupil
from commands.demo.synthetic.settings import Setting, table, year_label, year_name
from commands.demo.synthetic.terms import SchoolYear

_DAY = timedelta(days=1)
_NEW_IN_YEAR = 0.1  # share of cohort memberships that begin in the last school year
_QUIET_DAYS = 12
_TILTED_BELOW = 0.5  # cohorts of a minority lean to pupils with more absence


class Groups:
    """Puts pupils into groups, one after another."""

    def __init__(self, setting: Setting, years: Sequence[SchoolYear]) -> None:
        self._setting = setting
        self._years = years
        self._random = setting.random("groups")
        self._asked = 0
        self._forms = forms(setting)
        self._next_form: dict[int, int] = {}

    def join(self, pupil: Pupil) -> Pupil:
        """Return the pupil with the groups of the school years, within the times on roll."""
        wanted = [*self._by_year(pupil), *self._cohorts(pupil)]
        found = [
            part for group in wanted for spell in pupil.spells for part in group.within(spell)
        ]
        return replace(pupil, memberships=tuple(found))

    def _by_year(self, pupil: Pupil) -> Iterator[Membership]:
        form = self._form(pupil.reception_year)
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

    def _form(self, reception_year: int) -> int:
        """Deal the pupils of a year group out to its forms in turn."""
        form = self._next_form.get(reception_year, 0)
        self._next_form[reception_year] = (form + 1) % self._forms
        return form

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
    return f"{year_label(group)}{ascii_uppercase[form]}"


def registrations(setting: Setting) -> list[str]:
    """Return the names of all registration groups, in the order of the register."""
    return [
        registration(group, form)
        for group in setting.year_groups
        for form in range(forms(setting))
    ]
