"""Record a parent or other contact, or what has changed of one."""

from typing import ClassVar

from commands.core import checks as given
from commands.core import records
from commands.core.command import Decision, State, UseCase, argument, decided, option
from commands.roll import admission_amended
from ledger.events import streams
from ledger.events.families import ParentRecorded
from ledger.store.store import Fact
from ledger.values import parse_date
from policies.packs.rules import Rules


class RecordParent(UseCase):
    """attendance parent record: record a parent or other contact, or what has changed of one.

    What is left out stays as it was; an empty text clears it.

    What was recorded before is amended: original, amended, reason, date and name are kept.
    """

    relies_on: ClassVar = (streams.PARENT,)

    parent_id: str = argument("the school's id of the parent")
    surname: str | None = option("surname", default=None)
    title: str | None = option("title", default=None)
    forename: str | None = option("forename", default=None)
    address: str | None = option("address", default=None)
    phone: str | None = option("telephone number", default=None)
    email: str | None = option("e-mail address", default=None)
    dob: str | None = option("date of birth, 1980-01-31", default=None)
    address_confidential: str | None = option(
        "yes: the address may not be told to anyone", default=None
    )
    reason: str | None = option("why it is amended, where it is recorded already", default=None)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """State the parent whole; nothing where nothing changes."""
        author = state.author(now)
        parent_id = given.identifier(self.parent_id)
        given.yes_no(self.address_confidential, "address-confidential")
        if self.dob:
            parse_date(self.dob)
        before = state.school.parents.get(parent_id)
        known = {} if before is None else records.plain(before, state.open_text)
        details = records.renewed(known, self.model_dump(exclude={"parent_id", "reason"}))
        given.required(details.get("surname"), "surname")
        if details == known:
            return decided([], f"parent {parent_id} is recorded so already; nothing was recorded")
        stream = streams.parent(parent_id)
        facts = [Fact(stream, ParentRecorded(**details))]
        facts += admission_amended.amendments(stream, author, self.reason, (known, details))
        return decided(facts, f"parent {parent_id} recorded")
