"""Record one pupil's first mark for a session."""

from collections.abc import Iterable

from commands.core import marks as mark_rules
from commands.core import standing
from commands.core.command import (
    Decision,
    Range,
    State,
    UseCase,
    argument,
    decided,
    one,
    option,
    starting,
)
from ledger.events import streams
from ledger.events.register import MarkCorrected, SessionMarked
from ledger.store.store import Fact
from ledger.values import Session
from policies.packs.rules import Rules


class MarkSession(UseCase):
    """attendance mark: record one pupil's first mark for a session.

    A pupil's mark for a session; made after the register has ended it is a late entry.
    """

    pupil: str = argument("UPN or local id")
    session: Session = argument("the session, 2026-11-20/AM")
    code: str = argument("the attendance code")
    minutes_late: int | None = option("minutes late", default=None, ge=0)
    nature: str | None = option(
        "nature of the activity, or the cause, where the code needs it", default=None
    )
    comment: str | None = option("a comment, kept sealed", default=None)
    reason: str | None = option("why the entry is late", default=None)

    def reads(self, state: State) -> Iterable[Range]:
        """Ask for the mark as it stands and for the register's taking."""
        pupil = state.pupil(self.pupil)
        yield one(streams.mark(pupil.id, self.session))
        yield starting(f"{streams.REGISTER}{self.session}:")

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Record a first mark, or correct one while its register is still open."""
        pupil, session = state.pupil(self.pupil), self.session
        author = state.author(now)
        calendar = state.school.calendar()
        stated = mark_rules.Stated(self.code, self.minutes_late, self.nature)
        mark_rules.check_not_future(session, now)
        mark_rules.check_entry(rules.codes, calendar, pupil=pupil, session=session, stated=stated)
        mark = state.mark(pupil, session)
        late = mark_rules.has_ended(calendar, session, standing.taken(state, pupil, session), now)
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
            raise mark_rules.already_marked(mark.code, session)
        corrected = MarkCorrected(**fields, original=mark.code)
        return decided(
            [Fact(stream, corrected)], f"{who}: {mark.code} corrected to {self.code} during taking"
        )
