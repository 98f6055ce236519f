"""Take back an entry that was recorded wrongly: a notice to the wrong parent, a return not made.

Of registers and marks there is no taking back: they are amended (SI 2024/208 reg 6). What is taken
back here stays in the log, with who recorded it; what takes it back says why, and by whom.
"""

from collections.abc import Iterable, Iterator

from commands.amending.ways_back import remedy_of
from commands.core import authority, checks
from commands.core.command import Decision, State, UseCase, argument, decided, option
from commands.core.ranges import STAFF, Range, one
from commands.core.standing import MAY_BE_TAKEN_BACK, standing_on
from ledger.errors import Refused
from ledger.events import penalties, streams
from ledger.events.amending import EntryTakenBack, NoticeNamed
from ledger.events.base import Event
from ledger.store.facts import Fact, Recorded
from policies.packs.codes import Rules

_DECIDED = (penalties.PenaltyConsidered, penalties.AlertSettled)
"""What only somebody who may decide it takes back."""

_LOOK_UP = (
    "the number was said when it was recorded; attendance history, notices, casework, disclosures "
    "and evidence show entries by number"
)


class TakeBack(UseCase):
    """attendance take-back: take back an entry that was recorded wrongly, with the reason.

    A penalty notice, what the authority confirmed, a consideration, an alert settled, a
    disclosure, a return made, evidence, a step with a family. It counts nowhere from then on, and
    stays on record with who recorded it: attendance taken-back shows both. Of a notice all is
    taken back.
    """

    entry: int = argument("number of the entry, as the answer that lists it shows it", minimum=1)
    reason: str = option("what was wrong with it; kept sealed")
    dry_run: bool = option("say what would be taken back; record nothing", default=False)

    def reads(self, state: State) -> Iterable[Range]:
        """Name the staff, for their roles, and the stream of the entry."""
        yield STAFF
        found = state.recorded(self.entry)
        if found is not None and type(found.event) in MAY_BE_TAKEN_BACK:
            yield one(found.stream)._replace(events=True)
            if not found.stream.startswith(streams.RETURNS):
                yield one(streams.pupil(streams.subject(found.stream)))

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record that it is taken back, once."""
        author, reason = state.author(now), checks.required_text(self.reason, "reason")
        found = _wrong_entry(state, self.entry)
        what = f"{MAY_BE_TAKEN_BACK[type(found.event)]} (entry {self.entry}{_about(state, found)})"
        if isinstance(found.event, _DECIDED):
            authority.check(state, "penalties consider", now, f"take back a {what}")
        if found.position not in [each.position for each in standing_on(state, found.stream)]:
            return decided([], f"{what}: taken back already; nothing was recorded")
        taken = EntryTakenBack(
            entry=self.entry, notice=_notice(found.event), reason=reason, **author.fields
        )
        return decided(
            [Fact(found.stream, taken)],
            *_in_words(what, dry_run=self.dry_run),
            dry_run=self.dry_run,
        )


def _in_words(what: str, *, dry_run: bool) -> Iterator[str]:
    if dry_run:
        yield f"{what}: would be taken back; it would count nowhere from then on"
        return
    yield f"{what}: taken back; it counts nowhere from now on"
    yield "attendance taken-back shows it with who recorded it, and why it was taken back"


def _wrong_entry(state: State, entry: int) -> Recorded:
    found = state.recorded(entry)
    if found is None:
        raise Refused("entry-unknown", f"the ledger has no entry {entry}", _LOOK_UP)
    if type(found.event) not in MAY_BE_TAKEN_BACK:
        what = f"entry {entry} is none that can be taken back"
        raise Refused("entry-not-taken-back", what, remedy_of(type(found.event)) or _LOOK_UP)
    return found


def _about(state: State, found: Recorded) -> str:
    if found.stream.startswith(streams.RETURNS):
        return ""
    pupil = state.school.pupils.get(streams.subject(found.stream))
    of = f", {state.name_of(pupil)}" if pupil else ""
    if isinstance(found.event, penalties.NoticeStated):
        parent = streams.parts(found.stream)[2]
        return f"{of}, issued {found.event.issued_on} to {parent}"
    return of


def _notice(event: Event) -> NoticeNamed | None:
    if not isinstance(event, penalties.NoticeStated):
        return None
    return NoticeNamed(
        kind=event.kind, issued_on=event.issued_on, offence_first=event.offence_first
    )
