"""Staff: head, deputy, attendance officer, and a teacher for each registration group."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from commands.demo.synthetic.plan import HEAD, OFFICER
from commands.demo.synthetic.roll import registrations
from commands.demo.synthetic.settings import Setting, table
from commands.demo.synthetic.terms import SchoolYear

_SINCE = date(2004, 9, 1)  # longer than any build reaches back
_IDS = {HEAD: "H01", OFFICER: "A01"}
_TITLE_CHANGES = (10, 1)  # month and day in the last school year


class Staff:
    """Everybody who records or amends marks; ``teachers``: the id of each registration group's."""

    def __init__(self, setting: Setting, years: Sequence[SchoolYear]) -> None:
        self._setting = setting
        self._last_year = years[-1]
        groups = enumerate(registrations(setting), start=1)
        self.teachers = {group: f"T{number:02}" for number, group in groups}

    def author(self, role: str, group: str = "") -> str:
        """Return who amends in a role; a teacher amends for the pupil's own group."""
        return _IDS.get(role) or self.teachers[group]

    def rows(self) -> Iterator[tuple[object, ...]]:
        """Yield the rows of staff.csv; the attendance officer's title changes in the last year."""
        names = table("names")["staff"]
        yield _IDS[HEAD], names["head"], "Headteacher", "head;authoriser", _SINCE, None
        yield "D01", names["deputy"], "Deputy Headteacher", "authoriser;teacher", _SINCE, None
        promoted = date(self._last_year.number, *_TITLE_CHANGES)
        known = promoted <= self._setting.until
        until = promoted - timedelta(days=1) if known else None
        officer, roles = (_IDS[OFFICER], names["officer"]), "attendance_officer"
        yield *officer, "Attendance Officer", roles, _SINCE, until
        if known:
            yield *officer, "Senior Attendance Officer", roles, promoted, None
        lead = "Designated Safeguarding Lead"
        yield "S01", names["safeguarding"], lead, "safeguarding", _SINCE, None
        yield from self._teachers()

    def _teachers(self) -> Iterator[tuple[object, ...]]:
        names, random = table("names"), self._setting.random("staff")
        for group, staff_id in self.teachers.items():
            forename = random.choice(names["forenames_f"] + names["forenames_m"])
            surname = random.choice(names["surname_starts"]) + random.choice(names["surname_ends"])
            yield staff_id, f"{forename} {surname}", f"Teacher, {group}", "teacher", _SINCE, None
