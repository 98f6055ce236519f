"""A pupil's name deleted from the roll after a last day (SI 2024/208 reg 9).

A deletion back in time is refused: over marks that stand, and over sessions that the school has
met since. A ground that counts school days of absence is held against the marks: absent is what is
recorded as unauthorised and not as late, on every session that the school met for the pupil, as
the final three rows of Table 3 say (reg 9(1)(i)).
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import groupby

from commands.core import checks, marks, sessions
from commands.core.command import Decision, State, UseCase, argument, decided, option
from commands.core.ranges import CALENDAR, Range, one
from ledger import names
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.roll import PupilRemoved
from ledger.state.calendar import Calendar
from ledger.state.school import Pupil, Spell
from ledger.store.facts import Fact
from ledger.values import HALVES, Session
from policies.law import age
from policies.law.roll import Ground, ground_named, grounds
from policies.packs.codes import Codes, Rules
from policies.packs.values import parameters

_WITHOUT_CONSENT = "register.deleted_without_consent"
_SPECIAL = "special"
"""In the type of a school: special-maintained, special-academy, non-maintained-special."""


class RemovePupil(UseCase):
    """attendance pupil remove: delete a pupil's name from the roll after a last day.

    The spell on roll ends on the last day, on a ground of SI 2024/208 reg 9.
    """

    pupil: str = argument("UPN or local id")
    last_day: date = option("last day on roll")
    ground: str = option("the ground: its letter, or as 9(1)(f)")
    next_school: str | None = option("name of the next school", default=None, kept=names.name)

    def reads(self, state: State) -> Iterable[Range]:
        """Name who asks, the pupil, the calendar; marks and registers after the last day.

        Of the whole spell where the ground counts days.
        """
        pupil = state.pupil(self.pupil)
        yield from (state.own_row, CALENDAR, one(streams.pupil(pupil.id)))
        spell, ground = _spell(pupil, self.last_day), _ground(self, pupil)
        after = self.last_day + timedelta(days=1)
        first = spell.starts_on if ground.school_days else after
        span = sessions.Span(Session(first, HALVES[0]), Session(date.max, HALVES[-1]))
        yield sessions.marks(pupil, span)
        since = Session(min(first, after), HALVES[0])
        yield from marks.taking_ranges(state, pupil, sessions.Span(since, span.last))

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
        past = list(_ended_sessions(state, state.calendar(), pupil, spell, now))
        _check_backdated(past, name, self.last_day)
        if ground.school_days:
            _check_absence(state, rules.codes, pupil, past, ground)
        removed = PupilRemoved(
            starts_on=spell.starts_on,
            leaves_on=self.last_day,
            ground=self.ground.strip(),
            next_school=self.next_school,
            by=by,
        )
        says = (*_ground_words(ground), *_consent_words(state, ground, self.last_day))
        removal = Fact(streams.pupil(pupil.id), removed)
        return decided([removal], f"{name}: last day {self.last_day}", *says)


# The grounds, as people state them.


def ground_fault(ground: str, leaves_on: date) -> Refused | None:
    """Return what is wrong with the ground that a source states for a day, if anything.

    No ground at all is a gap in what the source says, not a fact that the law would not allow.
    Of former regulations every ground is taken as it is: systems wrote them by lists of their own.
    """
    try:
        known = grounds(leaves_on)
    except Refused:
        return None
    former = any(each.rule.until is not None for each in known)
    if not ground or former or ground_named(ground, known):
        return None
    return _unknown_ground(ground, leaves_on, known)


def required_ground(ground: str, leaves_on: date, *, compulsory: bool) -> Ground:
    """Return the ground that somebody gives for a pupil, or refuse it naming those that there are.

    ``compulsory``: whether the pupil is of compulsory school age on the last day.
    """
    known = grounds(leaves_on)
    mine = [each for each in known if each.compulsory == compulsory]
    found = ground_named(ground, mine)
    if found is not None:
        return found
    if ground_named(ground, known) is None:
        raise _unknown_ground(ground, leaves_on, mine)
    raise Refused(
        "ground-age",
        f"{ground!r} is no ground for a pupil {'' if compulsory else 'not '}"
        f"of compulsory school age on {leaves_on} ({_paragraphs(mine)})",
        "use one of: " + "; ".join(f"{each.letter} {each.text}" for each in mine),
    )


def _unknown_ground(ground: str, leaves_on: date, known: Iterable[Ground]) -> Refused:
    known = list(known)
    letters = sorted({each.letter for each in known})
    return Refused(
        "ground-unknown",
        f"{ground!r} is no ground for leaving on {leaves_on} ({_paragraphs(known)})",
        f"use one of the letters {' '.join(letters)}",
    )


def _paragraphs(known: Iterable[Ground]) -> str:
    """Name the paragraphs that the grounds come from: ``SI 2024/208 reg 9(1) and (3)``."""
    known = list(known)
    instrument = known[0].rule.reference.partition(" reg ")[0]
    regulation = known[0].provision.partition("(")[0]
    paragraphs = {each.provision.removeprefix(regulation)[:-3]: None for each in known}
    return f"{instrument} reg {regulation}{' and '.join(paragraphs)}"


# The last day, and the absence before it.


def _ground(command: RemovePupil, pupil: Pupil) -> Ground:
    compulsory = age.is_compulsory(command.last_day, pupil.compulsory_from, pupil.birth_cohort)
    text = checks.required_text(command.ground, "ground")
    return required_ground(text, command.last_day, compulsory=compulsory)


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


def _check_marks(state: State, pupil: Pupil, last_day: date) -> None:
    marked = [session for session, _ in marks.marks_of(state, pupil)]
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


def _ended_sessions(
    state: State, calendar: Calendar, pupil: Pupil, spell: Spell, now: int
) -> Iterator[Session]:
    """Yield the sessions met for a pupil in a spell whose registers have ended, latest first.

    The use case must have asked for the registers.
    """
    past = [
        session
        for session in calendar.sessions(spell.starts_on, local_date(now))
        if calendar.meets(session, pupil.groups(session.date))
        and marks.register_ended(state, calendar, pupil, session, now)
    ]
    return reversed(past)


def _check_absence(
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
            why = _why_not_absent(state, codes, pupil, session)
            if why is not None:
                raise _too_short(ground, shown, f"{session} {why}")
        shown += 1
    if ground.school_days is not None and shown < ground.school_days:
        raise _too_short(ground, shown, "the pupil's time on roll holds no more")


def _why_not_absent(state: State, codes: Codes, pupil: Pupil, session: Session) -> str | None:
    mark = state.mark(pupil, session)
    if mark.code is None:
        return "has no mark"
    rule = codes.rule(mark.code, session.date)
    absent = rule.unauthorised and not rule.late
    return None if absent else f"says {mark.code} ({rule.description})"


def _too_short(ground: Ground, shown: int, why: str) -> Refused:
    return Refused(
        "absence-too-short",
        f"{ground.provision} needs {ground.school_days} school days of absence on end, and the "
        f"marks show {shown}: {why}",
        "amend what is wrong in the register, or delete the name on the ground that applies",
    )


def _ground_words(ground: Ground) -> Iterable[str]:
    yield f"ground {ground.provision}: {ground.text}"
    if ground.needs:
        yield f"to be on file: {'; '.join(ground.needs)}"


def _consent_words(state: State, ground: Ground, last_day: date) -> Iterable[str]:
    """Say when a special school needs the consent of the authority that placed the pupil."""
    school, rule = state.school.opened, parameters().find(_WITHOUT_CONSENT, last_day)
    special = school is not None and _SPECIAL in school.type and ground.compulsory
    if special and rule is not None and ground.provision not in rule.names:
        yield f"if an authority placed the pupil here: with its consent only ({rule.reference})"
