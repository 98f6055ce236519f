"""Decide on leave that was asked for: grant all or part of it, or refuse it.

SI 2024/208 reg 11. A grant plans the absence; the plan pre-fills registers and is no entry until
they are taken. A request that was refused may be granted later: that is a further decision, and
both stay on record. A refusal plans nothing; it is recorded because a school must be able to show
that it refused.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from commands.core import checks, families, marks, sessions, told
from commands.core.command import Author, Decision, State, decided, option
from commands.core.marks import StatedMark
from commands.core.ranges import CALENDAR, Range
from commands.core.sessions import Span
from commands.leave.leave import (
    Leave,
    LeaveCommand,
    check_state,
    entry_reads,
    find_leave,
    sessions_in_words,
    sessions_met,
)
from commands.leave.request import is_in_advance, letter_objections, objections
from ledger.english import number_of
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.leave import LeaveDecided
from ledger.events.register import AbsencePlanned
from ledger.store.facts import Fact
from ledger.values import Session
from policies.law import leave as law
from policies.law.leave import Purpose
from policies.packs.codes import Codes, Rules


class GrantLeave(LeaveCommand):
    """attendance leave grant: grant leave that was asked for, and plan the absence.

    The decision of a person whom the proprietor authorises, with its reason.
    """

    from_: str | None = option("first session or date [as asked]", default=None)
    to_: str | None = option("last session or date [as asked]", default=None)
    reason: str = option("why; kept sealed")
    nature: str | None = option(
        "nature of the activity or provision, where the code needs it", default=None
    )
    letter_on: date | None = option("the date of the letter", default=None)
    dry_run: bool = option("show what would be recorded; record nothing", default=False)

    def rests_on(self, state: State, leave: Leave) -> Iterator[Range]:
        """Name who decides, the calendar, and the pupil's parents.

        Ask for marks, plans and registers in its sessions.
        """
        yield from (state.own_row, CALENDAR)
        yield from entry_reads(leave)
        yield from marks.taking_ranges(state, leave.pupil, leave.covers)
        yield from families.relation_reads(state, leave.pupil)

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Grant all that was asked for, or part of it, and plan what has no mark and no plan."""
        author, reason = state.author(now), checks.required_text(self.reason, "reason")
        leave = find_leave(state, self.leave_id)
        check_state(
            leave, ("asked", "refused"), "take it back with attendance leave withdraw, or ask anew"
        )
        if (parent := leave.request.parent) is not None:
            families.check_parent_of(state, leave.pupil, parent)
        granting = _granting(self, state, leave)
        asker = state.open_text(leave.request.asked_by)
        notes = [
            *granting.check_in_advance(now),
            *objections(state, leave.pupil, leave.request, asker),
        ]
        granting.check_may_stand(rules.codes)
        granted = granting.sort(now)
        event = LeaveDecided(
            granted=True,
            paragraph=granting.purpose.paragraph,
            code=granting.purpose.code,
            first=str(granting.span.first),
            last=str(granting.span.last),
            reason=reason,
            letter_on=self.letter_on,
            **author.fields,
        )
        facts = [
            Fact(streams.leave(leave.pupil.id, leave.id), event),
            *granting.plans(granted.new, author),
        ]
        says = [
            *granting.in_words(granted, dry_run=self.dry_run),
            *(f"note: {note}" for note in notes),
        ]
        if self.dry_run:
            says += told.in_words(state, rules.codes, facts, each=True)
        return decided(facts, *says, dry_run=self.dry_run)


