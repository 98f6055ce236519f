"""Staff: head, deputy, attendance officer, and a teacher for each registration group."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from commands.demo.synthetic.clerk import HEAD, OFFICER, TEACHER
from commands.demo.synthetic.roll import registrations
from commands.demo.synthetic.settings import Setting, table
from commands.demo.synthetic.terms import SchoolYear

_SINCE = date(2004, 9, 1)  # longer than any build reaches back
_DAY = timedelta(days=1)
_HEAD, _DEPUTY, _OFFICER, _SAFEGUARDING = "H01", "D01", "A01", "S01"
_TITLE_CHANGES = (10, 1)  # month and day in the last school year


@dataclass(frozen=True, slots=True)
class Post:
    """What one person was from a day, to a day or (None) for good."""

    staff_id: str
    name: str
    job_title: str
    roles: str
    first: date = _SINCE
    last: date | None = None


class Staff:
    """Everybody who records or amends marks."""

    def __init__(self, setting: Setting, years: Sequence[SchoolYear]) -> None:
        self._setting = setting
        self._last_year = years[-1]
        self._groups = registrations(setting)
        self._teachers = {
            group: f"T{number:02}" for number, group in enumerate(self._groups, start=1)
        }

    @property
    def teachers(self) -> Mapping[str, str]:
        """The staff id of each registration group's teacher."""
        return self._teachers

    def author(self, role: str, group: str) -> str:
        """Return who amends in a role; a teacher amends for the pupil's own group."""
        return {HEAD: _HEAD, OFFICER: _OFFICER, TEACHER: self._teachers[group]}[role]

    @property
    def officer(self) -> str:
        """The staff id of the attendance officer."""
        return _OFFICER

    @property
    def head(self) -> str:
        """The staff id of the head teacher."""
        return _HEAD

    def posts(self) -> Iterator[Post]:
        """Yield the rows of staff.csv; the attendance officer's title changes in the last year."""
        names = table("names")["staff"]
        yield Post(_HEAD, names["head"], "Headteacher", "head;authoriser")
        yield Post(_DEPUTY, names["deputy"], "Deputy Headteacher", "authoriser;teacher")
        yield from self._officer_posts(names["officer"])
        yield Post(
            _SAFEGUARDING, names["safeguarding"], "Designated Safeguarding Lead", "safeguarding"
        )
        yield from self._teacher_posts()

    def _officer_posts(self, name: str) -> Iterator[Post]:
        promoted = date(self._last_year.number, *_TITLE_CHANGES)
        roles = "attendance_officer"
        if promoted > self._setting.until:
            yield Post(_OFFICER, name, "Attendance Officer", roles)
            return
        yield Post(_OFFICER, name, "Attendance Officer", roles, last=promoted - _DAY)
        yield Post(_OFFICER, name, "Senior Attendance Officer", roles, first=promoted)

    def _teacher_posts(self) -> Iterator[Post]:
        names, random = table("names"), self._setting.random("staff")
        for group, staff_id in self._teachers.items():
            forename = random.choice(names["forenames_f"] + names["forenames_m"])
            surname = random.choice(names["surname_starts"]) + random.choice(names["surname_ends"])
            yield Post(staff_id, f"{forename} {surname}", f"Teacher, {group}", "teacher")
