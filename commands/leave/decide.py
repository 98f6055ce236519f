"""Grant leave that was asked for, and plan the absence.

SI 2024/208 reg 11. The plan pre-fills registers; it is no entry until they are taken. A request
that was refused may be granted later: that is a further decision, and both stay on record.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import ClassVar, NamedTuple

from commands.core import checks, marks
from commands.core.command import (
    Author,
    Decision,
    Range,
    State,
    UseCase,
    argument,
    decided,
    option,
    starting,
)
from commands.core.marks import Stated
from commands.core.sessions import Span
from commands.leave import leave as leave_made
from commands.leave import request
from commands.leave.leave import Leave
from commands.leave.leave import reads_of as _reads_of
from ledger.english import number_of
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.leave import LeaveDecided
from ledger.events.register import AbsencePlanned
from ledger.store.store import Fact
from ledger.values import Session
from policies.law import leave as law
from policies.law.leave import Purpose
from policies.packs.codes import Rules

# -- decide --------------------------------------------------------------------------------
# Grant leave that was asked for, and plan the absence.
#
# SI 2024/208 reg 11. The plan pre-fills registers; it is no entry until they are taken. A request
# that was refused may be granted later: that is a further decision, and both stay on record.


class GrantLeave(UseCase):
    """attendance leave grant: grant leave that was asked for, and plan the absence.

    The decision of a person whom the proprietor authorises, with its reason.
    """

    relies_on: ClassVar = (streams.RELATION, streams.PARENT)

    leave_id: str = argument("the id of the request")
    from_: str | None = option("first session or date [as asked]", default=None)
    to_: str | None = option("last session or date [as asked]", default=None)
    reason: str = option("why; kept sealed")
    nature: str | None = option(
        "nature of the activity or provision, where the code needs it", default=None
    )
    letter_on: date | None = option("the date of the letter", default=None)

    def reads(self, state: State) -> Iterable[Range]:
        """Ask for the request, and for marks, plans and registers in its sessions."""
        return _reads_of(state, self.leave_id)

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Grant all that was asked for, or part of it, and plan what has no mark and no plan."""
        author, reason = state.author(now), checks.required(self.reason, "reason")
        checks.check(state, author, checks.DECIDERS, now, "decide on leave")
        leave = leave_made.find(state, self.leave_id)
        leave_made.check_state(
            leave, ("asked", "refused"), "take it back with attendance leave withdraw, or ask anew"
        )
        request.check_related(state, leave.pupil, leave.asked.parent)
        span = leave_made.within(self.from_, self.to_, leave)
        purpose = law.purpose(leave.asked.purpose, span.first.date)
        met = leave_made.met(state.school.calendar(), leave.pupil, span)
        if not met:
            raise Refused(
                "nothing-to-grant",
                f"from {span.first} to {span.last} the school meets no session for the pupil",
                "check the dates and the terms; no leave is needed where the school does not meet",
            )
        notes = [
            *_against_retrospective(state, leave, purpose, met, now),
            *request.against(
                state, leave.pupil, leave.asked, state.open_text(leave.asked.asked_by)
            ),
        ]
        stated = Stated(purpose.code, nature=self.nature)
        _check_may_stand(state, leave, purpose, (rules, stated, met))
        found = _sorted(state, leave, (stated, met), now)
        facts = [
            Fact(
                streams.leave(leave.pupil.id, leave.id),
                _decision(self, author, (purpose, span, reason)),
            ),
            *_plans(leave, purpose, (stated, found.new), author),
        ]
        return decided(facts, *_says(state, leave, purpose, found), *(f"note: {n}" for n in notes))


class _Sessions(NamedTuple):
    """What becomes of the sessions met: planned now, planned already, marked, over unmarked."""

    new: list[Session]
    kept: list[Session]
    marked: list[Session]
    over: list[Session]


def _decision(
    command: GrantLeave, author: Author, granted: tuple[Purpose, Span, str]
) -> LeaveDecided:
    purpose, span, reason = granted
    return LeaveDecided(
        granted=True,
        paragraph=purpose.paragraph,
        code=purpose.code,
        first=str(span.first),
        last=str(span.last),
        reason=reason,
        letter_on=command.letter_on,
        by=author.staff_id,
        name=author.name,
        job_title=author.job_title,
    )


def _against_retrospective(
    state: State, leave: Leave, purpose: Purpose, met: list[Session], now: int
) -> Iterator[str]:
    """Refuse leave after the fact where the paragraph does not allow it; yield what to note."""
    if not purpose.in_advance:
        return
    first, asked = met[0], leave.asked
    reason = asked.reason and state.open_text(asked.reason)
    if not request.in_advance(state.school.calendar(), asked.asked_on, reason, first):
        why = f"it was asked for on {asked.asked_on}, not in advance of {first}"
    elif leave_made.ended(state, leave.pupil, first, now):
        why = f"{first} is over: its register has ended"
    else:
        return
    opened = state.school.opened
    needs = f"paragraph {purpose.paragraph} allows no leave after the fact"
    if law.is_bound(opened.type if opened else None, first.date):
        raise Refused(
            "leave-retrospective",
            f"{needs}: {why} ({purpose.rule.reference})",
            "grant what is still ahead with --from, or refuse it with attendance leave refuse",
        )
    yield f"{why}; {needs}, and guidance expects the same of schools that it does not bind"


