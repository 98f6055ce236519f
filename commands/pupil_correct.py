"""attendance pupil correct: amend a detail of the admission register."""

from datetime import date
from typing import Any

from commands import given, roll_rules
from commands.base import Command, Decision, State, argument, decided, option
from ledger import streams
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events.roll import DetailsAmended, SealedDetail
from ledger.school import Pupil
from ledger.store import Fact
from ledger.values import parse_date
from policies.rules import Rules

_NEVER_EMPTY = ("upn", "surname", "forename", "dob")


class CorrectPupil(Command):
    """The detail as it was, as it is now, the reason, the date and the name are kept."""

    pupil: str = argument("UPN or local id")
    field: SealedDetail = option("which detail")
    to: str = option("what it should say; '' clears a detail that may be missing")
    reason: str = option("why it is amended")


def decide(command: CorrectPupil, state: State, _rules: Rules, now: int) -> Decision:
    """Amend the detail; a UPN may not be another pupil's, a birth date moves the school age."""
    author, reason = state.author(now), given.required(command.reason, "reason")
    pupil = state.pupil(command.pupil)
    original, amended = roll_rules.detail(state, pupil, command.field), _amended(command)
    name, words = state.name_of(pupil), command.field.replace("_", " ")
    if amended == original:
        return decided([], f"{name}: the {words} says so already; nothing was recorded")
    if amended and command.field in ("upn", "local_id"):
        roll_rules.check_name(state, command.field, amended, of=pupil)
    event = DetailsAmended(
        field=command.field,
        original=original,
        amended=amended,
        **_birth(command, pupil, local_date(now)),
        reason=reason,
        by=author.staff_id,
        name=author.name,
        job_title=author.job_title,
    )
    return decided([Fact(streams.pupil(pupil.id), event)], f"{name}: {words} amended")


def _amended(command: CorrectPupil) -> str | None:
    text = command.to.strip()
    if command.field in _NEVER_EMPTY:
        return given.required(text, "to")
    return text or None


def _birth(command: CorrectPupil, pupil: Pupil, today: date) -> dict[str, Any]:
    """Return what follows from a corrected date of birth; nothing for another detail."""
    if command.field != "dob":
        return {}
    birth = roll_rules.birth(parse_date(command.to.strip()), today)
    first = min((spell.starts_on for spell in pupil.spells.values()), default=today)
    if birth.dob >= first:
        raise Refused(
            "starts-before-birth",
            f"the pupil was on roll on {first}, before a birth on {birth.dob}",
            "check the date",
        )
    return {"birth_cohort": birth.birth_cohort, "compulsory_from": birth.compulsory_from}
