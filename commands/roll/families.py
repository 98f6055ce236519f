"""Parents and other contacts, and what each is to a pupil.

Both are stated whole: what is left out stays as it was, an empty text clears it. What was recorded
before is amended, detail by detail (SI 2024/208 reg 6(1), reg 8(7)).
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from commands.core import checks, families
from commands.core.command import Author, Decision, State, UseCase, argument, decided, option
from commands.core.ranges import Range, one
from ledger import names
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.roll import AdmissionAmended, ParentRecorded, RelationRecorded
from ledger.store.facts import Fact
from ledger.values import parse_date
from policies.packs.codes import Rules

_YES_NO = ("lives_with", "parental_responsibility", "care", "no_contact")


class RecordParent(UseCase):
    """attendance parent record: record a parent or other contact, or what has changed of one.

    What is left out stays as it was; an empty text clears it.

    What was recorded before is amended: original, amended, reason, date and name are kept.
    """

    parent_id: str = argument("the school's id of the parent")
    surname: str | None = option("surname", default=None, kept=names.name)
    title: str | None = option("title", default=None, kept=names.name)
    forename: str | None = option("forename", default=None, kept=names.name)
    address: str | None = option("address", default=None, kept=names.text)
    phone: str | None = option("telephone number", default=None, kept=names.text)
    email: str | None = option("e-mail address", default=None, kept=names.text)
    dob: str | None = option("date of birth, 1980-01-31", default=None)
    address_confidential: str | None = option(
        "yes: the address may not be told to anyone", default=None
    )
    reason: str | None = option("why it is amended, where it is recorded already", default=None)

    def reads(self, state: State) -> Iterable[Range]:
        """Name who asks and the parent."""
        return state.own_row, one(streams.parent(self.parent_id))

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """State the parent whole; nothing where nothing changes."""
        author = state.author(now)
        parent_id = checks.identifier(self.parent_id)
        checks.yes_no(self.address_confidential, "address-confidential")
        if self.dob:
            parse_date(self.dob)
        before = state.school.parents.get(parent_id)
        known = {} if before is None else checks.details_of(before, state.open_text)
        details = checks.renew(known, self.stated("parent_id", "reason"))
        checks.required_text(details.get("surname"), "surname")
        if details == known:
            return decided([], f"parent {parent_id} is recorded so already; nothing was recorded")
        fact = Fact(streams.parent(parent_id), ParentRecorded(**details))
        facts = _restated(fact, known, author, self.reason)
        return decided(facts, f"parent {parent_id} recorded")


class RecordRelation(UseCase):
    """attendance relation record: record what a parent is to a pupil, or what has changed of it.

    What is left out stays as it was; what is not known stays empty.

    What was recorded before is amended: original, amended, reason, date and name are kept.
    """

    parent_id: str = argument("the school's id of the parent")
    pupil: str = argument("UPN or local id")
    relationship: str | None = option(
        "mother, grandparent, neighbour, ...", default=None, kept=names.text
    )
    lives_with: str | None = option("yes or no: the pupil lives with them", default=None)
    parental_responsibility: str | None = option("yes or no", default=None)
    contact_order: int | None = option("1: called first", default=None, minimum=1)
    care: str | None = option("yes or no: they have care of the pupil", default=None)
    no_contact: str | None = option("yes: they may not be contacted", default=None)
    from_: date | None = option("first day", default=None)
    to: date | None = option("last day", default=None)
    reason: str | None = option("why it is amended, where it is recorded already", default=None)

    def reads(self, state: State) -> Iterable[Range]:
        """Name who asks, the pupil and the parent, and what one is to the other."""
        pupil_id = state.pupil(self.pupil).id
        yield from (state.own_row, one(streams.pupil(pupil_id)))
        yield one(streams.parent(self.parent_id))
        yield one(streams.relation(self.parent_id, pupil_id))

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """State the relation whole; nothing where nothing changes."""
        author = state.author(now)
        pupil, parent_id = state.pupil(self.pupil), self.parent_id
        families.check_parent(state, parent_id)
        before = state.school.relations.get((parent_id, pupil.id))
        known = {} if before is None else checks.details_of(before, state.open_text)
        details = checks.renew(known, _details(self))
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
        fact = Fact(streams.relation(parent_id, pupil.id), RelationRecorded(**details))
        return decided(_restated(fact, known, author, self.reason), f"{who}: recorded")


def _details(command: RecordRelation) -> dict[str, object]:
    stated = command.stated("parent_id", "pupil", "from_", "to", "reason")
    for name in _YES_NO:
        checks.yes_no(stated[name], name.replace("_", "-"))
    return {**stated, "since": command.from_, "until": command.to}


def _restated(
    fact: Fact, before: Mapping[str, Any], author: Author, reason: str | None
) -> list[Fact]:
    """Return a record and one amendment for each detail that differs (reg 6(1), reg 8(7)).

    A first recording amends nothing; anything else is refused without a reason.
    """
    after = checks.details_of(fact.event)
    names = [n for n in after if after[n] != before.get(n)] if before else []
    why = checks.written(reason)
    if names and not why:
        words = ", ".join(name.replace("_", " ") for name in names)
        raise Refused(
            "reason-missing",
            f"this changes what the admission register says ({words}), and no reason is given",
            "say why with --reason",
        )
    amended = (
        AdmissionAmended(
            field=name,
            original=_text(before.get(name)),
            amended=_text(after[name]),
            reason=why,
            **author.fields,
        )
        for name in names
    )
    return [fact, *(Fact(fact.stream, event) for event in amended)]


def _text(value: object) -> str | None:
    return None if value is None else str(value)
