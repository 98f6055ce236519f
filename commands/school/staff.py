"""Record a member of staff."""

from datetime import date, timedelta

from commands.core import checks
from commands.core.command import Decision, State, UseCase, argument, decided, option
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.school import StaffChanged, StaffJoined, StaffLeft
from ledger.state.school import StaffRow
from ledger.store.store import Fact
from policies.packs.codes import Rules

# -- staff ---------------------------------------------------------------------------------
# Record a member of staff.


ROLES = (
    "teacher",
    "attendance_officer",
    "head",
    "authoriser",
    "safeguarding",
    "trust",
    "auditor",
)


class AddStaff(UseCase):
    """attendance staff add: record a member of staff.

    Somebody who may be named as author, with the title and roles held from a date.
    """

    staff_id: str = argument("the id by which they name themselves with --as")
    name: str = option("name")
    job_title: str = option("job title")
    role: tuple[str, ...] = option(f"role: {', '.join(ROLES)}", default=())
    from_: date | None = option("first day; always, when left out", default=None)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record a new member of staff; the first of all needs nobody to add them."""
        if state.school.staff:
            state.author(now)
        staff_id = checks.identifier(self.staff_id)
        if staff_id in state.school.staff:
            raise Refused(
                "staff-known",
                f"{staff_id} is recorded already",
                "record a new title or a return with attendance staff change",
            )
        joined = StaffJoined(
            name=checks.required(self.name, "name"),
            job_title=checks.required(self.job_title, "job-title"),
            roles=roles(self.role),
            since=self.from_,
        )
        return decided([Fact(streams.staff(staff_id), joined)], f"{staff_id} is on the staff")


def roles(named: tuple[str, ...]) -> tuple[str, ...]:
    """Return the roles named, each once; refuse one that is not known."""
    return tuple(dict.fromkeys(checks.choice(role, ROLES, "role") for role in named))


# -- staff_change --------------------------------------------------------------------------
# Record a new name, title or roles from a date.


_DAY = timedelta(days=1)


class ChangeStaff(UseCase):
    """attendance staff change: record a new name, title or roles from a date.

    What is left out stays as it was; a return after leaving is a change too.
    """

    staff_id: str = argument("the id of the member of staff")
    name: str | None = option("name", default=None)
    job_title: str | None = option("job title", default=None)
    role: tuple[str, ...] = option(f"all roles from then: {', '.join(ROLES)}", default=())
    from_: date | None = option("first day of the change; today when left out", default=None)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Begin a new row; the row before it ends on the day before."""
        state.author(now)
        rows = known(state, self.staff_id)
        since = self.from_ or local_date(now)
        latest = max(rows, key=lambda row: row.since or date.min)
        check_latest(latest, since, self.staff_id)
        name = state.open_text(latest.name) if self.name is None else self.name
        title = latest.job_title if self.job_title is None else self.job_title
        changed = StaffChanged(
            name=checks.required(name, "name"),
            job_title=checks.required(title, "job-title"),
            roles=roles(self.role) or latest.roles,
            since=since,
        )
        still_on = latest.until is None or latest.until >= since
        before = (state.open_text(latest.name), latest.job_title, latest.roles)
        if still_on and before == (changed.name, changed.job_title, changed.roles):
            return decided([], f"{self.staff_id} is recorded so already; nothing was recorded")
        stream = streams.staff(self.staff_id)
        facts = [Fact(stream, changed)]
        if still_on and latest.since != since:
            facts.insert(0, Fact(stream, StaffLeft(since=latest.since, until=since - _DAY)))
        return decided(facts, f"{self.staff_id}: {changed.job_title} from {since}")


def known(state: State, staff_id: str) -> list[StaffRow]:
    """Return the rows of a member of staff, or refuse an id that is not known."""
    rows = list(state.school.staff.get(staff_id, {}).values())
    if not rows:
        raise Refused(
            "staff-unknown", f"nobody has the staff id {staff_id!r}", "see attendance staff add"
        )
    return rows


def check_latest(latest: StaffRow, day: date, staff_id: str) -> None:
    """Refuse a day before the row that was recorded last begins."""
    if latest.since is not None and latest.since > day:
        raise Refused(
            "staff-later-row",
            f"{staff_id} has a title recorded from {latest.since}, after {day}",
            f"give a day from {latest.since} on",
        )


# -- staff_leave ---------------------------------------------------------------------------
# Record the last day of a member of staff.


class LeaveStaff(UseCase):
    """attendance staff leave: record the last day of a member of staff.

    After the last day nobody can be named as author by this id.
    """

    staff_id: str = argument("the id of the member of staff")
    last_day: date = option("last day on the staff")

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """End every row that would go on after the last day."""
        state.author(now)
        rows, last_day = known(state, self.staff_id), self.last_day
        check_latest(max(rows, key=lambda row: row.since or date.min), last_day, self.staff_id)
        facts = [
            Fact(streams.staff(self.staff_id), StaffLeft(since=row.since, until=last_day))
            for row in rows
            if row.until is None or row.until > last_day
        ]
        if not facts:
            return decided([], f"{self.staff_id} has left by then; nothing was recorded")
        return decided(facts, f"{self.staff_id}: last day {last_day}")
