"""Delete a pupil's name from the roll after a last day.

A deletion back in time is refused: over marks that stand, and over sessions that the school has
met since. A ground that counts school days of absence is held against the marks.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from commands.core import checks as given
from commands.core import sessions, standing
from commands.core.command import Decision, Range, State, UseCase, argument, decided, option
from commands.roll import continuous_absence, leaving_grounds
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.roll import PupilRemoved
from ledger.state.school import Pupil, Spell
from ledger.store.store import Fact
from ledger.values import HALVES, Session
from policies.law import age as compulsory_school_age
from policies.law.roll import Ground
from policies.packs.rules import Rules
from policies.packs.values import parameters

_ALONE = "register.deleted_without_consent"
_SPECIAL = "special"
"""In the type of a school: special-maintained, special-academy, non-maintained-special."""


class RemovePupil(UseCase):
    """attendance pupil remove: delete a pupil's name from the roll after a last day.

    The spell on roll ends on the last day, on a ground of SI 2024/208 reg 9.
    """

    pupil: str = argument("UPN or local id")
    last_day: date = option("last day on roll")
    ground: str = option("the ground: its letter, or as 9(1)(f)")
    next_school: str | None = option("name of the next school", default=None)

    def reads(self, state: State) -> Iterable[Range]:
        """Ask for the marks after the last day, or of the spell where the ground counts days."""
        pupil = state.pupil(self.pupil)
        spell, ground = _spell(pupil, self.last_day), _ground(self, pupil)
        after = self.last_day + timedelta(days=1)
        first = spell.starts_on if ground.school_days else after
        span = sessions.Span(Session(first, HALVES[0]), Session(date.max, HALVES[-1]))
        yield sessions.marks(pupil, span)
        since = Session(min(first, after), HALVES[0])
        yield sessions.registers(sessions.Span(since, span.last))

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """End the spell that holds the last day."""
        by, pupil = state.author(now).staff_id, state.pupil(self.pupil)
        ground, spell = _ground(self, pupil), _spell(pupil, self.last_day)
        name = state.name_of(pupil)
        if spell.leaves_on == self.last_day:
            return decided([], f"{name} is off roll after {spell.leaves_on}; nothing was recorded")
        if spell.leaves_on is not None and spell.leaves_on < local_date(now):
            raise Refused(
                "already-removed",
                f"{name} was removed from the roll after {spell.leaves_on}",
                "a last day that has passed stands; enrol the pupil again for a new spell",
            )
        _check_marks(state, pupil, self.last_day)
        past = list(continuous_absence.ended(state, state.school.calendar(), pupil, spell, now))
        _check_backdated(past, name, self.last_day)
        if ground.school_days:
            continuous_absence.check(state, rules.codes, pupil, past, ground)
        removed = PupilRemoved(
            starts_on=spell.starts_on,
            leaves_on=self.last_day,
            ground=self.ground.strip(),
            next_school=self.next_school,
            by=by,
        )
        says = (*_needs(ground), *_consent(state, ground, self.last_day))
        removal = Fact(streams.pupil(pupil.id), removed)
        return decided([removal], f"{name}: last day {self.last_day}", *says)


def _ground(command: RemovePupil, pupil: Pupil) -> Ground:
    compulsory = compulsory_school_age.is_compulsory(
        command.last_day, pupil.compulsory_from, pupil.birth_cohort
    )
    text = given.required(command.ground, "ground")
    return leaving_grounds.required(text, command.last_day, compulsory=compulsory)


def _check_marks(state: State, pupil: Pupil, last_day: date) -> None:
    marked = [session for session, _ in standing.marks_of(state, pupil)]
    after = [session for session in marked if session.date > last_day]
    if after:
        raise Refused(
            "marks-after-last-day",
            f"marks stand for {state.name_of(pupil)} after {last_day}, the first for {after[0]}",
            f"a deletion cannot be backdated: give a last day from {after[-1].date} on",
        )


def _check_backdated(past: list[Session], name: str, last_day: date) -> None:
    """Refuse a last day before a session that the school has met since: the name was on roll."""
    if past and past[0].date > last_day:
        raise Refused(
            "backdated",
            f"{name} was on roll for {past[0]}, after {last_day}: its register has ended",
            f"a deletion cannot be backdated: give a last day from {past[0].date} on",
        )


def _needs(ground: Ground) -> Iterable[str]:
    """Say what the ground is, and what the school needs on file for it."""
    yield f"ground {ground.provision}: {ground.text}"
    if ground.needs:
        yield f"to be on file: {'; '.join(ground.needs)}"


def _consent(state: State, ground: Ground, last_day: date) -> Iterable[str]:
    """Say when a special school needs the consent of the authority that placed the pupil."""
    school, rule = state.school.opened, parameters().find(_ALONE, last_day)
    special = school is not None and _SPECIAL in school.type and ground.compulsory
    if special and rule is not None and ground.provision not in rule.names:
        yield f"if an authority placed the pupil here: with its consent only ({rule.reference})"


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
