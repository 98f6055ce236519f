"""A group's register taken for a session, and a single mark.

The taking ends when it is recorded: what is entered in it on the day is an ordinary entry, also
after the closing time; on a later day it is a late entry. A register is taken once; what is
entered afterwards, for pupils who had no mark, is a late entry.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Self, TextIO

from commands.core import group_names, marks, told
from commands.core.command import (
    Decision,
    OnScreen,
    Outcome,
    Screen,
    State,
    UseCase,
    argument,
    decided,
    hidden,
    option,
)
from commands.core.marks import StatedMark
from commands.core.ranges import CALENDAR, Range, Wanted, one
from commands.core.sessions import Span
from commands.register import entries
from commands.register.entries import Place, Result, Row, Taking
from ledger import names
from ledger.clock import local, local_date
from ledger.english import duration, weekday
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.register import MarkCorrected, RegisterTaken, SessionMarked
from ledger.formats import sheet
from ledger.state.calendar import Calendar
from ledger.store.facts import Fact
from ledger.values import Session
from policies.packs.codes import Rules

_MINUTE = 60_000_000


class TakeRegister(OnScreen):
    """attendance register take: record a group's register for a session.

    A group's register for a session, from a file or from the screen.
    """

    file: str | None = argument("CSV with the columns upn,code; - for stdin", default=None)
    group: str = option("the group whose register it is", kept=names.name)
    session: Session = option("the session, 2026-11-20/AM")
    rest_present: bool = option("pupils without a code were present", default=False)
    dry_run: bool = option("show what would be recorded; record nothing", default=False)
    opened: int | None = hidden(default=None)
    ended: int | None = hidden(default=None)
    rows: tuple[Row, ...] = hidden(default=())

    def load(self, stdin: TextIO) -> Self:
        """Return the command with the rows of its file; every fault of the file is refused."""
        if self.file is None:
            return self
        rows = entries.read_rows(self.file, stdin)
        return replace(self, rows=rows)

    @property
    def is_filled(self) -> bool:
        """Whether a file was named."""
        return self.file is not None

    def on_screen(self, screen: Screen) -> Outcome:
        """Take the register key by key."""
        from commands.register.screen import take  # noqa: PLC0415 - the screen fills this in

        return take(self, screen)

    def as_held(self, state: State) -> Self:
        """Return the command with the group called as it is held."""
        return replace(self, group=group_names.known(state.school, self.group))

    def reads(self, state: State) -> Iterable[Wanted]:
        """Name who asks and the calendar; the group's pupils, their marks, plans and registers."""
        return entries.register_ranges(state, self.group, self.session)

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Record the taking and one entry a pupil; every problem is told at once."""
        author = state.author(now)
        marks.check_not_future(self.session, now)
        file = "register" if self.file is None else sheet.display_name(self.file)
        place = Place(self.group, self.session, file)
        present = StatedMark(rules.codes.present(self.session.half)) if self.rest_present else None
        taking = Taking(state, place, rules.codes, now)
        results = taking.results(self.rows, present)
        if not any(result.code for result in results):
            raise Refused(
                "register-empty",
                f"no code is given for anyone in {self.group}",
                "give codes, or --rest-present when everybody was there",
            )
        facts = [result.fact for result in results if result.fact is not None]
        says = _says(state, place, results)
        says += told.in_words(state, rules.codes, facts, each=self.dry_run)
        stream = streams.register(self.group, self.session)
        if taking.is_marked:
            entered = "what was entered is late entries" if facts else "nothing was recorded"
            says.append(f"most of it was marked before: it is not taken anew; {entered}")
        elif stream not in state.histories:  # a register is taken once
            taken = _taking(self, author.staff_id, len(facts), now)
            facts.insert(0, Fact(stream, taken))
            says += _lateness(state.calendar(), self.session, taken.ended)
        return decided(facts, *says, dry_run=self.dry_run)


class MarkSession(UseCase):
    """attendance mark: record one pupil's first mark for a session.

    A pupil's mark for a session; made after the register has ended it is a late entry.
    """

    pupil: str = argument("UPN or local id")
    session: Session = argument("the session, 2026-11-20/AM")
    code: str = argument("the attendance code")
    minutes_late: int | None = option("minutes late", default=None, minimum=0)
    nature: str | None = option(
        "nature of the activity, or the cause, where the code needs it", default=None
    )
    comment: str | None = option("a comment, kept sealed", default=None)
    reason: str | None = option("why the entry is late", default=None)

    def reads(self, state: State) -> Iterable[Range]:
        """Name who asks, the pupil, the calendar; the mark as it stands, and its registers."""
        pupil = state.pupil(self.pupil)
        yield from (state.own_row, CALENDAR, one(streams.pupil(pupil.id)))
        yield one(streams.mark(pupil.id, self.session))
        yield from marks.taking_ranges(state, pupil, Span(self.session, self.session, single=True))

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Record a first mark, or correct one while its register is still open."""
        pupil, session = state.pupil(self.pupil), self.session
        author = state.author(now)
        calendar = state.calendar()
        stated = marks.StatedMark(self.code, self.minutes_late, self.nature)
        marks.check_not_future(session, now)
        marks.check_entry(rules.codes, calendar, pupil=pupil, session=session, stated=stated)
        mark = state.mark(pupil, session)
        late = marks.has_ended(calendar, session, marks.takings(state, pupil, session), now)
        fields = stated._asdict() | {"reason": self.reason, "by": author.staff_id}
        stream = streams.mark(pupil.id, session)
        who = f"{state.name_of(pupil)} {session}"
        if mark.code is None:
            entry = SessionMarked(**fields, late=late, comment=self.comment)
            kind = "late entry" if late else "entry"
            return decided([Fact(stream, entry)], f"{who}: {self.code} recorded ({kind})")
        if mark.code == self.code:
            return decided([], f"{who}: {self.code} already stands; nothing was recorded")
        if late:
            raise marks.already_marked(mark.code, session)
        corrected = MarkCorrected(**fields, original=mark.code)
        return decided(
            [Fact(stream, corrected)], f"{who}: {mark.code} corrected to {self.code} during taking"
        )


