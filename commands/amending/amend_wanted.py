"""Which marks of one pupil an amendment of a session, or of a range of them, replaces."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from commands.amending.amend_changes import Change
from commands.core import marks as mark_rules
from commands.core import standing
from commands.core.command import State
from commands.core.marks import Stated
from commands.core.sessions import Span
from ledger.errors import Refused
from ledger.state.calendar import Calendar
from ledger.state.school import Pupil
from ledger.values import Session
from policies.packs.codes import Codes


class Wanted(NamedTuple):
    """What is to stand, and instead of which code (none: of any)."""

    pupil: Pupil
    codes: Codes
    calendar: Calendar
    stated: Stated
    from_code: str | None
    reason: str

    def found(self, state: State, span: Span, now: int) -> list[Change]:
        """Return the changes in a span; refuse none, and a mark that may not stand."""
        if span.single:
            mark_rules.check_not_future(span.first, now)
            return [self._change(span.first, standing.mark_of(state, self.pupil, span.first))]
        changes = list(self._changes(standing.marks_of(state, self.pupil)))
        if not changes:
            raise Refused(
                "nothing-to-amend",
                f"from {span.first} to {span.last} no mark stands that would change",
                "check the sessions and --from-code; look with attendance history",
            )
        return changes

    def _change(self, session: Session, before: Stated | None) -> Change:
        """Return the change of the one session named, or refuse it."""
        after = self.stated
        self._check(session, after)
        if before is None:
            raise Refused(
                "no-mark", f"no mark stands for {session}", "record one with attendance mark"
            )
        if not self._concerns(before):
            raise Refused(
                "other-code-stands",
                f"{before.code} stands for {session}, not {self.from_code}",
                "look at what stands with attendance history, then give that --from-code",
            )
        if before == after:
            raise Refused(
                "same-mark", f"{after.code} already stands for {session}", "nothing is to amend"
            )
        return Change(self.pupil, session, before, after, self.reason)

    def _changes(self, marks: Iterable[tuple[Session, Stated]]) -> Iterator[Change]:
        """Yield the changes among the marks of a range.

        Closed and cancelled sessions keep what the calendar gave them; a code for present takes
        the form of its half of the day.
        """
        for session, before in marks:
            met = self.calendar.closure(session, self.pupil.groups(session.date)) is None
            after = self.stated._replace(code=self._code_for(session))
            if met and self._concerns(before) and before != after:
                self._check(session, after)
                yield Change(self.pupil, session, before, after, self.reason)

    def _check(self, session: Session, after: Stated) -> None:
        mark_rules.check_entry(
            self.codes, self.calendar, pupil=self.pupil, session=session, stated=after
        )

    def _concerns(self, before: Stated) -> bool:
        return self.from_code in (None, before.code)

    def _code_for(self, session: Session) -> str:
        rule = self.codes.find(self.stated.code, session.date)
        if rule is not None and rule.category == "present" and session.half not in rule.sessions:
            return self.codes.present(session.half)
        return self.stated.code
