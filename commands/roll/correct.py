"""Amend a detail of the admission register."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from commands.core import checks as given
from commands.core.command import Decision, State, UseCase, argument, decided, option
from commands.roll import roll_rules
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.roll import DETAILS, Detail, DetailsAmended, PupilEnrolled, PupilRemoved
from ledger.state.school import Pupil, Spell
from ledger.store.store import Fact
from ledger.values import parse_date
from policies.packs.rules import Rules

_NEVER_EMPTY = ("upn", "surname", "forename", "dob")
_FLAG = "boarder"


class CorrectPupil(UseCase):
    """attendance pupil correct: amend a detail of the admission register.

    The detail as it was, as it is now, the reason, the date and the name are kept.
    """

    pupil: str = argument("UPN or local id")
    field: Detail = option("which detail")
    to: str = option("what it should say; '' clears a detail that may be missing")
    reason: str = option("why it is amended")

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Amend the detail; a UPN may not be another pupil's; a birth date moves the age."""
        author, reason = state.author(now), given.required(self.reason, "reason")
        pupil = state.pupil(self.pupil)
        original, amended = _original(self, state, pupil), _amended(self)
        name, words = state.name_of(pupil), self.field.replace("_", " ")
        if amended == original:
            return decided([], f"{name}: the {words} says so already; nothing was recorded")
        if amended and self.field in ("upn", "local_id"):
            roll_rules.check_name(state, self.field, amended, of=pupil)
        event = DetailsAmended(
            field=self.field,
            original=original,
            amended=amended,
            **_birth(self, pupil, local_date(now)),
            reason=reason,
            by=author.staff_id,
            name=author.name,
            job_title=author.job_title,
        )
        facts = [event, *_restated(self, state, pupil)]
        stream = streams.pupil(pupil.id)
        return decided([Fact(stream, each) for each in facts], f"{name}: {words} amended")


def _original(command: CorrectPupil, state: State, pupil: Pupil) -> str | None:
    if command.field != _FLAG:
        return roll_rules.detail(state, pupil, command.field)
    return "yes" if _spell(pupil).boarder else "no"


def _spell(pupil: Pupil) -> Spell:
    """Return the newest spell on roll, which the flag is about."""
    if not pupil.spells:
        raise Refused(
            "not-on-roll",
            "the pupil's record was withdrawn: it holds no spell on roll",
            "correct the record that stayed",
        )
    return pupil.spells[max(pupil.spells)]


def _restated(
    command: CorrectPupil, state: State, pupil: Pupil
) -> Iterator[PupilEnrolled | PupilRemoved]:
    """Yield the spell stated again with the flag: only there does it stand in clear."""
    if command.field != _FLAG:
        return
    spell = _spell(pupil)
    details: dict[str, Any] = {n: roll_rules.detail(state, pupil, n) for n in DETAILS}
    yield PupilEnrolled(
        **details,
        starts_on=spell.starts_on,
        birth_cohort=pupil.birth_cohort,
        compulsory_from=pupil.compulsory_from,
        boarder=not spell.boarder,
    )
    if spell.leaves_on is not None:
        yield PupilRemoved(
            starts_on=spell.starts_on,
            leaves_on=spell.leaves_on,
            ground=spell.ground,
            next_school=spell.next_school and state.open_text(spell.next_school),
            by=state.operator.staff_id,
        )


def _amended(command: CorrectPupil) -> str | None:
    text = command.to.strip()
    if command.field == _FLAG:
        return given.required(given.yes_no(text, "to"), "to")
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
