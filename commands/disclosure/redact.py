"""Put one sealed text of an earlier event beyond use, at once and for good.

For a wrong text about the wrong child (UK GDPR arts 5 and 17), long before a record may go. The
key of that one text is destroyed first, then it is recorded who did it and why; the proof of the
register stays as it is, as it is over the sealed text. Repeated after a crash in between, the
command records what is missing.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date

from commands.core import checks as given
from commands.core import roles
from commands.core.command import (
    Context,
    Decision,
    Errand,
    Outcome,
    Range,
    State,
    UseCase,
    argument,
    decided,
    one,
    option,
    starting,
)
from commands.core.execute import execute, look
from commands.disclosure import redact_copies, redact_rules
from commands.disclosure.redact_copies import Copy
from commands.disclosure.redact_rules import Target
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.disclosure import Disclosed, FieldRedacted
from ledger.sealing.keys import REDACTED, KeyRing, parse_box
from ledger.sealing.punctured import Place, Redaction
from ledger.sealing.redaction import every_place, places
from ledger.store.folder import Folder, translated
from ledger.store.store import Fact
from policies.packs.rules import Rules, rules


class RedactField(UseCase, Errand):
    """attendance redact: put one sealed text of an earlier event beyond use, at once and for good.

    Every view shows [redacted] from then on. It cannot be undone.
    """

    position: int = argument("the position of the event", ge=1)
    field: str = argument("which of its sealed texts: reason, comment, notes, address …")
    reason: str = option("why; kept sealed")

    def reads(self, state: State) -> Iterable[Range]:
        """Ask for earlier redactions, and for what left the school about the same pupil."""
        yield one(streams.redaction())
        yield starting(streams.RELATION)
        for pupil in _about(self, state):
            yield one(streams.disclosure(pupil))

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the redaction; the keys have been dealt with before."""
        author, reason = state.author(now), given.required(self.reason, "reason")
        today = local_date(now)
        roles.check(state, author, redact_rules.ALLOWED, now, "redact a field")
        aim = redact_rules.target(state, self.position, self.field)
        _check_new(self, state)
        redact_rules.check_open(state, aim, self.position)
        redact_rules.check_not_kept(state, aim, today)
        redact_copies.check_reason(reason, state.open_text(aim.sealed))
        event = FieldRedacted(
            position=self.position,
            field=self.field,
            reason=reason,
            by=author.staff_id,
            name=author.name,
            job_title=author.job_title,
        )
        return decided([Fact(streams.redaction(), event)], *_says(self, state, aim, today))

    def carry_out(self, context: Context) -> Outcome:
        """Decide, look where else the text stands, destroy its key, then record it."""
        folder, now = context.folder.required(), context.clock()

        def sealed(state: State) -> str:
            self.decide(state, rules(), now)
            return redact_rules.target(state, self.position, self.field).sealed

        place = Place(
            self.position,
            self.field,
            look(context, sealed, self.reads),
        )
        with translated(folder.keys), closing(KeyRing(folder.keys)) as ring:
            also = list(_also(folder, ring, place))
            _destroy(folder, ring, place, now)
        outcome = execute(context, self)
        return replace(outcome, says=(*outcome.says, *also))


def _destroy(folder: Folder, ring: KeyRing, place: Place, now: int) -> None:
    box = parse_box(place.text)
    redaction = Redaction(*box[:3], place.position, place.field, now)
    ring.redact(redaction, places(folder.log, box.subject, box.purpose))


def _also(folder: Folder, ring: KeyRing, gone: Place) -> Iterator[str]:
    """Say where else the text stands; once its key is gone, nobody can look for it any more."""
    text = ring.open(gone.text)
    if text == REDACTED:
        yield "its key had been destroyed before: where else it stands cannot be looked for now"
        return
    yield from _told(list(redact_copies.copies(ring, gone, text, every_place(folder.log))))


def _told(same: list[Copy]) -> Iterator[str]:
    if same:
        number = "1 place" if len(same) == 1 else f"{len(same)} places"
        yield (
            f"the same text, or a part of it, still stands in {number} "
            f"(position and field): {', '.join(map(str, same))}"
        )
        yield "redact it there too where it is wrong"


def _about(command: RedactField, state: State) -> list[str | None]:
    """Return the pupils whom an event is about, and none for extracts about many."""
    found = state.event_at(command.position) if command.position <= state.position else None
    if found is None:
        return [None]
    if found.stream.startswith(streams.PARENT):
        parent = found.stream.removeprefix(streams.PARENT)
        relations = map(streams.parts, state.histories)
        return [*(parts[1] for parts in relations if parts[2:] == [parent]), None]
    own = streams.parts(found.stream)[1:2]
    return [*(pupil for pupil in own if pupil in state.school.pupils), None]


def _check_new(command: RedactField, state: State) -> None:
    for event in state.histories.get(streams.redaction(), ()):
        if isinstance(event, FieldRedacted) and (event.position, event.field) == (
            command.position,
            command.field,
        ):
            raise Refused(
                "already-redacted",
                f"the {command.field} of event {command.position} was redacted before",
                "attendance redactions says when, by whom and why",
            )


def _says(command: RedactField, state: State, aim: Target, today: date) -> Iterator[str]:
    yield f"the {command.field} of event {command.position} is beyond use: its key is destroyed"
    yield "the proof of the register is untouched; every view shows [redacted] from now on"
    yield "back-ups made before still hold the key: a restored one is to be redacted again"
    yield from redact_rules.notes(aim, today)
    if aim.imported:
        yield "an import that still states the text brings it back: have it corrected there"
    had_left = [_shown(state, each) for each in _disclosed(command, state, aim)]
    if had_left:
        yield "what had left the school before may hold it:"
        yield from had_left


def _disclosed(command: RedactField, state: State, aim: Target) -> list[Disclosed]:
    """Return what left after the event was recorded, and about its day where it has one."""
    day = _day(aim.stream)
    found = [
        event
        for pupil in _about(command, state)
        for event in state.histories.get(streams.disclosure(pupil), ())
        if isinstance(event, Disclosed) and event.seen_at >= command.position
    ]
    covering = [e for e in found if day is None or (e.first or day) <= day <= (e.last or day)]
    return sorted(covering, key=lambda e: e.on)


def _day(stream: str) -> date | None:
    if stream.startswith((streams.MARK, streams.PLAN, streams.APPROVAL)):
        return date.fromisoformat(streams.parts(stream)[2][:10])
    return None


def _shown(state: State, event: Disclosed) -> str:
    what, to = state.open_text(event.what), state.open_text(event.to)
    return f"  {event.on} {event.kind} to {to}: {what} (ask for it back, or to destroy it)"
