"""Whether the marks show the absence that a ground for deletion counts in school days.

Absent: recorded as unauthorised and not as late, on every session that the school met for the
pupil. It is what the final three rows of Table 3 say (SI 2024/208 reg 9(1)(i)).
"""

from collections.abc import Iterable, Iterator
from itertools import groupby

from commands.core import marks as mark_rules
from commands.core import standing
from commands.core.command import State
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.state.calendar import Calendar
from ledger.state.school import Pupil, Spell
from ledger.values import Session
from policies.law.roll import Ground
from policies.packs.codes import Codes


def ended(
    state: State, calendar: Calendar, pupil: Pupil, spell: Spell, now: int
) -> Iterator[Session]:
    """Yield the sessions met for a pupil in a spell whose registers have ended, latest first.

    The use case must have asked for the registers.
    """
    past = [
        session
        for session in calendar.sessions(spell.starts_on, local_date(now))
        if calendar.meets(session, pupil.groups(session.date))
        and mark_rules.has_ended(calendar, session, standing.taken(state, pupil, session), now)
    ]
    return reversed(past)


def check(
    state: State, codes: Codes, pupil: Pupil, past: Iterable[Session], ground: Ground
) -> None:
    """Refuse a ground whose school days of absence the marks do not show.

    ``past``: the sessions to look at, latest first; the pupil's marks must have been asked for.
    """
    shown = 0
    for _, day in groupby(past, key=lambda session: session.date):
        if shown == ground.school_days:
            break
        for session in day:
            why = _present(state, codes, pupil, session)
            if why is not None:
                raise _short(ground, shown, f"{session} {why}")
        shown += 1
    if ground.school_days is not None and shown < ground.school_days:
        raise _short(ground, shown, "the pupil's time on roll holds no more")


def _present(state: State, codes: Codes, pupil: Pupil, session: Session) -> str | None:
    mark = state.mark(pupil, session)
    if mark.code is None:
        return "has no mark"
    rule = codes.rule(mark.code, session.date)
    absent = rule.unauthorised and not rule.late
    return None if absent else f"says {mark.code} ({rule.description})"


def _short(ground: Ground, shown: int, why: str) -> Refused:
    return Refused(
        "absence-too-short",
        f"{ground.provision} needs {ground.school_days} school days of absence on end, and the "
        f"marks show {shown}: {why}",
        "amend what is wrong in the register, or delete the name on the ground that applies",
    )
