"""attendance mark: record one pupil's first mark for a session."""

from collections.abc import Iterable

from commands import mark_rules
from commands.base import Command, Decision, Range, State, argument, decided, one, option, starting
from ledger import streams
from ledger.errors import Refused
from ledger.events.register import MarkCorrected, RegisterTaken, SessionMarked
from ledger.school import Pupil
from ledger.store import Fact
from ledger.values import Session
from policies.rules import Rules


class MarkSession(Command):
    """A pupil's mark for a session; made after the register has ended it is a late entry."""

    pupil: str = argument("UPN or local id")
    session: Session = argument("the session, 2026-11-20/AM")
    code: str = argument("the attendance code")
    minutes_late: int | None = option("minutes late", default=None, ge=0)
    nature: str | None = option("nature of the activity (B, K) or cause (Y7)", default=None)
    comment: str | None = option("a comment, kept sealed", default=None)
    reason: str | None = option("why the entry is late", default=None)


def reads(command: MarkSession, state: State) -> Iterable[Range]:
    """Ask for the mark as it stands and for the register's taking."""
    pupil = state.pupil(command.pupil)
    yield one(streams.mark(pupil.id, command.session))
    yield starting(f"{streams.REGISTER}{command.session}:")


def decide(command: MarkSession, state: State, rules: Rules, now: int) -> Decision:
    """Record a first mark, or correct one while its register is still open."""
    pupil, session = state.pupil(command.pupil), command.session
    author = state.author(now)
    check(command, state, rules, now)
    mark = state.mark(pupil, session)
    end = mark_rules.end_of_taking(state.school.calendar(), session, taken(state, pupil, session))
    late = end is not None and now > end
    fields = command.model_dump(include={"code", "minutes_late", "nature", "reason"})
    stream = streams.mark(pupil.id, session)
    who = f"{state.name_of(pupil)} {session}"
    if mark.code is None:
        entry = SessionMarked(**fields, late=late, comment=command.comment, by=author.staff_id)
        kind = "late entry" if late else "entry"
        return decided([Fact(stream, entry)], f"{who}: {command.code} recorded ({kind})")
    if mark.code == command.code:
        return decided([], f"{who}: {command.code} already stands; nothing was recorded")
    if late:
        raise Refused(
            "already-marked",
            f"{mark.code} already stands for {session}, and its register has ended",
            "change it with attendance amend, giving the reason",
        )
    corrected = MarkCorrected(**fields, original=mark.code, by=author.staff_id)
    return decided([Fact(stream, corrected)],
                   f"{who}: {mark.code} corrected to {command.code} during taking")  # fmt: skip


def check(command: MarkSession, state: State, rules: Rules, now: int) -> None:
    """Refuse what may not stand."""
    pupil, session = state.pupil(command.pupil), command.session
    mark_rules.check_not_future(session, now)
    rule = mark_rules.code_rule(rules.codes, command.code, session)
    mark_rules.check_on_roll(pupil, session)
    mark_rules.check_met(state.school.calendar(), pupil, session)
    mark_rules.check_age(rule, pupil, session.date)
    mark_rules.check_extras(rule, mark_rules.Stated(command.code, nature=command.nature))


def taken(state: State, pupil: Pupil, session: Session) -> list[RegisterTaken]:
    """Return how the registers of the pupil's groups were taken for a session."""
    return [
        event
        for group in pupil.groups(session.date)
        for event in state.histories.get(streams.register(group, session), ())
        if isinstance(event, RegisterTaken)
    ]
