"""Put one sealed text of an earlier event beyond use, at once and for good.

For a wrong text about the wrong child (UK GDPR arts 5 and 17), long before a record may go. The
key of that one text is destroyed first, then it is recorded who did it and why; the proof of the
register stays as it is, as it is over the sealed text. Repeated after a crash in between, the
command records what is missing.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from commands.core import checks
from commands.core.command import (
    Context,
    Decision,
    Errand,
    Outcome,
    State,
    UseCase,
    argument,
    decided,
    option,
)
from commands.core.execute import check_first, execute, look
from commands.core.ranges import Range, one, starting
from ledger import names
from ledger.clock import local_date
from ledger.english import number_of
from ledger.errors import Incomplete, Refused
from ledger.events import streams
from ledger.events.amending import AmendmentRequested
from ledger.events.base import IN_CLEAR, Event, SourcedEvent, sealed_fields
from ledger.events.disclosure import Disclosed, FieldRedacted, NamesShown
from ledger.events.log import ClockCorrected
from ledger.events.penalties import AlertSettled
from ledger.events.register import MarkAmended
from ledger.events.registry import NAMES
from ledger.events.roll import (
    AdmissionAmended,
    DetailsAmended,
    EnrolmentWithdrawn,
    ParentRecorded,
    PupilEnrolled,
    PupilRemoved,
    RelationRecorded,
)
from ledger.events.school import RolesChanged, StaffTitle
from ledger.files import translated
from ledger.sealing.boxes import Place, Redaction
from ledger.sealing.keys import BEYOND_USE, REDACTED, KeyRing, parse_box
from ledger.sealing.redaction import every_place, places
from ledger.state.school import Pupil
from ledger.store.facts import Fact
from ledger.store.folder import Folder
from ledger.terminal import say
from policies.law.calendar import may_go
from policies.packs.codes import Rules, rules
from policies.packs.values import parameters


class RedactField(UseCase, Errand):
    """attendance redact: put one sealed text of an earlier event beyond use, at once and for good.

    Every view shows [redacted] from then on. It cannot be undone.
    """

    position: int = argument("the position of the event", minimum=1)
    field: str = argument("which of its sealed texts: reason, comment, notes, address …")
    reason: str = option("why; kept sealed")

    def reads(self, state: State) -> Iterable[Range]:
        """Name who does it, and whom the text is about; of a parent, all relations.

        Ask for earlier redactions, and for what left the school about the same pupil.
        """
        yield from (state.own_row, one(streams.redaction()), one(streams.disclosure(None)))
        recorded = state.recorded(self.position)
        if recorded is None:
            return
        if recorded.stream.startswith(streams.PARENT):
            yield starting(streams.RELATION)
        for pupil in _named_in(recorded.stream, state):
            yield one(streams.pupil(pupil))
            yield one(streams.disclosure(pupil))

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the redaction; the keys have been dealt with before."""
        author, reason = state.author(now), checks.required_text(self.reason, "reason")
        today = local_date(now)
        aim = _target(state, self.position, self.field)
        _check_new(state, aim)
        _check_open(state, aim)
        _check_not_kept(state, aim, today)
        _check_reason(reason, state.open_text(aim.sealed))
        event = FieldRedacted(
            position=self.position, field=self.field, reason=reason, **author.fields
        )
        return decided([Fact(streams.redaction(), event)], *_says(state, aim, today))

    def carry_out(self, context: Context) -> Outcome:
        """Decide, look where else the text stands, destroy its key, then record it."""
        folder, now = context.folder.required(), context.clock()
        check_first(context, self)

        def sealed_text(state: State) -> str:
            self.decide(state, rules(), now)
            return _target(state, self.position, self.field).sealed

        with translated(folder.keys), closing(KeyRing(folder.keys)) as ring:
            try:
                place = Place(self.position, self.field, look(context, sealed_text, self.reads))
            except Refused as refused:
                if refused.code != _DONE:
                    raise
                ring.wipe()
                what = f"{refused.what}; its key is overwritten"
                raise Refused(_DONE, what, refused.remedy) from None
            also = list(_copies_elsewhere(folder, ring, place))
            left = _destroy(folder, ring, place, now)
        try:
            outcome = execute(context, self)
        except Refused as refused:
            what = f"the text is beyond use, but not recorded by whom and why: {refused.what}"
            remedy = f"{refused.remedy}; then give the same command again, which records that"
            raise Incomplete(refused.code, what, remedy) from None
        if left is None:
            return replace(outcome, says=(*outcome.says, *also))
        for line in (*outcome.says[1:], *also):
            say(line)
        raise left


