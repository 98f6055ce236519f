"""Marks and plans: what stands, what waits for a second person, and what may be entered.

The use cases that take, mark, plan, amend, grant leave and import share these readings of the
state and these checks. A reading sees only the streams that the use case asked for.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from msgspec import Struct

from commands.core import checks
from commands.core.command import Author, State
from commands.core.ranges import Range, between, one, starting
from commands.core.sessions import Span
from ledger import clock
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.amending import AmendmentRequested, RequestDecided
from ledger.events.base import Event
from ledger.events.register import (
    AbsencePlanned,
    MarkAmended,
    MarkCorrected,
    PlanChanged,
    RegisterTaken,
)
from ledger.state.calendar import Calendar
from ledger.state.marks import fold
from ledger.state.school import Pupil
from ledger.values import Session, parse_session
from policies.law.age import is_compulsory
from policies.packs.codes import CodeRule, Codes

MOST_MINUTES_LATE = 720
"""Half a day: no session is longer."""


class StatedMark(NamedTuple):
    """A mark as somebody states it."""

    code: str
    minutes_late: int | None = None
    nature: str | None = None


class Amendment(Struct, frozen=True):
    """Who amends and why; ``batch`` ties the amendments of one request together."""

    author: Author
    reason: str
    batch: str | None = None

    def mark(self, original: str, stated: StatedMark) -> MarkAmended:
        """Return the amendment of a mark: reg 6(1)'s five, with the title."""
        return MarkAmended(
            original=original,
            **stated._asdict(),
            reason=self.reason,
            batch=self.batch,
            **self.author.fields,
        )

    def correction(self, original: str, stated: StatedMark) -> MarkCorrected:
        """Return the change of a mark whose register is still being taken."""
        by = self.author.staff_id
        return MarkCorrected(original=original, **stated._asdict(), reason=self.reason, by=by)


# What stands, is planned or waits, among the streams that the use case asked for


def mark_of(state: State, pupil: Pupil, session: Session) -> StatedMark | None:
    """Return the mark that stands, its sealed text opened; the use case must have asked for it."""
    return mark_after(state, state.histories.get(streams.mark(pupil.id, session), ()))


def mark_after(state: State, history: Iterable[Event]) -> StatedMark | None:
    """Return the mark that events of one stream leave, its sealed text opened."""
    mark = fold(history)
    if mark.code is None:
        return None
    return StatedMark(mark.code, mark.minutes_late, _open_text(state, mark.nature))


def plan_of(state: State, pupil: Pupil, session: Session) -> StatedMark | None:
    """Return what is planned, its sealed text opened; the use case must have asked for it."""
    return plan_after(state, state.histories.get(streams.plan(pupil.id, session), ()))


def plan_after(state: State, history: Sequence[Event]) -> StatedMark | None:
    """Return what events of one stream leave planned, its sealed text opened."""
    newest = history[-1] if history else None
    if isinstance(newest, AbsencePlanned | PlanChanged):
        return StatedMark(newest.code, nature=_open_text(state, newest.nature))
    return None


def marks_of(state: State, pupil: Pupil) -> Iterator[tuple[Session, StatedMark]]:
    """Yield every mark of a pupil among what was asked for, in order of session."""
    return _stated_marks(state, streams.mark(pupil.id, ""), lambda s: mark_of(state, pupil, s))


def plans_of(state: State, pupil: Pupil) -> Iterator[tuple[Session, StatedMark]]:
    """Yield every plan of a pupil among what was asked for, in order of session."""
    return _stated_marks(state, streams.plan(pupil.id, ""), lambda s: plan_of(state, pupil, s))


def takings(state: State, pupil: Pupil, session: Session) -> list[RegisterTaken]:
    """Return how the registers of the pupil's groups were taken for a session."""
    return [
        event
        for group in pupil.groups(session.date)
        for event in state.histories.get(streams.register(group, session), ())
        if isinstance(event, RegisterTaken)
    ]


