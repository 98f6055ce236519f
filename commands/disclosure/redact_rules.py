"""What may be put beyond use, and what the law keeps: the choice of one sealed text."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from commands.core.command import State
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.amending import AdmissionAmended, AlertSettled, AmendmentRequested
from ledger.events.base import Event, SourcedEvent, sealed_fields
from ledger.events.disclosure import Disclosed, FieldRedacted, NamesShown
from ledger.events.families import ParentRecorded, RelationRecorded, StaffTitle
from ledger.events.register import MarkAmended
from ledger.events.registry import NAMES
from ledger.events.roll import DetailsAmended, EnrolmentWithdrawn, PupilEnrolled, PupilRemoved
from ledger.sealing.keys import BEYOND_USE, parse_box
from ledger.state.school import Pupil
from policies.law.deadlines import may_go
from policies.packs.values import parameters

ALLOWED = ("head", "authoriser", "safeguarding")
_KEPT_DETAILS = ("upn", "surname", "forename", "dob")
_AMENDMENTS = (
    MarkAmended,
    AmendmentRequested,
    DetailsAmended,
    AdmissionAmended,
    EnrolmentWithdrawn,
)
_OF_AN_AMENDMENT = {
    "original": "the original entry",
    "amended": "the amended entry",
    "reason": "the reason",
}
_CONTENTS = (PupilEnrolled, PupilRemoved, ParentRecorded, RelationRecorded)
"""What states contents of the admission register (SI 2024/208 reg 8)."""
_ACCOUNTS: Mapping[type[Event], str] = {
    FieldRedacted: "a text was put beyond use",
    NamesShown: "names were looked up",
}
_LAST_DAY = (7, 31)
"""A purpose ``register-2026`` is the year that begins on 1 August 2026."""


class Target(NamedTuple):
    """One sealed text: its event's stream and class, its field, and how it is stored."""

    stream: str
    event: Event
    field: str
    sealed: str

    @property
    def imported(self) -> bool:
        """Whether another system stated it, which may state it again."""
        return isinstance(self.event, SourcedEvent) and self.event.stated is not None


def target(state: State, position: int, field: str) -> Target:
    """Return the sealed text that a position and field name; refuse what is none."""
    found = state.event_at(position) if 0 < position <= state.position else None
    if found is None:
        raise Refused(
            "position-unknown",
            f"the ledger has no event {position}; its newest is {state.position}",
            "attendance history PUPIL --json names the position of every entry",
        )
    names = [name for name, _ in sealed_fields(type(found.event))]
    given = [name for name in names if getattr(found.event, name) is not None]
    if field not in given:
        kind = NAMES[type(found.event)].partition(".")[0]
        remedy = f"its sealed texts are: {', '.join(given)}" if given else "it holds none"
        raise Refused(
            "field-not-sealed", f"event {position} ({kind}) has no sealed text {field!r}", remedy
        )
    return Target(found.stream, found.event, field, getattr(found.event, field))


def check_open(state: State, aim: Target, position: int) -> None:
    """Refuse a text that is beyond use already, with all that its key sealed."""
    if state.open_text(aim.sealed) == BEYOND_USE:
        raise Refused(
            "beyond-use",
            f"the {aim.field} of event {position} is beyond use already",
            "nothing is left to redact",
        )


def check_not_kept(state: State, aim: Target, today: date) -> None:
    """Refuse what has to be kept: why texts went or names were shown, who amended, who is on roll.

    SI 2024/208 regs 6(1) and 8. Former details, originals and reasons may go, with a note.
    """
    if type(aim.event) in _ACCOUNTS and aim.field == "reason":
        raise Refused(
            "kept-as-account",
            f"the {aim.field} of this event says why {_ACCOUNTS[type(aim.event)]}, and stays: "
            "without it nobody could answer for that",
            "if it says too much, say so on file beside it",
        )
    until = _kept_until(state, aim, today)
    if until is None or today >= until:
        return
    preserved = parameters().value("register.preserved", today)
    states = parameters().value("register.amendment_states", today)
    kept = "always, as long as the ledger is" if until == date.max else f"until {until} at least"
    raise Refused(
        "kept-by-law",
        f"the {aim.field} of this event has to be kept, {kept} ({states.reference}; "
        f"{preserved.reference})",
        _remedy(aim),
    )


def notes(aim: Target, today: date) -> Iterator[str]:
    """Yield what the law asks for of the text that goes: to be said on file, without the wrong."""
    states = parameters().value("register.amendment_states", today)
    if isinstance(aim.event, _AMENDMENTS) and aim.field in _OF_AN_AMENDMENT:
        what = _OF_AN_AMENDMENT[aim.field]
        yield (
            f"{what} is one of the five that the law wants of an amendment ({states.reference}): "
            "say on file what it said, without the wrong text"
        )
    elif isinstance(aim.event, _CONTENTS):
        yield (
            f"the law wants the {aim.field.replace('_', ' ')} on the admission register: amend it "
            "to what is right, or say on file what it said, without the wrong text"
        )
    elif aim.field == "nature":
        yield (
            "the law wants the nature of the activity with such a mark: say on file what it said, "
            "without the wrong text"
        )
    elif isinstance(aim.event, (Disclosed, AlertSettled)) and aim.field in ("to", "what"):
        yield (
            "whoever gives data away answers for what went to whom: say it on file, without the "
            "wrong text"
        )


def _kept_until(state: State, aim: Target, today: date) -> date | None:
    seals = dict(sealed_fields(type(aim.event)))
    if isinstance(aim.event, StaffTitle):
        return date.max
    if seals[aim.field].by is not None:
        year = int(parse_box(aim.sealed).purpose.rpartition("-")[2])
        last = date(year + 1, *_LAST_DAY)
        return may_go(last, last, today)
    detail = _detail(aim)
    if detail not in _KEPT_DETAILS:
        return None
    pupil = state.school.pupils[streams.subject(aim.stream)]
    stands = pupil.details[detail]
    if stands is None or state.open_text(stands) != state.open_text(aim.sealed):
        return None
    return _off_roll(pupil, today)


def _detail(aim: Target) -> str | None:
    """Return which of a pupil's details a text states, or once stated; none for other texts."""
    if isinstance(aim.event, PupilEnrolled):
        return aim.field
    if isinstance(aim.event, DetailsAmended) and aim.field in ("original", "amended"):
        return aim.event.field
    return None


def _off_roll(pupil: Pupil, today: date) -> date:
    """Return when a pupil's entry on the admission register may go; never while on roll."""
    lasts = [spell.leaves_on or date.max for spell in pupil.spells.values()]
    last = max(lasts, default=today)
    return date.max if last == date.max else may_go(last, _year_end(last), today)


def _year_end(day: date) -> date:
    end = date(day.year, *_LAST_DAY)
    return end if day <= end else date(day.year + 1, *_LAST_DAY)


def _remedy(aim: Target) -> str:
    if isinstance(aim.event, StaffTitle):
        return "correct a name with attendance staff change"
    if isinstance(aim.event, (PupilEnrolled, DetailsAmended)) and aim.field != "name":
        return "amend it with attendance pupil correct, which keeps what it said"
    return "redact the reason, if that is what says too much"
