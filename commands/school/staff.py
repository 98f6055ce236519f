"""Record a member of staff."""

from datetime import date

from commands.core import checks as given
from commands.core.command import Decision, State, UseCase, argument, decided, option
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.families import StaffJoined
from ledger.store.store import Fact
from policies.packs.rules import Rules

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
        staff_id = given.identifier(self.staff_id)
        if staff_id in state.school.staff:
            raise Refused(
                "staff-known",
                f"{staff_id} is recorded already",
                "record a new title or a return with attendance staff change",
            )
        joined = StaffJoined(
            name=given.required(self.name, "name"),
            job_title=given.required(self.job_title, "job-title"),
            roles=roles(self.role),
            since=self.from_,
        )
        return decided([Fact(streams.staff(staff_id), joined)], f"{staff_id} is on the staff")


def roles(named: tuple[str, ...]) -> tuple[str, ...]:
    """Return the roles named, each once; refuse one that is not known."""
    return tuple(dict.fromkeys(given.choice(role, ROLES, "role") for role in named))
