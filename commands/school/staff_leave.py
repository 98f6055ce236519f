"""Record the last day of a member of staff."""

from datetime import date

from commands.core.command import Decision, State, UseCase, argument, decided, option
from commands.school.staff_change import check_latest, known
from ledger.events import streams
from ledger.events.families import StaffLeft
from ledger.store.store import Fact
from policies.packs.rules import Rules


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
