"""The duty to consider a penalty notice: what was decided, and what the register said then.

SI 2007/1867 reg 9A: an authorised member of staff who becomes aware of the threshold has to
consider. What the register said is counted over the log itself and kept with the decision.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Literal, NamedTuple

from commands.core import checks, marks
from commands.core.command import Decision, State, UseCase, argument, decided, option
from commands.core.ranges import CALENDAR, Range, one, starting
from commands.core.standing import standing_events
from commands.penalties.undercut_case import Register
from ledger.clock import local_date
from ledger.english import number_of
from ledger.events import streams
from ledger.events.amending import AmendmentRequested
from ledger.events.penalties import PenaltyConsidered
from ledger.state.school import Pupil
from ledger.store.facts import Fact
from ledger.values import Session
from policies.law import penalties
from policies.law.calendar import school_weeks
from policies.packs.codes import Codes, Rules

_ACTS = ("refer", "issue")
# By whom, but not what they were called: another title makes no other consideration.
_COMPARED = ("decision", "reason", "by", "count", "settled", "peak", "entries")


class ConsiderPenalty(UseCase):
    """attendance penalties consider: record what was decided about a pupil's unauthorised absence.

    The act that the law asks of the head, or of whom the head authorises, with its reason.
    """

    pupil: str = argument("UPN or local id")
    decision: Literal["refer", "issue", "not-now", "no-discretion"] = option(
        "refer to the authority, issue, not now, or no discretion to issue"
    )
    reason: str = option("why; kept sealed")

    def reads(self, state: State) -> Iterable[Range]:
        """Name who considers it, the calendar and the pupil.

        Ask for every mark of the pupil, what was considered before, and what waits.
        """
        pupil = state.pupil(self.pupil)
        yield from (state.own_row, CALENDAR, one(streams.pupil(pupil.id)))
        yield starting(streams.mark(pupil.id, ""))
        yield one(streams.penalty(pupil.id))
        yield marks.request_range(pupil)

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Record the decision with what the register says; nothing where it says so already."""
        author, reason = state.author(now), checks.required_text(self.reason, "reason")
        pupil = state.pupil(self.pupil)
        counted = _count_register(state, pupil, rules.codes, now)
        inside = counted.windows.sessions
        event = PenaltyConsidered(
            decision=self.decision,
            reason=reason,
            **author.fields,
            count=counted.windows.count,
            settled=sum(session not in counted.provisional for session in inside),
            peak=counted.windows.peak,
            entries=tuple(f"{session} {counted.entries[session]}" for session in inside),
            seen_at=state.position,
        )
        stream = streams.penalty(pupil.id)
        who = f"{state.name_of(pupil)}: {self.decision}"
        last = standing_events(state, stream)[-1:]
        if any(checks.repeats(state, before, event, _COMPARED) for before in last):
            return decided([], f"{who} is recorded so already; nothing was recorded")
        says = f"{who} recorded, with {number_of(event.count, 'session')} in the latest window"
        says = f"{says} and {event.peak} in the fullest"
        warned = (*_warn_of_few(event, local_date(now)),
                  *_warn_of_requests(marks.requests_of(state, pupil)))  # fmt: skip
        return decided([Fact(stream, event)], says, *warned)


class RegisterCount(NamedTuple):
    """The register as it stands: relevant entries with codes, provisional ones, the windows."""

    entries: dict[Session, str]
    provisional: set[Session]
    windows: penalties.Standing


def _count_register(state: State, pupil: Pupil, codes: Codes, now: int) -> RegisterCount:
    """Return what the pupil's register says towards the threshold, up to today."""
    today, calendar = local_date(now), state.calendar()
    weeks = school_weeks(calendar.school_days())
    marked = {session: mark.code for session, mark in marks.marks_of(state, pupil)}
    counted = Register(pupil, calendar, weeks, marked, codes, today).counted
    entries = {session: marked[session] for session in counted}
    provisional = {s for s, code in entries.items() if codes.rule(code, s.date).provisional}
    windows = penalties.standing(weeks, entries, today, penalties.measure(today))
    return RegisterCount(entries, provisional, windows)


def _warn_of_few(event: PenaltyConsidered, today: date) -> Iterator[str]:
    """Say that the register does not hold what the duty begins with, where somebody acts on it.

    Below it the law leaves a discretion (reg 9A(7)): it is recorded all the same.
    """
    measure = penalties.measure(today)
    if event.decision in _ACTS and event.peak < measure.sessions:
        yield (
            f"the register holds {event.peak} in the fullest {measure.weeks} school weeks: the "
            f"duty to consider begins with {measure.sessions} (SI 2007/1867 reg 9A); check the "
            "pupil, and that the authority's code lets it act below that"
        )


def _warn_of_requests(pending: Mapping[Session, AmendmentRequested]) -> Iterator[str]:
    """Say that amendments wait for approval: the register may change under the decision."""
    if pending:
        sessions = ", ".join(map(str, pending))
        yield f"amendments wait for a second person's approval: {sessions}; look at them first"
