"""Staff: who may be named as author, with the title and roles held from a date.

A change of title ends the row before it, so that leaving later leaves no older row in force.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from commands.core import checks
from commands.core.command import Decision, State, UseCase, argument, decided, option
from commands.core.ranges import STAFF, Range, one
from ledger import names
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.school import StaffChanged, StaffJoined, StaffLeft
from ledger.formats.fields import ROLES
from ledger.state.school import StaffRow
from ledger.store.facts import Fact
from policies.packs.codes import Rules
from policies.packs.roles import GIVING, acts

_DAY = timedelta(days=1)
_GIVERS = acts().by_command[GIVING].roles


class AddStaff(UseCase):
    """attendance staff add: record a member of staff.

    Somebody who may be named as author, with the title and roles held from a date.
    """

    staff_id: str = argument("the id by which they name themselves with --as")
    name: str = option("name", kept=names.name)
    job_title: str = option("job title", kept=names.name)
    role: tuple[str, ...] = option(f"role: {', '.join(ROLES)}", default=())
    from_: date | None = option("first day; always, when left out", default=None)

    def reads(self, state: State) -> Iterable[Range]:
        """Name who asks and who is added; of an empty staff, that nobody is on it."""
        yield one(streams.staff(self.staff_id)) if state.school.staff else STAFF
        yield state.own_row

    def decide(self, state: State, _rules: Rules, _now: int) -> Decision:
        """Record a new member of staff; the first of all needs nobody to add them."""
        staff_id = checks.identifier(self.staff_id)
        if staff_id in state.school.staff:
            raise Refused(
                "staff-known",
                f"{staff_id} is recorded already",
                "record a new title or a return with attendance staff change",
            )
        joined = StaffJoined(
            name=checks.required_text(self.name, "name"),
            job_title=checks.required_text(self.job_title, "job-title"),
            roles=checks.roles(self.role),
            since=self.from_,
        )
        return decided([Fact(streams.staff(staff_id), joined)], f"{staff_id} is on the staff")


class _OfOneMember(UseCase):
    staff_id: str = argument("the id of the member of staff")

    def reads(self, state: State) -> Iterable[Range]:
        """Name who asks and whom it is about."""
        return state.own_row, one(streams.staff(self.staff_id))

    def latest(self, state: State, day: date) -> StaffRow:
        """Return their newest row; refuse a day before it, and an id that nobody has."""
        rows = state.school.staff.get(self.staff_id)
        if rows is None:
            what = f"nobody has the staff id {self.staff_id!r}"
            raise Refused("staff-unknown", what, "see attendance staff add")
        latest = max(rows.values(), key=lambda row: row.since or date.min)
        since = latest.since
        if since is not None and since > day:
            what = f"{self.staff_id} has a title recorded from {since}, after {day}"
            raise Refused("staff-later-row", what, f"give a day from {since} on")
        return latest


class ChangeStaff(_OfOneMember):
    """attendance staff change: record a new name, title or roles from a date.

    What is left out stays as it was; a return after leaving is a change too.
    """

    name: str | None = option("name", default=None, kept=names.name)
    job_title: str | None = option("job title", default=None, kept=names.name)
    role: tuple[str, ...] = option(f"all roles from then: {', '.join(ROLES)}", default=())
    from_: date | None = option("first day of the change; today when left out", default=None)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Begin a new row; the row before it ends on the day before."""
        since = self.from_ or local_date(now)
        latest = self.latest(state, since)
        name = state.open_text(latest.name) if self.name is None else self.name
        held = state.open_text(latest.job_title)
        title = held if self.job_title is None else self.job_title
        changed = StaffChanged(
            name=checks.required_text(name, "name"),
            job_title=checks.required_text(title, "job-title"),
            roles=checks.roles(self.role) or latest.roles,
            since=since,
        )
        still_on = latest.until is None or latest.until >= since
        before = (state.open_text(latest.name), held, latest.roles)
        if still_on and before == (changed.name, changed.job_title, changed.roles):
            return decided([], f"{self.staff_id} is recorded so already; nothing was recorded")
        stream = streams.staff(self.staff_id)
        facts = [Fact(stream, changed)]
        if still_on and latest.since != since:
            facts.insert(0, Fact(stream, StaffLeft(since=latest.since, until=since - _DAY)))
        return decided(facts, f"{self.staff_id}: {changed.job_title} from {since}")


class AppointStaff(UseCase):
    """attendance staff appoint: give a role where nobody is head or authoriser.

    The one way in where nobody is left who could give one, or nobody ever was. Why is kept, and
    attendance status, audit and changes show it from then on.
    """

    admits = ("behind",)
    giving = "staff appoint"

    staff_id: str = argument("the id of the member of staff")
    role: tuple[str, ...] = option(f"role from today: {' or '.join(_GIVERS)}")
    reason: str = option("why nobody is there to give it, and who decided; kept sealed")
    name: str | None = option("the name, of somebody new", default=None, kept=names.name)
    job_title: str | None = option("the job title, of somebody new", default=None, kept=names.name)

    def reads(self, _state: State) -> Iterable[Range]:
        """Name everybody on the staff: none of them may be one who gives roles."""
        return (STAFF,)

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Give the role from today on, beside those that they have."""
        reason, today = checks.required_text(self.reason, "reason"), local_date(now)
        roles = tuple(checks.choice(role, _GIVERS, "role") for role in self.role)
        _check_vacant(state, today)
        rows = state.school.staff.get(self.staff_id)
        if rows is None:
            person: AddStaff | ChangeStaff = AddStaff(
                staff_id=self.staff_id,
                name=self.name or "",
                job_title=self.job_title or "",
                role=roles,
                from_=today,
            )
        else:
            held = state.school.staff_on(self.staff_id, today)
            roles = (*(held.roles if held else ()), *roles)
            given = self.stated("reason", "role")
            person = ChangeStaff(role=roles, from_=today, **given)
        return replace(person.decide(state, rules, now), reason=reason)


def _check_vacant(state: State, today: date) -> None:
    for staff_id in state.school.staff:
        row = state.school.staff_on(staff_id, today)
        if row is not None and not set(row.roles).isdisjoint(_GIVERS):
            raise Refused(
                "not-vacant",
                f"{state.open_text(row.name)} ({staff_id}) may give roles",
                "let them do it: attendance staff change STAFF_ID --role ROLE",
            )


class LeaveStaff(_OfOneMember):
    """attendance staff leave: record the last day of a member of staff.

    After the last day nobody can be named as author by this id.
    """

    last_day: date = option("last day on the staff")

    def decide(self, state: State, _rules: Rules, _now: int) -> Decision:
        """End every row that would go on after the last day."""
        last_day = self.last_day
        self.latest(state, last_day)
        facts = [
            Fact(streams.staff(self.staff_id), StaffLeft(since=row.since, until=last_day))
            for row in state.school.staff[self.staff_id].values()
            if row.until is None or row.until > last_day
        ]
        if not facts:
            return decided([], f"{self.staff_id} has left by then; nothing was recorded")
        return decided(facts, f"{self.staff_id}: last day {last_day}")
