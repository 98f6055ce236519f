"""When a window first held enough recorded entries, each moment judged by what was known then.

SI 2007/1867 reg 9A(1) asks when somebody could become aware of what the register held: nothing
that is recorded later takes that back, be it an amendment, a closure, a move or a birth date.
Facts with the moments between which they stood in, a moment out; `RecordedRegister` reads them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import chain
from operator import attrgetter
from typing import Generic, NamedTuple, Protocol, TypeVar

from ledger.state.calendar import Calendar, Closure, Term
from ledger.values import Session
from policies.law.calendar import monday, school_weeks
from policies.law.penalties import KnownWeeks, RelevantEntry, first_recorded
from projections.penalties.case import Register, age_of, weeks_begun
from projections.penalties.families import by_pupil
from projections.penalties.stood import stretches
from projections.queries.view import View
from projections.readmodel.record import V
from projections.readmodel.records import school as school_records
from projections.readmodel.records.roll import Details, Membership, Spell

_OPEN = 0
"""A moment before which nothing is known; what a source states without a time is known from it."""


class Days(Protocol):
    """What holds on some days."""

    def covers(self, day: date) -> bool:
        """Tell whether it holds on a day."""


class Member(Days, Protocol):
    """That a pupil belongs to a group on some days."""

    @property
    def name(self) -> str:
        """The group's name."""


class Age(NamedTuple):
    """The first and the last day of compulsory school age."""

    first: date
    last: date

    def covers(self, day: date) -> bool:
        """Tell whether a day lies between them."""
        return self.first <= day <= self.last


Said_co = TypeVar("Said_co", covariant=True)


class KnownFact(NamedTuple, Generic[Said_co]):
    """What was recorded, and between which moments it stood; ``until`` none: it stands."""

    said: Said_co
    since: int
    until: int | None = None

    def stands_at(self, moment: int) -> bool:
        """Tell whether it stood at a moment."""
        return self.since <= moment and (self.until is None or moment < self.until)


AnyFact = KnownFact[object]


@dataclass(frozen=True)
class KnownCalendar:
    """Every term and closure ever recorded, closures by session; ``on``: the last day counted."""

    terms: Sequence[KnownFact[Term]]
    closures: Mapping[Session, Sequence[KnownFact[Closure]]]
    on: date

    @cached_property
    def weeks(self) -> list[KnownWeeks]:
        """The school weeks begun by the last day, from each moment at which they became others."""
        terms = [each for each in self.terms if each.said.first <= self.on]
        closed = [
            each
            for session, found in self.closures.items()
            if monday(session.date) <= self.on
            for each in found
            if not each.said.groups
        ]
        weeks: list[KnownWeeks] = []
        for moment in [_OPEN, *sorted(_turns(chain(terms, closed), _OPEN, None))]:
            standing = Calendar(_standing(terms, moment), _standing(closed, moment))
            then = weeks_begun(school_weeks(standing.school_days()), self.on)
            if not weeks or weeks[-1].weeks != then:
                weeks.append(KnownWeeks(moment, then))
        return weeks

    def terms_of(self, day: date) -> Sequence[KnownFact[Term]]:
        """Return the terms that hold a day."""
        if day not in self._terms_by_day:
            found = [each for each in self.terms if each.said.first <= day <= each.said.last]
            self._terms_by_day[day] = found
        return self._terms_by_day[day]

    def settled(self, session: Session) -> "SettledSession":
        """Return how a session stands since the last change of what is known of it."""
        if session not in self._settled:
            terms, closures = self.terms_of(session.date), self.closures.get(session, ())
            since = _last_turn(chain[AnyFact](terms, closures))
            in_term = Calendar(_standing(terms, since)).in_term(session.date)
            self._settled[session] = SettledSession(since, in_term, _standing(closures, since))
        return self._settled[session]

    _terms_by_day: dict[date, list[KnownFact[Term]]] = field(default_factory=dict, init=False)
    _settled: dict[Session, "SettledSession"] = field(default_factory=dict, init=False)


class SettledSession(NamedTuple):
    """A session since the last change of what is known of it: within a term, closed for whom."""

    since: int
    in_term: bool
    closures: Sequence[Closure]


@dataclass(frozen=True)
class KnownPupil:
    """All that was ever recorded of one pupil's spells on roll, groups and compulsory age."""

    spells: Sequence[KnownFact[Days]]
    groups: Sequence[KnownFact[Member]]
    ages: Sequence[KnownFact[Age]]

    @cached_property
    def since(self) -> int:
        """The last change of what is known of the pupil."""
        return _last_turn(chain[AnyFact](self.spells, self.groups, self.ages))

    @cached_property
    def _standing(self) -> tuple[list[Days], list[Member], list[Age]]:
        spells, groups = _standing(self.spells, self.since), _standing(self.groups, self.since)
        return spells, groups, _known_ages(self.ages, self.since)

    def counts_in(self, session: SettledSession, day: date) -> bool:
        """Tell whether an entry counts since the last change of what decides it."""
        spells, groups, ages = self._standing
        if not session.in_term or not any(each.covers(day) for each in spells):
            return False
        if session.closures:
            names = {each.name for each in groups if each.covers(day)}
            if any(closure.concerns(names) for closure in session.closures):
                return False
        return any(age.covers(day) for age in ages)