class Target(NamedTuple):
    """One sealed text: its event as recorded, its field, and how it is stored."""

    position: int
    stream: str
    event: Event
    field: str
    sealed: str

    @property
    def is_imported(self) -> bool:
        """Whether another system stated it, which may state it again."""
        return isinstance(self.event, SourcedEvent) and self.event.stated is not None


def _destroy(folder: Folder, ring: KeyRing, place: Place, now: int) -> Incomplete | None:
    """Destroy the key of a text; return what is left to do where it is not overwritten yet."""
    box = parse_box(place.text)
    redaction = Redaction(*box[:3], place.position, place.field, now)
    try:
        ring.redact(redaction, places(folder.log, box.subject, box.purpose))
    except Incomplete as left:
        return left
    return None


_DONE = "already-redacted"


def _named_in(stream: str, state: State) -> list[str]:
    """Return whose id the name of an event's stream holds; of a parent, the children's ids."""
    own = streams.parts(stream)[1:2]
    if stream.startswith(streams.PARENT):
        return [pupil for parent, pupil in state.school.relations if [parent] == own]
    return own


def _check_new(state: State, aim: Target) -> None:
    for event in state.histories.get(streams.redaction(), ()):
        if isinstance(event, FieldRedacted) and (event.position, event.field) == (
            aim.position,
            aim.field,
        ):
            raise Refused(
                _DONE,
                f"the {aim.field} of event {aim.position} was redacted before",
                "attendance redactions says when, by whom and why",
            )


def _says(state: State, aim: Target, today: date) -> Iterator[str]:
    yield f"the {aim.field} of event {aim.position} is beyond use: its key is destroyed"
    yield "the proof of the register is untouched; every view shows [redacted] from now on"
    yield "back-ups made before still hold the key: a restored one is to be redacted again"
    yield from _legal_notes(aim, today)
    if aim.is_imported:
        yield "an import that still states the text brings it back: have it corrected there"
    had_left = [_disclosure_in_words(state, each) for each in _disclosures_of(state, aim)]
    if had_left:
        yield "what had left the school before may hold it:"
        yield from had_left


def _disclosures_of(state: State, aim: Target) -> list[Disclosed]:
    """Return what left after the event was recorded, and about its day where it has one.

    About the pupils whom the event names, and about many.
    """
    day = _day(aim.stream)
    named = [pupil for pupil in _named_in(aim.stream, state) if pupil in state.school.pupils]
    covering = [
        event
        for pupil in (*named, None)
        for event in state.histories.get(streams.disclosure(pupil), ())
        if isinstance(event, Disclosed)
        and _came_after(event, aim.position, aim.event)
        and (day is None or (event.first or day) <= day <= (event.last or day))
    ]
    return sorted(covering, key=lambda e: e.on)


def _came_after(left: Disclosed, position: int, event: Event) -> bool:
    """Tell whether what left may show an event: the register was read after it was recorded.

    What a former system states to have left may show what it states too, by the times stated.
    """
    if left.seen_at:
        return left.seen_at >= position
    if not isinstance(event, SourcedEvent) or event.row is None:
        return False
    return (event.stated or 0) <= (left.stated or 0)


def _day(stream: str) -> date | None:
    if stream.startswith((streams.MARK, streams.PLAN, streams.APPROVAL)):
        return date.fromisoformat(streams.parts(stream)[2][:10])
    return None


def _disclosure_in_words(state: State, event: Disclosed) -> str:
    what, to = state.open_text(event.what), state.open_text(event.to)
    return f"  {event.on} {event.kind} to {to}: {what} (ask for it back, or to destroy it)"


# What may be put beyond use, and what the law keeps

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
    ClockCorrected: "a clock was found to have been wrong",
    FieldRedacted: "a text was put beyond use",
    NamesShown: "names were looked up",
    RolesChanged: "a role was given where nobody could give it",
}
_LAST_DAY = (7, 31)
"""A purpose ``register-2026`` is the year that begins on 1 August 2026."""


def _target(state: State, position: int, field: str) -> Target:
    """Return the sealed text that a position and field name; refuse what is none."""
    recorded = state.recorded(position)
    if recorded is None:
        raise Refused(
            "position-unknown",
            f"the ledger has no event {position}; its newest is {state.position}",
            "attendance history PUPIL --json names the position of every entry",
        )
    stated = _sealed_texts(recorded.event)
    if field not in stated:
        kind = NAMES[type(recorded.event)].partition(".")[0]
        remedy = f"its sealed texts are: {', '.join(stated)}" if stated else "it holds none"
        raise Refused(
            "field-not-sealed", f"event {position} ({kind}) has no sealed text {field!r}", remedy
        )
    return Target(position, recorded.stream, recorded.event, field, stated[field])