class RefuseLeave(LeaveCommand):
    """attendance leave refuse: refuse leave that was asked for, with the reason.

    The decision of a person whom the proprietor authorises, with its reason.
    """

    reason: str = option("why; kept sealed")
    letter_on: date | None = option("the date of the letter", default=None)

    def rests_on(self, state: State, leave: Leave) -> Iterator[Range]:
        """Name who decides, and the pupil's parents."""
        yield state.own_row
        yield from families.relation_reads(state, leave.pupil)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the refusal."""
        author, reason = state.author(now), checks.required_text(self.reason, "reason")
        leave = find_leave(state, self.leave_id)
        check_state(
            leave, ("asked",), "granted leave is taken back with attendance leave withdraw"
        )
        event = LeaveDecided(
            granted=False, reason=reason, letter_on=self.letter_on, **author.fields
        )
        asked = leave.asked_for
        purpose = law.purpose(leave.request.purpose, asked.first.date)
        name = state.open_text(leave.request.asked_by)
        notes = letter_objections(state, leave.pupil, leave.request.parent, name)
        return decided(
            [Fact(streams.leave(leave.pupil.id, leave.id), event)],
            f"leave {leave.id}: refused to {state.name_of(leave.pupil)}, {asked.first} to "
            f"{asked.last} ({purpose.text})",
            f"the code for {purpose.text} without leave is {purpose.unauthorised}: "
            "nothing is planned",
            *(f"note: {note}" for note in notes),
        )


class GrantedSessions(NamedTuple):
    """The sessions of a grant: to be planned, planned already, marked, or over without a mark."""

    new: list[Session]
    planned: list[Session]
    marked: list[Session]
    over: list[Session]


@dataclass(frozen=True, slots=True)
class Granting:
    """Leave that is about to be granted, for a purpose.

    ``span``: what is granted of what was asked for; ``sessions``: those of it that the school
    meets for the pupil, at least one; ``entry``: what is planned for each of them.
    """

    state: State
    leave: Leave
    purpose: Purpose
    span: Span
    sessions: list[Session]
    entry: StatedMark

    def check_in_advance(self, now: int) -> Iterator[str]:
        """Refuse leave after the fact where the paragraph forbids it; yield what to note."""
        purpose, first = self.purpose, self.sessions[0]
        late = self._lateness(now) if purpose.in_advance else None
        if late is None:
            return
        opened = self.state.school.opened
        needs = f"paragraph {purpose.paragraph} allows no leave after the fact"
        if law.is_bound(opened.type if opened else None, first.date):
            raise Refused(
                "leave-retrospective",
                f"{needs}: {late} ({purpose.rule.reference})",
                "grant what is still ahead with --from, or refuse it with attendance leave refuse",
            )
        yield f"{late}; {needs}, and guidance expects the same of schools that it does not bind"

    def check_may_stand(self, codes: Codes) -> None:
        """Refuse a purpose or code that is not for a pupil of this age, or needs more data."""
        purpose, pupil = self.purpose, self.leave.pupil
        calendar = self.state.calendar()
        for session in self.sessions:
            day = session.date
            if not law.fits_age(purpose, day, pupil.compulsory_from, pupil.birth_cohort):
                age = law.age(day, pupil.compulsory_from, pupil.birth_cohort)
                stands = "of" if age == "compulsory" else age
                raise Refused(
                    "leave-age",
                    f"{purpose.text} (paragraph {purpose.paragraph}): on {day} the pupil is "
                    f"{stands} compulsory school age",
                    "record a request for the purpose that fits the age, or refuse this one",
                )
            marks.check_entry(codes, calendar, pupil=pupil, session=session, stated=self.entry)

    def sort(self, now: int) -> GrantedSessions:
        """Tell apart the sessions; refuse where another absence is planned on one of them."""
        state, pupil = self.state, self.leave.pupil
        calendar = state.calendar()
        granted = GrantedSessions([], [], [], [])
        conflicts = []
        for session in self.sessions:
            plan = marks.plan_of(state, pupil, session)
            if marks.mark_of(state, pupil, session) is not None:
                granted.marked.append(session)
            elif marks.register_ended(state, calendar, pupil, session, now):
                granted.over.append(session)
            elif plan is None:
                granted.new.append(session)
            elif plan == self.entry:
                granted.planned.append(session)
            else:
                conflicts.append(f"{plan.code} on {session}")
        if conflicts:
            raise Refused(
                "already-planned",
                f"another absence is planned: {', '.join(conflicts)}",
                "change it with attendance plan change or plan withdraw, or grant other sessions",
            )
        return granted

    def plans(self, new: Iterable[Session], author: Author) -> list[Fact]:
        """Return the plans to record, which name the leave."""
        plan = AbsencePlanned(
            code=self.entry.code,
            nature=self.entry.nature,
            reason=f"leave {self.leave.id}: {self.purpose.text}",
            by=author.staff_id,
        )
        return [Fact(streams.plan(self.leave.pupil.id, session), plan) for session in new]

    def in_words(self, granted: GrantedSessions, *, dry_run: bool) -> Iterator[str]:
        """Yield what the user is told of it."""
        leave, purpose, new = self.leave, self.purpose, granted.new
        would = "would be " if dry_run else ""
        yield (
            f"leave {leave.id}: {would}granted to {self.state.name_of(leave.pupil)} under "
            f"paragraph {purpose.paragraph} ({purpose.allows})"
        )
        yield (
            f"{purpose.code} {would}planned for {number_of(len(new), 'session')}"
            f"{': ' if new else ''}{sessions_in_words(new)}"
        )
        if leave.state == "refused":
            yield "it was refused before; both decisions stay on record"
        for what, which in (
            ("planned already", granted.planned),
            ("with a mark, which stays as it is", granted.marked),
            ("over without a mark: record late entries with attendance mark", granted.over),
        ):
            if which:
                number = number_of(len(which), "session")
                yield f"note: {number} {what}: {sessions_in_words(which)}"

    def _lateness(self, now: int) -> str | None:
        state, request, first = self.state, self.leave.request, self.sessions[0]
        calendar, reason = state.calendar(), request.reason
        reason = reason and state.open_text(reason)
        if not is_in_advance(calendar, request.asked_on, reason, first):
            return f"it was asked for on {request.asked_on}, not in advance of {first}"
        if marks.register_ended(state, calendar, self.leave.pupil, first, now):
            return f"{first} is over: its register has ended"
        return None


def _granting(command: GrantLeave, state: State, leave: Leave) -> Granting:
    """Return what is to be granted; refuse where the school meets none of its sessions."""
    span = _span(command, leave)
    purpose = law.purpose(leave.request.purpose, span.first.date)
    met = sessions_met(state.calendar(), leave.pupil, span)
    if not met:
        raise Refused(
            "nothing-to-grant",
            f"from {span.first} to {span.last} the school meets no session for the pupil",
            "check the dates and the terms; no leave is needed where the school does not meet",
        )
    return Granting(
        state, leave, purpose, span, met, StatedMark(purpose.code, nature=command.nature)
    )


def _span(command: GrantLeave, leave: Leave) -> Span:
    """Return the sessions that are granted of those asked for; all where none is named."""
    asked = leave.asked_for
    span = sessions.span_between(command.from_ or str(asked.first), command.to_ or str(asked.last))
    if not (asked.holds(span.first) and asked.holds(span.last)):
        raise Refused(
            "not-asked-for",
            f"{span.first} to {span.last} is more than was asked for, "
            f"{asked.first} to {asked.last}",
            "grant what was asked for, or record a further request with attendance leave request",
        )
    return span
