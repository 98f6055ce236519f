"""Record that leave of absence was asked for.

SI 2024/208 reg 11: what is asked, by whom and when is recorded as it was; whether it may be
granted is for the decision. What stands against it is said at once.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import ClassVar

from pydantic import field_validator

from commands.core import checks as given
from commands.core import sessions
from commands.core.command import (
    Decision,
    Range,
    State,
    UseCase,
    argument,
    decided,
    option,
    starting,
)
from commands.leave import leave as leave_made
from commands.leave import leave_asker, leave_rules
from commands.leave.leave_rules import number_of
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.leave import LeaveRequested
from ledger.state.school import Pupil
from ledger.store.store import Fact
from ledger.values import Session
from policies.law import leave
from policies.law.leave import Purpose
from policies.packs.rules import Rules

_OPEN = ("asked", "granted")


class RequestLeave(UseCase):
    """attendance leave request: record that leave of absence was asked for.

    Who asked, when, for which sessions and what for; nothing is planned until it is granted.
    """

    relies_on: ClassVar = (streams.RELATION, streams.PARENT)

    pupil: str = argument("UPN or local id")
    from_: str = option("first session or date")
    to_: str = option("last session or date")
    purpose: str = option(
        "what for: holiday, exceptional, interview, ... (an unknown one lists all)"
    )
    asked_by: str = option("who asked, in words; kept sealed")
    parent: str | None = option("the school's id of the parent who asked", default=None)
    asked_on: str = option("the day on which it was asked for, or when: 2026-11-20T08:30")
    reason: str | None = option("the reason given; kept sealed", default=None)

    @field_validator("asked_on", mode="before")
    @classmethod
    def _written(cls, value: object) -> object:
        return value.isoformat() if isinstance(value, date) else value

    def reads(self, state: State) -> Iterable[Range]:
        """Ask for the pupil's other requests."""
        yield starting(streams.leave(state.pupil(self.pupil).id, ""))

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the request as it was made, and say what a decision has to look at."""
        by, pupil = state.author(now).staff_id, state.pupil(self.pupil)
        name = _named(self.asked_by)
        asked_on, at = leave_asker.read(self.asked_on, now)
        parent = self.parent and given.identifier(self.parent)
        leave_asker.check_related(state, pupil, parent)
        span = sessions.between(self.from_, self.to_)
        wanted = leave.purpose(self.purpose, span.first.date)
        event = LeaveRequested(
            first=str(span.first),
            last=str(span.last),
            purpose=wanted.name,
            asked_on=asked_on,
            parent=parent,
            asked_by=name,
            reason=leave_asker.with_time(at, self.reason),
            by=by,
        )
        leave_id = state.new_pupil_id()
        met = leave_rules.met(state.school.calendar(), pupil, span)
        says = [
            (
                f"leave {leave_id}: {state.name_of(pupil)}, {span.first} to {span.last}, "
                f"{wanted.text}"
            ),
            _counted(met),
            *(f"note: {note}" for note in _notes(state, pupil, event, met, wanted)),
            (
                f"decide it with attendance leave grant {leave_id}, "
                f"or attendance leave refuse {leave_id}"
            ),
        ]
        return decided([Fact(streams.leave(pupil.id, leave_id), event)], *says)


def _named(asked_by: str) -> str:
    name = asked_by.strip()
    if not given.is_visible(name):
        raise Refused("asked-by-missing", "it is not said who asked", "name them with --asked-by")
    return name


def _counted(met: list[Session]) -> str:
    if not met:
        return "the school meets no session of it for the pupil, as its terms are recorded"
    return f"{number_of(len(met), 'session')} that the school meets: {leave_rules.in_words(met)}"


def _notes(
    state: State, pupil: Pupil, event: LeaveRequested, met: list[Session], wanted: Purpose
) -> Iterator[str]:
    calendar = state.school.calendar()
    if (
        met
        and wanted.in_advance
        and not leave_asker.in_advance(calendar, event.asked_on, event.reason, met[0])
    ):
        yield (
            f"asked for on {event.asked_on}, which is not in advance of {met[0]}; "
            f"paragraph {wanted.paragraph} needs that"
        )
    yield from leave_asker.against(state, pupil, event, event.asked_by)
    for other in leave_made.of_pupil(state, pupil):
        span = other.covers
        first, last = str(span.first), str(span.last)
        if other.state in _OPEN and first <= event.last and event.first <= last:
            yield f"leave {other.id} ({other.state}) is for {first} to {last} too"