def counted(
    calendar: KnownCalendar, pupil: KnownPupil, stood: Iterable[RelevantEntry]
) -> Iterator[RelevantEntry]:
    """Yield the stretches of time in which relevant entries that stood also counted.

    On a session met for the pupil, on roll and of compulsory age, all as known at the time.
    """
    for entry in stood:
        settled = calendar.settled(entry.session)
        if entry.since >= settled.since and entry.since >= pupil.since:
            # Most entries: all that decides them was recorded before they were.
            if entry.since != entry.until and pupil.counts_in(settled, entry.session.date):
                yield entry
            continue
        facts = _Facts(calendar, pupil, entry.session)
        inside = sorted(_turns(facts.all, entry.since, entry.until))
        for since, until in zip([entry.since, *inside], [*inside, entry.until], strict=True):
            if since != until and facts.let_count(since):
                yield RelevantEntry(entry.session, since, until)


def _turns(facts: Iterable[AnyFact], after: int, before: int | None) -> set[int]:
    """Return the moments, later than one and before another, at which facts began or ended."""
    moments = (moment for fact in facts for moment in (fact.since, fact.until))
    return {
        moment
        for moment in moments
        if moment is not None and after < moment and (before is None or moment < before)
    }


def _last_turn(facts: Iterable[AnyFact]) -> int:
    return max(_turns(facts, _OPEN, None), default=_OPEN)


def _known_ages(ages: Sequence[KnownFact[Age]], moment: int) -> list[Age]:
    # Before the first date of birth was known that one counts, as wherever pupils are named.
    return _standing(ages, moment) or [ages[0].said]


def _standing(facts: Iterable[KnownFact[Said_co]], moment: int) -> list[Said_co]:
    return [fact.said for fact in facts if fact.stands_at(moment)]


class _Facts:
    """What decides whether an entry of one session counts."""

    def __init__(self, calendar: KnownCalendar, pupil: KnownPupil, session: Session) -> None:
        self._day = session.date
        self._terms = calendar.terms_of(session.date)
        self._closures = calendar.closures.get(session, ())
        # Groups are asked of the few sessions that were ever closed only.
        self._groups = pupil.groups if self._closures else ()
        self._spells, self._ages = pupil.spells, pupil.ages

    @property
    def all(self) -> Iterator[AnyFact]:
        """Everything that decides it."""
        return chain(self._terms, self._closures, self._groups, self._spells, self._ages)

    def let_count(self, moment: int) -> bool:
        """Tell whether an entry counted as all this was known at a moment."""
        on_roll = any(spell.covers(self._day) for spell in _standing(self._spells, moment))
        in_term = Calendar(_standing(self._terms, moment)).in_term(self._day)
        return on_roll and in_term and not self._closed(moment) and self._of_age(moment)

    def _closed(self, moment: int) -> bool:
        members = (each for each in _standing(self._groups, moment) if each.covers(self._day))
        names = {each.name for each in members}
        return any(closure.concerns(names) for closure in _standing(self._closures, moment))

    def _of_age(self, moment: int) -> bool:
        return any(age.covers(self._day) for age in _known_ages(self._ages, moment))


# -- what a view knows of all that ------------------------------------------------------------


class RecordedRegister:
    """Everything ever recorded of the calendar and of some pupils, as known to a view."""

    def __init__(self, view: View, register: Register, pupils: Sequence[int]) -> None:
        self._view, self._measure, self._pupils = view, register.measure, pupils
        self.stood = stretches(view, register, pupils)

    def first_full(self, pupil: int) -> int | None:
        """Return the instant at which a window first held enough of a pupil's entries.

        None where it never did; 0 where no entry that counted then states when it was recorded.
        """
        found = [each.entry for each in self.stood.get(pupil, ())]
        entries = list(counted(self._calendar, self._pupil(pupil), found))
        moment = first_recorded(self._calendar.weeks, entries, self._measure)
        if moment is None:
            return None
        dated = (each.since > 0 for each in found if each.stands_at(moment))
        return self._view.instant_of(moment) if any(dated) else 0

    @cached_property
    def _calendar(self) -> KnownCalendar:
        closures: dict[Session, list[KnownFact[Closure]]] = {}
        for each in self._view.ever(school_records.Closure):
            found = closures.setdefault(Session(each.date, each.half), [])
            found.append(KnownFact(each.law, *self._view.moments(each)))
        known = self._view.ever(school_records.Term)
        terms = [KnownFact(each.law, *self._view.moments(each)) for each in known]
        return KnownCalendar(terms, closures, self._view.on)

    def _pupil(self, pupil: int) -> KnownPupil:
        view = self._view
        details = self._details.get(pupil) or [view.first_version(Details, pupil=pupil)]
        ages = [
            KnownFact(Age(*age_of(each.compulsory_from, each.birth_cohort)), *view.moments(each))
            for each in details
        ]
        spells = self._facts(self._spells.get(pupil, ()))
        return KnownPupil(spells, self._facts(self._groups.get(pupil, ())), ages)

    def _facts(self, found: Iterable[V]) -> list[KnownFact[V]]:
        return [KnownFact(each, *self._view.moments(each)) for each in found]

    @cached_property
    def _details(self) -> dict[int, list[Details]]:
        found = self._view.ever(Details, pupil=self._pupils)
        return by_pupil((each.pupil, each) for each in sorted(found, key=attrgetter("kf")))

    @cached_property
    def _spells(self) -> dict[int, list[Spell]]:
        return by_pupil((each.pupil, each) for each in self._view.ever(Spell, pupil=self._pupils))

    @cached_property
    def _groups(self) -> dict[int, list[Membership]]:
        found = self._view.ever(Membership, pupil=self._pupils)
        return by_pupil((each.pupil, each) for each in found)