def taking_ranges(state: State, pupil: Pupil, covered: Span) -> Iterator[Range]:
    """Ask for how the registers of a pupil's groups were taken, for `takings`.

    In a span of sessions, of those in terms: outside of them nothing is entered.
    """
    between = state.calendar().sessions(covered.first.date, covered.last.date)
    for session in (covered.first,) if covered.single else between:
        if covered.holds(session):
            for group in pupil.groups(session.date):
                yield one(streams.register(group, session))


def request_range(pupil: Pupil, span: Span | None = None) -> Range:
    """Return the range of a pupil's requests, of every session or of a span."""
    if span is None:
        return starting(streams.approval(pupil.id, ""))
    return between(*(streams.approval(pupil.id, session) for session in span[:2]))


def requests_of(state: State, pupil: Pupil) -> dict[Session, AmendmentRequested]:
    """Return what waits for a second person, by session, among what was asked for."""
    found = ((session, request) for of, session, request in open_requests(state) if of == pupil.id)
    return dict(sorted(found, key=lambda each: each[0]))


def open_requests(state: State) -> Iterator[tuple[str, Session, AmendmentRequested]]:
    """Yield what waits, by pupil id and session, among what was asked for."""
    for stream, events in state.histories.items():
        request = open_request(events) if stream.startswith(streams.APPROVAL) else None
        if request is not None:
            _, pupil_id, session = streams.parts(stream)
            yield pupil_id, parse_session(session), request


def open_request(events: Iterable[Event]) -> AmendmentRequested | None:
    """Return the request of one stream that is not decided yet."""
    request = None
    for event in events:
        match event:
            case AmendmentRequested():
                request = event
            case RequestDecided():
                request = None
            case _:
                pass
    return request


# What may be entered, and when the taking of a register is over


def check_entry(
    codes: Codes, calendar: Calendar, *, pupil: Pupil, session: Session, stated: StatedMark
) -> None:
    """Refuse a mark that nobody may enter or amend to for a pupil and session."""
    rule = code_rule(codes, stated.code, session)
    check_by_hand(rule, stated)
    check_on_roll(pupil, session)
    check_met(calendar, pupil, session)
    check_age(rule, pupil, session.date)
    check_extras(rule, stated)


def check_by_hand(rule: CodeRule, stated: StatedMark) -> None:
    """Refuse a code that follows from the calendar, and minutes late that mean nothing."""
    if rule.category == "administrative":
        raise Refused(
            "code-no-entry",
            f"{rule.code} says that no entry is due: {rule.description}",
            "record the closure or the pupil's starting day, and leave the mark out",
        )
    if rule.cancels:
        raise Refused(
            "code-cancelled",
            f"{rule.code} stands for everyone when a session is cancelled, not by hand",
            "cancel the session with attendance session cancel",
        )
    if stated.minutes_late is not None and stated.minutes_late > MOST_MINUTES_LATE:
        raise Refused(
            "minutes-too-many",
            f"{stated.minutes_late} minutes late are more than any session is long",
            f"give the minutes after the register opened, up to {MOST_MINUTES_LATE}",
        )
    if stated.minutes_late is not None and not rule.late:
        raise Refused(
            "minutes-not-late",
            f"minutes late are given, but {rule.code} does not say late",
            "leave out the minutes, or use a code for late",
        )


def check_extras(rule: CodeRule, stated: StatedMark) -> None:
    """Refuse a mark without the extra data that the law asks for (reg 10(5) and (6))."""
    if rule.requires and not checks.is_visible(stated.nature or ""):
        raise Refused(
            "nature-missing",
            f"code {rule.code} needs the {rule.requires} to be recorded ({rule.reference})",
            "say what it is with --nature",
        )


def check_age(rule: CodeRule, pupil: Pupil, day: date) -> None:
    """Refuse a code that is only for pupils of, or not of, compulsory school age."""
    if rule.age is None:
        return
    compulsory = is_compulsory(day, pupil.compulsory_from, pupil.birth_cohort)
    if compulsory != (rule.age == "compulsory"):
        is_or_not = "is" if compulsory else "is not"
        raise Refused(
            "code-age",
            f"the pupil {is_or_not} of compulsory school age on {day}: {rule.code} cannot stand",
            f"{rule.code} is for pupils {'' if rule.age == 'compulsory' else 'not '}"
            "of compulsory school age; use another code",
        )


