"""Record a new name, title or roles from a date."""

from datetime import date, timedelta

from commands.core import checks as given
from commands.core.command import Decision, State, UseCase, argument, decided, option
from commands.school.staff import ROLES, roles
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.families import StaffChanged, StaffLeft
from ledger.state.school import StaffRow
from ledger.store.store import Fact
from policies.packs.rules import Rules

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
            name=given.required(name, "name"),
            job_title=given.required(title, "job-title"),
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