def _sealed_texts(event: Event) -> dict[str, str]:
    """Return each sealed text of an event by its field; of a list ``digests.1``, ``digests.2``.

    What an older event holds in clear has no key that could be destroyed.
    """
    found: dict[str, str] = {}
    for name, _ in sealed_fields(type(event)):
        value: str | tuple[str, ...] | None = getattr(event, name)
        if isinstance(value, tuple):
            found |= {f"{name}.{n}": text for n, text in enumerate(value, start=1)}
        elif value is not None:
            found[name] = value
    return {name: text for name, text in found.items() if not text.startswith(IN_CLEAR)}


def _check_open(state: State, aim: Target) -> None:
    if state.open_text(aim.sealed) == BEYOND_USE:
        raise Refused(
            "beyond-use",
            f"the {aim.field} of event {aim.position} is beyond use already",
            "nothing is left to redact",
        )


def _check_not_kept(state: State, aim: Target, today: date) -> None:
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
    until = _end_of_keeping(state, aim, today)
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


def _legal_notes(aim: Target, today: date) -> Iterator[str]:
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


def _end_of_keeping(state: State, aim: Target, today: date) -> date | None:
    seals = dict(sealed_fields(type(aim.event)))
    if isinstance(aim.event, StaffTitle):
        return date.max
    if seals[aim.field.partition(".")[0]].by is not None:
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
    return _end_of_roll_entry(pupil, today)


def _detail(aim: Target) -> str | None:
    """Return which of a pupil's details a text states, or once stated; none for other texts."""
    if isinstance(aim.event, PupilEnrolled):
        return aim.field
    if isinstance(aim.event, DetailsAmended) and aim.field in ("original", "amended"):
        return aim.event.field
    return None


def _end_of_roll_entry(pupil: Pupil, today: date) -> date:
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


# Where else the text stands: the same words about others, and in longer texts

_LEAST = 8
"""Characters below which a text is not looked for inside others: a single word is everywhere."""


class Copy(NamedTuple):
    """Where a text stands again; ``how``: the same, within a longer text, or a part of it."""

    position: int
    field: str
    how: str

    def __str__(self) -> str:
        """Return position and field, and how far it is the same."""
        return f"{self.position} {self.field}{f' ({self.how})' if self.how else ''}"


def _copies_elsewhere(folder: Folder, ring: KeyRing, gone: Place) -> Iterator[str]:
    """Say where else the text stands; once its key is gone, nobody can look for it any more."""
    text = ring.open(gone.text)
    if text == REDACTED:
        yield "its key had been destroyed before: where else it stands cannot be looked for now"
        return
    yield from _copies_in_words(list(_copies(ring, gone, text, every_place(folder.log))))


def _copies_in_words(same: list[Copy]) -> Iterator[str]:
    if same:
        yield (
            f"the same text, or a part of it, still stands in {number_of(len(same), 'place')} "
            f"(position and field): {', '.join(map(str, same))}"
        )
        yield "redact it there too where it is wrong"


def _copies(ring: KeyRing, gone: Place, text: str, others: Iterable[Place]) -> Iterator[Copy]:
    """Yield where else a text stands, whole or within a longer one, about anybody.

    ``gone``: where it is to be taken away. Of the same person also where a part of it stands by
    itself, since a reason is copied into a longer one (leave that was falsified). A text that does
    not open is passed over: `attendance verify` tells of it.
    """
    sought, subject = _normal_form(text), parse_box(gone.text).subject
    for place in others:
        if place[:2] == gone[:2]:
            continue
        other = _normal_form(_text_or_nothing(ring, place.text))
        if other == sought:
            yield Copy(place.position, place.field, "")
        elif _is_part(sought, other):
            yield Copy(place.position, place.field, "within a longer text")
        elif _is_part(other, sought) and parse_box(place.text).subject == subject:
            yield Copy(place.position, place.field, "a part of it")


def _check_reason(reason: str, text: str) -> None:
    """Refuse a reason that says again what is to go: a reason of a redaction stays.

    ``text``: as it opens; what is gone already cannot be compared.
    """
    sought, stated = _normal_form(text), _normal_form(reason)
    if text != REDACTED and (stated == sought or _is_part(sought, stated)):
        raise Refused(
            "reason-repeats",
            "the reason repeats the text that is to go, and stays itself",
            "say why without saying what the text said",
        )


def _text_or_nothing(ring: KeyRing, sealed: str) -> str:
    try:
        text = ring.open(sealed)
    except Refused:
        return ""
    return "" if text in (BEYOND_USE, REDACTED) else text


def _normal_form(text: str) -> str:
    return names.tidy(text).casefold()


def _is_part(part: str, whole: str) -> bool:
    return len(part) >= _LEAST and part in whole
