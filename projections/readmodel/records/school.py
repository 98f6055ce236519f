"""The school, its staff and its calendar."""

from datetime import date, time

from ledger.state import calendar
from ledger.values import Half
from projections.readmodel.record import Joined, Lasting, Sealed, Versioned, table


@table("school")
class School(Versioned, frozen=True):
    """The school itself."""

    urn: str
    name: str
    la_code: str
    estab: str
    type: str
    phase: str


@table("staff", ("staff", "since"))
class StaffSpell(Versioned, Lasting, frozen=True):
    """A member of staff from one day to another, under one name and title."""

    staff: str
    since: date | None
    name: Sealed
    job_title: Sealed
    roles: Joined
    until: date | None


@table("role_changes", ("position",))
class RoleChange(Versioned, frozen=True):
    """Roles that a member of staff was given or lost; ``vacant``: nobody could give them."""

    position: int
    staff: str
    given: Joined
    taken: Joined
    since: date | None
    vacant: bool
    reason: Sealed | None
    by: str | None
    name: Sealed | None
    job_title: Sealed | None


@table("terms", ("name", "year"))
class Term(Versioned, frozen=True):
    """A term of a school year."""

    name: str
    year: int
    first: date
    last: date

    @property
    def law(self) -> calendar.Term:
        """The term as the calendar takes it."""
        return calendar.Term(self.first, self.last, self.name)


@table("register_times", ("since",))
class Times(Versioned, frozen=True):
    """When registers open and close from a day on, ``08:50``."""

    since: date
    am_opens: str
    am_closes: str
    pm_opens: str
    pm_closes: str

    @property
    def law(self) -> calendar.RegisterTimes:
        """The times as the calendar takes them."""
        am, pm = (self.am_opens, self.am_closes), (self.pm_opens, self.pm_closes)
        morning, afternoon = ((time.fromisoformat(a), time.fromisoformat(b)) for a, b in (am, pm))
        return calendar.RegisterTimes(self.since, morning, afternoon)


@table("closures", ("date", "half", "groups"))
class Closure(Versioned, frozen=True):
    """A session that the school, or some groups, do not meet; ``cancelled``: at short notice."""

    date: date
    half: Half
    groups: Joined
    cancelled: bool
    reason: Sealed | None
    stated: int | None

    @property
    def law(self) -> calendar.Closure:
        """The closure as the calendar takes it."""
        groups = frozenset(self.groups)
        return calendar.Closure(self.date, self.half, groups, self.cancelled, self.reason)