def _taking(command: TakeRegister, by: str, count: int, now: int) -> RegisterTaken:
    ended = now if command.ended is None else command.ended
    opened = ended if command.opened is None else command.opened
    if not opened <= ended <= now:
        raise Refused(
            "taking-times",
            "the register was opened after it ended, or ends in the future",
            "check the clock of this computer",
        )
    return RegisterTaken(by=by, opened=command.opened, ended=ended, marks=count)


def _lateness(calendar: Calendar, session: Session, ended: int) -> Iterator[str]:
    """Yield that a register is taken late, by how much where its closing time is known."""
    closes, later = calendar.closing(session), local_date(ended) > session.date
    entered = "; what was entered is late entries" if later else ""
    if closes is not None and ended > closes:
        minutes = (ended - closes) // _MINUTE
        at = f"{local(closes):%H:%M} on {weekday(session.date)}"
        yield f"taken late: {duration(minutes)} after it closed, at {at}{entered}"
    elif later:
        yield f"taken late: on a later day than {weekday(session.date)}{entered}"


def _says(state: State, place: Place, results: Sequence[Result]) -> list[str]:
    facts = [result.fact for result in results if result.fact is not None]
    corrected = sum(isinstance(fact.event, MarkCorrected) for fact in facts)
    kept = sum(bool(result.code) for result in results) - len(facts)
    counts = f"{len(facts) - corrected} entered, {corrected} corrected, {kept} as they stood"
    says = [f"{place.group} {place.session}: {counts}"]
    planned = sorted(f"{state.name_of(r.pupil)} ({r.code})" for r in results if r.planned)
    without = sorted(state.name_of(r.pupil) for r in results if not r.code)
    if planned:
        says.append(f"planned absence became the entry: {', '.join(planned)}")
    if without:
        says.append(f"without a mark: {', '.join(without)}")
    return says
