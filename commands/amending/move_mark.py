"""Put right a mark that was recorded against the wrong pupil."""

from collections.abc import Iterable

from commands.amending.changes import Proposal, Split, policy_reads, split
from commands.core import checks, marks
from commands.core.command import Decision, State, UseCase, argument, decided, option
from commands.core.marks import Amendment, StatedMark
from commands.core.ranges import CALENDAR, Range, one
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.base import Event
from ledger.events.register import SessionMarked
from ledger.store.store import Fact
from ledger.values import Session
from policies.packs.codes import Rules


class MoveMark(UseCase):
    """attendance move-mark: put right a mark that was recorded against the wrong pupil.

    The right pupil gets the mark; the wrong one, never left blank, gets another code.
    """

    session: Session = argument("the session, 2026-11-20/AM")
    from_: str = option("UPN or local id of the wrong pupil")
    to: str = option("UPN or local id of the right pupil")
    code: str = option("the code that stands for the wrong pupil from now on")
    reason: str = option("what happened")
    minutes_late: int | None = option("minutes late, for that code", default=None, minimum=0)
    nature: str | None = option("nature or cause, for that code", default=None)

    def reads(self, state: State) -> Iterable[Range]:
        """Name who asks, the calendar and both pupils; their marks, and what the policy needs."""
        yield from (state.own_row, CALENDAR)
        pupils = [state.pupil(named) for named in (self.from_, self.to)]
        for pupil in pupils:
            yield one(streams.pupil(pupil.id))
            yield one(streams.mark(pupil.id, self.session))
        yield from policy_reads(state, pupils)

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Amend the wrong pupil's mark; enter or amend the right pupil's with what it was."""
        author, reason = state.author(now), checks.required_text(self.reason, "reason")
        session, wrong, right = self.session, state.pupil(self.from_), state.pupil(self.to)
        moved = marks.mark_of(state, wrong, session)
        after = StatedMark(self.code, self.minutes_late, self.nature)
        if wrong is right or moved is None or moved == after:
            raise Refused(
                "nothing-to-move",
                f"there is no mark for {session} to move, or it would stay as it is",
                "name the pupil who has the mark, the one it belongs to, and another code",
            )
        marks.check_not_future(session, now)
        calendar = state.school.calendar()
        for pupil, stated in ((wrong, after), (right, moved)):
            marks.check_entry(rules.codes, calendar, pupil=pupil, session=session, stated=stated)
        before = marks.mark_of(state, right, session)
        proposals = [Proposal(wrong, session, moved, after)]
        if before is not None and before != moved:
            proposals.append(Proposal(right, session, before, moved))
        _check_at_once(split(state, rules, now, author, proposals), state)
        amending = Amendment(author, reason, state.new_id())
        facts = [Fact(streams.mark(wrong.id, session), amending.mark(moved.code, after))]
        says = [f"{state.name_of(wrong)} {session}: {moved.code} -> {after.code}"]
        if before != moved:
            event: Event = SessionMarked(
                **moved._asdict(), late=True, reason=reason, by=author.staff_id
            )
            if before is not None:
                event = amending.mark(before.code, moved)
            facts.append(Fact(streams.mark(right.id, session), event))
            was = "no mark" if before is None else before.code
            says.append(f"{state.name_of(right)} {session}: {was} -> {moved.code}")
        return decided(facts, *says)


def _check_at_once(parts: Split, state: State) -> None:
    """Refuse a move of which the school's policy holds a part: its two halves belong together."""
    for held in parts.held:
        change = held.proposal
        raise Refused(
            "approval-needed",
            f"{state.name_of(change.pupil)} {change.session}: {change.before.code} -> "
            f"{change.after.code} adds unauthorised absence, which the school's policy holds for "
            f"a second person ({', '.join(held.grounds)})",
            "amend each of the two marks with attendance amend: that one waits for approval",
        )
