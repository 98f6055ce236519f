"""attendance pupil remove: delete a pupil's name from the roll after a last day.

A deletion back in time, over marks that stand, is refused: the register would say that somebody
attended who was not on roll.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from commands import given, sessions, standing
from commands.base import Command, Decision, Range, State, argument, decided, option
from ledger import streams
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events.roll import PupilRemoved
from ledger.school import Pupil, Spell
from ledger.store import Fact
from ledger.values import HALVES, Session
from policies.rules import Rules


class RemovePupil(Command):
    """The spell on roll ends on the last day, on a ground of SI 2024/208 reg 9."""

    pupil: str = argument("UPN or local id")
    last_day: date = option("last day on roll")
    ground: str = option("the ground: a letter of reg 9(1), or in words")
    next_school: str | None = option("name of the next school", default=None)


def reads(command: RemovePupil, state: State) -> Iterable[Range]:
    """Ask for the pupil's marks after the last day."""
    first = Session(command.last_day + timedelta(days=1), HALVES[0])
    span = sessions.Span(first, Session(date.max, HALVES[-1]))
    yield sessions.marks(state.pupil(command.pupil), span)


def decide(command: RemovePupil, state: State, _rules: Rules, now: int) -> Decision:
    """End the spell that holds the last day."""
    by, pupil = state.author(now).staff_id, state.pupil(command.pupil)
    ground, spell = given.required(command.ground, "ground"), _spell(pupil, command.last_day)
    name = state.name_of(pupil)
    if spell.leaves_on == command.last_day:
        return decided([], f"{name} is off roll after {spell.leaves_on}; nothing was recorded")
    if spell.leaves_on is not None and spell.leaves_on < local_date(now):
        raise Refused(
            "already-removed",
            f"{name} was removed from the roll after {spell.leaves_on}",
            "a last day that has passed stands; enrol the pupil again for a new spell",
        )
    marked = [session for session, _ in standing.marks_of(state, pupil)]
    if marked:
        raise Refused(
            "marks-after-last-day",
            f"marks stand for {name} after {command.last_day}, the first for {marked[0]}",
            f"a deletion cannot be backdated: give a last day from {marked[-1].date} on",
        )
    removed = PupilRemoved(
        starts_on=spell.starts_on,
        leaves_on=command.last_day,
        ground=ground,
        next_school=command.next_school,
        by=by,
    )
    return decided(
        [Fact(streams.pupil(pupil.id), removed)], f"{name}: last day {command.last_day}"
    )


def _spell(pupil: Pupil, last_day: date) -> Spell:
    """Return the latest spell that has begun by the last day and can end on it."""
    begun = [spell for spell in pupil.spells.values() if spell.starts_on <= last_day]
    later = [spell for spell in pupil.spells.values() if spell.starts_on > last_day]
    if not begun or later:
        first = min((spell.starts_on for spell in later), default=None)
        what = f": a spell begins on {first}" if first else ""
        raise Refused(
            "not-on-roll",
            f"the pupil's time on roll cannot end on {last_day}{what}",
            "check the date, or the pupil's first day on roll",
        )
    return max(begun, key=lambda spell: spell.starts_on)