def _check_may_stand(
    state: State, leave: Leave, purpose: Purpose, wanted: tuple[Rules, Stated, list[Session]]
) -> None:
    """Refuse a purpose or code that is not for a pupil of this age, or needs more data."""
    (rules, stated, met), pupil = wanted, leave.pupil
    calendar = state.school.calendar()
    for session in met:
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
        marks.check_entry(rules.codes, calendar, pupil=pupil, session=session, stated=stated)


def _sorted(
    state: State, leave: Leave, wanted: tuple[Stated, list[Session]], now: int
) -> _Sessions:
    """Tell apart the sessions met; refuse where another absence is planned on one of them."""
    (stated, met), pupil = wanted, leave.pupil
    found = _Sessions([], [], [], [])
    conflicts = []
    for session in met:
        plan = marks.plan_of(state, pupil, session)
        if marks.mark_of(state, pupil, session) is not None:
            found.marked.append(session)
        elif leave_made.ended(state, pupil, session, now):
            found.over.append(session)
        elif plan is None:
            found.new.append(session)
        elif plan == stated:
            found.kept.append(session)
        else:
            conflicts.append(f"{plan.code} on {session}")
    if conflicts:
        raise Refused(
            "already-planned",
            f"another absence is planned: {', '.join(conflicts)}",
            "change it with attendance plan change or plan withdraw, or grant other sessions",
        )
    return found


def _plans(
    leave: Leave, purpose: Purpose, wanted: tuple[Stated, list[Session]], author: Author
) -> list[Fact]:
    stated, new = wanted
    why = f"leave {leave.id}: {purpose.text}"
    plan = AbsencePlanned(code=stated.code, nature=stated.nature, reason=why, by=author.staff_id)
    return [Fact(streams.plan(leave.pupil.id, session), plan) for session in new]


def _says(state: State, leave: Leave, purpose: Purpose, found: _Sessions) -> Iterator[str]:
    yield (
        f"leave {leave.id}: granted to {state.name_of(leave.pupil)} under paragraph "
        f"{purpose.paragraph} ({purpose.allows})"
    )
    yield (
        f"{purpose.code} planned for {number_of(len(found.new), 'session')}"
        f"{': ' if found.new else ''}{leave_made.in_words(found.new)}"
    )
    if leave.state == "refused":
        yield "it was refused before; both decisions stay on record"
    for what, which in (
        ("planned already", found.kept),
        ("with a mark, which stays as it is", found.marked),
        ("over without a mark: record late entries with attendance mark", found.over),
    ):
        if which:
            sessions = number_of(len(which), "session")
            yield f"note: {sessions} {what}: {leave_made.in_words(which)}"


# -- leave_refuse --------------------------------------------------------------------------
# Refuse leave that was asked for, with the reason.
#
# A refusal is recorded, because a school must be able to show that it refused. It plans nothing.


class RefuseLeave(UseCase):
    """attendance leave refuse: refuse leave that was asked for, with the reason.

    The decision of a person whom the proprietor authorises, with its reason.
    """

    relies_on: ClassVar = (streams.RELATION, streams.PARENT)

    leave_id: str = argument("the id of the request")
    reason: str = option("why; kept sealed")
    letter_on: date | None = option("the date of the letter", default=None)

    def reads(self, _state: State) -> Iterable[Range]:
        """Ask for the request."""
        yield starting(streams.LEAVE)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the refusal."""
        author, reason = state.author(now), checks.required(self.reason, "reason")
        checks.check(state, author, checks.DECIDERS, now, "decide on leave")
        leave = leave_made.find(state, self.leave_id)
        leave_made.check_state(
            leave, ("asked",), "granted leave is taken back with attendance leave withdraw"
        )
        event = LeaveDecided(
            granted=False,
            reason=reason,
            letter_on=self.letter_on,
            by=author.staff_id,
            name=author.name,
            job_title=author.job_title,
        )
        asked = leave.asked_for
        purpose = law.purpose(leave.asked.purpose, asked.first.date)
        name = state.open_text(leave.asked.asked_by)
        notes = request.against_letter(state, leave.pupil, leave.asked.parent, name)
        return decided(
            [Fact(streams.leave(leave.pupil.id, leave.id), event)],
            f"leave {leave.id}: refused to {state.name_of(leave.pupil)}, {asked.first} to "
            f"{asked.last} ({purpose.text})",
            f"the code for {purpose.text} without leave is {purpose.unauthorised}: "
            "nothing is planned",
            *(f"note: {note}" for note in notes),
        )
