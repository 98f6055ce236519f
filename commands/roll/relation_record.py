"""Record what a parent is to a pupil, or what has changed of it."""

from datetime import date
from typing import ClassVar

from commands.core import checks as given
from commands.core import records
from commands.core.command import Decision, State, UseCase, argument, decided, option
from commands.roll import admission_amended
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.families import RelationRecorded
from ledger.store.store import Fact
from policies.packs.rules import Rules

_YES_NO = ("lives_with", "parental_responsibility", "care", "no_contact")


class RecordRelation(UseCase):
    """attendance relation record: record what a parent is to a pupil, or what has changed of it.

    What is left out stays as it was; what is not known stays empty.

    What was recorded before is amended: original, amended, reason, date and name are kept.
    """

    relies_on: ClassVar = (streams.PARENT, streams.RELATION)

    parent_id: str = argument("the school's id of the parent")
    pupil: str = argument("UPN or local id")
    relationship: str | None = option("mother, grandparent, neighbour, ...", default=None)
    lives_with: str | None = option("yes or no: the pupil lives with them", default=None)
    parental_responsibility: str | None = option("yes or no", default=None)
    contact_order: int | None = option("1: called first", default=None, ge=1)
    care: str | None = option("yes or no: they have care of the pupil", default=None)
    no_contact: str | None = option("yes: they may not be contacted", default=None)
    from_: date | None = option("first day", default=None)
    to: date | None = option("last day", default=None)
    reason: str | None = option("why it is amended, where it is recorded already", default=None)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """State the relation whole; nothing where nothing changes."""
        author = state.author(now)
        pupil, parent_id = state.pupil(self.pupil), self.parent_id
        if parent_id not in state.school.parents:
            raise Refused(
                "parent-unknown",
                f"no parent has the id {parent_id!r}",
                "record them with attendance parent record",
            )
        before = state.school.relations.get((parent_id, pupil.id))
        known = {} if before is None else records.plain(before, state.open_text)
        details = records.renewed(known, _given(self))
        since, until = details.get("since"), details.get("until")
        if since is not None and until is not None and until < since:
            raise Refused(
                "dates-reversed",
                f"the relation ends ({until}) before it begins ({since})",
                "check both dates",
            )
        who = f"parent {parent_id} and {state.name_of(pupil)}"
        if before is not None and details == known:
            return decided([], f"{who}: recorded so already; nothing was recorded")
        stream = streams.relation(parent_id, pupil.id)
        facts = [Fact(stream, RelationRecorded(**details))]
        facts += admission_amended.amendments(stream, author, self.reason, (known, details))
        return decided(facts, f"{who}: recorded")


def _given(command: RecordRelation) -> dict[str, object]:
    stated = command.model_dump(exclude={"parent_id", "pupil", "from_", "to", "reason"})
    for name in _YES_NO:
        given.yes_no(stated[name], name.replace("_", "-"))
    return {**stated, "since": command.from_, "until": command.to}
