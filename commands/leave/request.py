"""Record that leave of absence was asked for, and what speaks against it.

SI 2024/208 reg 11: what is asked, by whom and when is recorded as it was; whether it may be
granted is for the decision. What stands against it is said at once (reg 11(11) and (12)), and
again when it is decided.

The event of a request keeps the day of asking. Where the time is known too, fixed words at the
beginning of the reason say so, sealed with it; they are read back here.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, time

from commands.core import families, sessions
from commands.core.command import Decision, State, UseCase, argument, decided, option
from commands.core.ranges import CALENDAR, Range, one, starting
from commands.core.sessions import Span
from commands.leave import asker
from commands.leave.leave import leaves_of, sessions_in_words, sessions_met
from ledger import names
from ledger.clock import local, local_date, parse_instant
from ledger.english import number_of
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.leave import LeaveRequested
from ledger.state.calendar import Calendar
from ledger.state.school import Pupil
from ledger.store.facts import Fact
from ledger.values import HALVES, Session, parse_date
from policies.law import leave as law
from policies.law.leave import Purpose
from policies.packs.codes import Rules

_OPEN = ("asked", "granted")


class RequestLeave(UseCase):
    """attendance leave request: record that leave of absence was asked for.

    Who asked, when, for which sessions and what for; nothing is planned until it is granted.
    """

    pupil: str = argument("UPN or local id")
    from_: str = option("first session or date")
    to_: str = option("last session or date")
    purpose: str = option(
        "what for: holiday, exceptional, interview, ... (an unknown one lists all)"
    )
    asked_by: str = option("who asked, in words; kept sealed", kept=names.name)
    parent: str | None = option(
        "the school's id of the parent who asked [the one of that name]", default=None
    )
    as_written: bool = option(
        "the name is right, though no parent on record is called so", default=False
    )
    asked_on: str = option("the day on which it was asked for, or when: 2026-11-20T08:30")
    reason: str | None = option("the reason given; kept sealed", default=None)
    again: bool = option(
        "record it besides leave for the same days and purpose that is asked for or granted",
        default=False,
    )

    def reads(self, state: State) -> Iterable[Range]:
        """Name who records it, the calendar, the pupil and the parents; ask for other leave."""
        pupil = state.pupil(self.pupil)
        yield from (state.own_row, CALENDAR, one(streams.pupil(pupil.id)))
        yield starting(streams.leave(pupil.id, ""))
        yield from families.relation_reads(state, pupil)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the request as it was made, and say what a decision has to look at."""
        by, pupil = state.author(now).staff_id, state.pupil(self.pupil)
        asked_on, at = _read_asked_on(self.asked_on, now)
        span = sessions.span_between(self.from_, self.to_)
        purpose = law.purpose(self.purpose, span.first.date)
        alone = _may_ask(pupil, span.first.date) and families.is_own_name(
            state, pupil, self.asked_by
        )
        who = asker.find(
            state, pupil, self.asked_by, self.parent, as_written=self.as_written or alone
        )
        event = LeaveRequested(
            first=str(span.first),
            last=str(span.last),
            purpose=purpose.name,
            asked_on=asked_on,
            parent=who.parent,
            asked_by=who.name,
            reason=_with_time(at, self.reason),
            by=by,
        )
        if not self.again:
            _check_not_there(state, pupil, span, purpose)
        leave_id = state.new_id()
        met = sessions_met(state.calendar(), pupil, span)
        says = [
            (
                f"leave {leave_id}: {state.name_of(pupil)}, {span.first} to {span.last}, "
                f"{purpose.text}"
            ),
            _count_in_words(met),
            *who.in_words,
            *(f"note: {note}" for note in _notes(state, pupil, event, met, purpose)),
            f"to grant it: attendance leave grant {leave_id} --reason WHY",
            f"to refuse it: attendance leave refuse {leave_id} --reason WHY",
        ]
        return decided([Fact(streams.leave(pupil.id, leave_id), event)], *says)


def _check_not_there(state: State, pupil: Pupil, span: Span, purpose: Purpose) -> None:
    """Refuse what may be the same request once more: leave for these sessions and this purpose."""
    for other in leaves_of(state, pupil):
        is_same = other.request.purpose == purpose.name and other.covers[:2] == span[:2]
        if other.state in _OPEN and is_same:
            state_of = "is asked for" if other.state == "asked" else "is granted"
            raise Refused(
                "leave-there-already",
                f"leave {other.id} of {state.name_of(pupil)}, {span.first} to {span.last}, "
                f"{state_of} already, since a request of {other.request.asked_on}",
                "see it with attendance leave --pupil UPN; a request besides it is recorded with "
                "--again, and one that is no more is taken back with attendance leave withdraw",
            )


