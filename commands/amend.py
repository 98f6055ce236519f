"""attendance amend: change marks that stand, saying why and by whom.

One session, or every session of a range on which a mark stands; all of them or none.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from commands import given, mark_rules, sessions, standing
from commands.base import Decision, Range, State, decided, option
from commands.mark_rules import Stated
from commands.standing import Amending
from ledger import streams
from ledger.calendar import Calendar
from ledger.errors import Refused
from ledger.events.register import MarkAmended, MarkCorrected
from ledger.school import Pupil
from ledger.store import Fact
from ledger.values import Session
from policies.codes import Codes
from policies.rules import Rules


class AmendMarks(sessions.OfSessions):
    """Marks that stand are replaced: original, amended, reason, date and name are kept."""

    code: str = option("the code that is to stand")
    reason: str = option("why the register is amended")
    from_code: str | None = option("only marks with this code", default=None)
    minutes_late: int | None = option("minutes late", default=None, ge=0)
    nature: str | None = option(
        "nature of the activity, or the cause, where the code needs it", default=None
    )
    dry_run: bool = option("show what would be amended; record nothing", default=False)


class Change(NamedTuple):
    """One mark that is to be replaced."""

    session: Session
    before: Stated
    after: Stated


def reads(command: AmendMarks, state: State) -> Iterable[Range]:
    """Ask for the pupil's marks in the span, and for how their registers were taken."""
    span = sessions.span(command)
    yield sessions.marks(state.pupil(command.pupil), span)
    yield sessions.registers(span)


def decide(command: AmendMarks, state: State, rules: Rules, now: int) -> Decision:
    """Amend one mark, or all of a range that answer the description."""
    author, reason = state.author(now), given.required(command.reason, "reason")
    pupil, span = state.pupil(command.pupil), sessions.span(command)
    wanted = _Wanted(command, rules.codes, state.school.calendar(), pupil)
    if span.single:
        mark_rules.check_not_future(span.first, now)
        changes = [wanted.change(span.first, standing.mark_of(state, pupil, span.first))]
    else:
        changes = list(wanted.changes(standing.marks_of(state, pupil)))
    if not changes:
        raise Refused(
            "nothing-to-amend",
            f"from {span.first} to {span.last} no mark stands that would change",
            "check the sessions and --from-code; look with attendance history",
        )
    amending = Amending(author, reason, state.new_pupil_id() if len(changes) > 1 else None)

    def ended(session: Session) -> bool:
        taken = standing.taken(state, pupil, session)
        return mark_rules.has_ended(wanted.calendar, session, taken, now)

    facts = [
        Fact(streams.mark(pupil.id, c.session), _event(amending, c, ended=ended(c.session)))
        for c in changes
    ]
    name = state.name_of(pupil)
    says = [f"{name} {c.session}: {c.before.code} -> {c.after.code}" for c in changes]
    says += ["dry run: nothing was recorded"] * command.dry_run
    return decided(facts, *says, dry_run=command.dry_run)


class _Wanted(NamedTuple):
    command: AmendMarks
    codes: Codes
    calendar: Calendar
    pupil: Pupil

    def change(self, session: Session, before: Stated | None) -> Change:
        """Return the change of the one session named, or refuse it."""
        after = self._stated(self.command.code)
        self._check(session, after)
        if before is None:
            raise Refused(
                "no-mark", f"no mark stands for {session}", "record one with attendance mark"
            )
        if not self._concerns(before):
            raise Refused(
                "other-code-stands",
                f"{before.code} stands for {session}, not {self.command.from_code}",
                "look at what stands with attendance history, then give that --from-code",
            )
        if before == after:
            raise Refused(
                "same-mark", f"{after.code} already stands for {session}", "nothing is to amend"
            )
        return Change(session, before, after)

    def changes(self, marks: Iterable[tuple[Session, Stated]]) -> Iterator[Change]:
        """Yield the changes among the marks of a range.

        Closed and cancelled sessions keep what the calendar gave them; a code for present takes
        the form of its half of the day.
        """
        for session, before in marks:
            met = self.calendar.closure(session, self.pupil.groups(session.date)) is None
            after = self._stated(self._code_for(session))
            if met and self._concerns(before) and before != after:
                self._check(session, after)
                yield Change(session, before, after)

    def _check(self, session: Session, after: Stated) -> None:
        mark_rules.check_entry(
            self.codes, self.calendar, pupil=self.pupil, session=session, stated=after
        )

    def _concerns(self, before: Stated) -> bool:
        return self.command.from_code in (None, before.code)

    def _stated(self, code: str) -> Stated:
        return Stated(code, self.command.minutes_late, self.command.nature)

    def _code_for(self, session: Session) -> str:
        rule = self.codes.find(self.command.code, session.date)
        if rule is not None and rule.category == "present" and session.half not in rule.sessions:
            return self.codes.present(session.half)
        return self.command.code


def _event(amending: Amending, change: Change, *, ended: bool) -> MarkAmended | MarkCorrected:
    if ended:
        return amending.mark(change.before.code, change.after)
    return MarkCorrected(
        original=change.before.code,
        **change.after._asdict(),
        reason=amending.reason,
        by=amending.author.staff_id,
    )