def check_on_roll(pupil: Pupil, session: Session) -> None:
    """Refuse a mark for a pupil who is not on roll."""
    if not pupil.on_roll(session.date):
        raise Refused(
            "not-on-roll",
            f"the pupil is not on roll on {session.date}",
            "check the date, or the pupil's first and last day on roll",
        )


def check_met(calendar: Calendar, pupil: Pupil, session: Session) -> None:
    """Refuse a mark for a session that the school does not meet for this pupil."""
    if calendar.meets_everyone(session):
        return
    if not calendar.in_term(session.date):
        raise Refused(
            "outside-term",
            f"the school does not meet on {session.date}: no term, or a weekend",
            "check the date, or set the term with attendance terms set",
        )
    closure = calendar.closure(session, pupil.groups(session.date))
    if closure is not None and not closure.cancelled:
        raise Refused(
            "school-closed",
            f"the school is closed on {session} ({calendar.why(closure) or 'planned closure'})",
            "check the date, or withdraw the closure with attendance closures withdraw",
        )
    if closure is not None:
        raise Refused(
            "session-cancelled",
            f"session {session} was cancelled ({calendar.why(closure) or 'no reason given'})",
            "its code stands for everyone; if it was held: attendance closures withdraw",
        )


def check_not_future(session: Session, now: int) -> None:
    """Refuse a mark for a session that has not come yet."""
    if session.date > clock.local_date(now):
        raise Refused(
            "future-session",
            f"session {session} has not come yet",
            "record what is expected with attendance plan add",
        )


def already_marked(code: str, session: Session) -> Refused:
    """Return the refusal of a first mark where one stands and the register has ended."""
    return Refused(
        "already-marked",
        f"{code} already stands for {session}, and its register has ended",
        "change it with attendance amend, giving the reason",
    )


def code_rule(codes: Codes, code: str, session: Session) -> CodeRule:
    """Return the code's rule on the day; refuse one not in force or not for that half day."""
    rule = codes.rule(code, session.date)
    if session.half not in rule.sessions:
        raise Refused(
            "code-wrong-session",
            f"code {code} does not belong in a {session.half} session",
            f"use {codes.present(session.half)} for a pupil who was present",
        )
    return rule


def end_of_taking(calendar: Calendar, session: Session, taken: list[RegisterTaken]) -> int | None:
    """Return when the taking of a register ended: as recorded, else the closing time.

    None where neither is known: then nothing counts as late.
    """
    if taken:
        return max(t.ended for t in taken)
    return calendar.closing(session)


def has_ended(calendar: Calendar, session: Session, taken: list[RegisterTaken], now: int) -> bool:
    """Tell whether the taking of a register is over, so that a change is an amendment.

    A recorded taking is over; without one the closing time decides, and where that is not known
    the end of the day: no register is still being taken on a later day.
    """
    end = end_of_taking(calendar, session, taken)
    return bool(taken) or now > (clock.end_of_day(session.date) if end is None else end)


def register_ended(
    state: State, calendar: Calendar, pupil: Pupil, session: Session, now: int
) -> bool:
    """Tell whether the register of a session is over for a pupil; its takings were asked for."""
    return has_ended(calendar, session, takings(state, pupil, session), now)


def _stated_marks(
    state: State, prefix: str, read: Callable[[Session], StatedMark | None]
) -> Iterator[tuple[Session, StatedMark]]:
    names = (name for name in state.histories if name.startswith(prefix))
    for session in sorted(parse_session(name.removeprefix(prefix)) for name in names):
        stated = read(session)
        if stated is not None:
            yield session, stated


def _open_text(state: State, text: str | None) -> str | None:
    return text and state.open_text(text)