def _count_in_words(met: list[Session]) -> str:
    if not met:
        return "the school meets no session of it for the pupil, as its terms are recorded"
    return f"{number_of(len(met), 'session')} that the school meets: {sessions_in_words(met)}"


def _notes(
    state: State, pupil: Pupil, event: LeaveRequested, met: list[Session], purpose: Purpose
) -> Iterator[str]:
    calendar = state.calendar()
    if (
        met
        and purpose.in_advance
        and not is_in_advance(calendar, event.asked_on, event.reason, met[0])
    ):
        yield (
            f"asked for on {event.asked_on}, which is not in advance of {met[0]}; "
            f"paragraph {purpose.paragraph} needs that"
        )
    yield from objections(state, pupil, event, event.asked_by)
    for other in leaves_of(state, pupil):
        span = other.covers
        first, last = str(span.first), str(span.last)
        if other.state in _OPEN and first <= event.last and event.first <= last:
            yield f"leave {other.id} ({other.state}) is for {first} to {last} too"


_AT = re.compile(r"asked for at (\d\d:\d\d)(?:; |$)")


def _read_asked_on(text: str, now: int) -> tuple[date, str | None]:
    """Return the day that a text names, and the London time where it names an instant.

    Refused as ``asked-in-the-future`` where it has not come yet.
    """
    if re.search("[T ]", text):
        instant = parse_instant(text)
        day, at, ahead = local_date(instant), f"{local(instant):%H:%M}", instant > now
    else:
        day, at = parse_date(text), None
        ahead = day > local_date(now)
    if ahead:
        raise Refused(
            "asked-in-the-future",
            f"{text} has not come yet",
            "give the day on which it was asked for with --asked-on",
        )
    return day, at


def _with_time(at: str | None, reason: str | None) -> str | None:
    """Return a reason that begins with the time of asking, where that is known."""
    return "; ".join(filter(None, (at and f"asked for at {at}", reason))) or None


def is_in_advance(calendar: Calendar, asked_on: date, reason: str | None, first: Session) -> bool:
    """Tell whether leave was asked for before its first session; ``reason``: its text, opened."""
    time_of_asking = _AT.match(reason or "")
    at = time.fromisoformat(time_of_asking[1]) if time_of_asking else None
    return law.in_advance(asked_on, first.date, at, _opens(calendar, first))


def objections(state: State, pupil: Pupil, asked: LeaveRequested, name: str) -> Iterator[str]:
    """Yield what speaks against who asked; the pupil's relations were asked for."""
    yield from letter_objections(state, pupil, asked.parent, name)
    first = date.fromisoformat(asked.first.partition("/")[0])
    rule = law.asked_by(first)
    if rule is None:
        return
    who = f"leave is asked for by {rule.value} ({rule.reference})"
    if asked.parent is None:
        if not _may_ask(pupil, first):
            yield f"no parent on record is named; {who}"
        return
    relation, day = state.school.relations[asked.parent, pupil.id], asked.asked_on
    if not (relation.since or day) <= day <= (relation.until or day):
        yield f"parent {asked.parent} was not on record for this pupil on {day}; {who}"
    elif relation.lives_with != "yes":
        lives = "does not live" if relation.lives_with == "no" else "is not known to live"
        yield f"parent {asked.parent} {lives} with the pupil; {who}"


def _may_ask(pupil: Pupil, first: date) -> bool:
    """Tell whether the pupil, above compulsory school age, asks alone."""
    return law.age(first, pupil.compulsory_from, pupil.birth_cohort) == "above"


def letter_objections(state: State, pupil: Pupil, parent: str | None, name: str) -> Iterator[str]:
    """Yield why no letter can go to who asked; ``name``: who that is, in words."""
    if parent is not None and (parent, pupil.id) not in state.school.relations:
        yield f"parent {parent} is not recorded as a parent of this pupil: no letter goes to them"
    for barred, relation in families.relations_of(state, pupil).items():
        if relation.no_contact != "yes":
            continue
        if barred == parent or (parent is None and families.is_named_in(state, barred, name)):
            yield (
                f"no_contact is yes for parent {barred}: they may not be contacted, and no "
                "letter goes to them"
            )


def _opens(calendar: Calendar, session: Session) -> time | None:
    times = [each for each in calendar.times if each.since <= session.date]
    if not times:
        return None
    return (times[-1].am if session.half == HALVES[0] else times[-1].pm)[0]
