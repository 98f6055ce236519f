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
from projections.penalties.stood import Stood
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

    def settled(self, session: Session) -> tuple[int, "SessionThen"]:
        """Return since when nothing more is known of a session, and how it stands since."""
        found = self._settled.get(session)
        if found is None:
            since = _last_turn(self.facts_of(session))
            found = self._settled[session] = since, self.at(session, since)
        return found

    def facts_of(self, session: Session) -> Sequence[AnyFact]:
        """Return everything known of a session that decides whether it is met."""
        return [*self.terms_of(session.date), *self.closures.get(session, ())]

    def at(self, session: Session, moment: int) -> "SessionThen":
        """Return how a session stood at a moment."""
        terms = _standing(self.terms_of(session.date), moment)
        closures = _standing(self.closures.get(session, ()), moment)
        return SessionThen(Calendar(terms).in_term(session.date), closures)

    _terms_by_day: dict[date, list[KnownFact[Term]]] = field(default_factory=dict, init=False)
    _settled: dict[Session, tuple[int, "SessionThen"]] = field(default_factory=dict, init=False)


class SessionThen(NamedTuple):
    """A session as known at a moment: within a term, closed for whom."""

    in_term: bool
    closures: Sequence[Closure]


class PupilThen(NamedTuple):
    """A pupil's spells on roll, groups and compulsory age as known at a moment."""

    spells: Sequence[Days]
    groups: Sequence[Member]
    ages: Sequence[Age]

    def counts_in(self, session: SessionThen, day: date) -> bool:
        """Tell whether an entry of a session counts: met for the pupil, on roll and of age."""
        if not session.in_term or not any(each.covers(day) for each in self.spells):
            return False
        if session.closures:
            names = {each.name for each in self.groups if each.covers(day)}
            if any(closure.concerns(names) for closure in session.closures):
                return False
        return any(age.covers(day) for age in self.ages)


@dataclass(frozen=True)
class KnownPupil:
    """All that was ever recorded of one pupil's spells on roll, groups and compulsory age."""

    spells: Sequence[KnownFact[Days]]
    groups: Sequence[KnownFact[Member]]
    ages: Sequence[KnownFact[Age]]

    @cached_property
    def facts(self) -> Sequence[AnyFact]:
        """Everything known of the pupil."""
        return [*self.spells, *self.groups, *self.ages]

    @cached_property
    def settled(self) -> tuple[int, PupilThen]:
        """Since when nothing more is known of the pupil, and how it stands since."""
        since = _last_turn(self.facts)
        return since, self.at(since)

    def at(self, moment: int) -> PupilThen:
        """Return how it stood at a moment."""
        # Before the first date of birth was known that one counts, as wherever pupils are named.
        ages = _standing(self.ages, moment) or [self.ages[0].said]
        return PupilThen(_standing(self.spells, moment), _standing(self.groups, moment), ages)


def counted(
    calendar: KnownCalendar, pupil: KnownPupil, stood: Iterable[RelevantEntry]
) -> Iterator[RelevantEntry]:
    """Yield the stretches of time in which relevant entries that stood also counted.

    On a session met for the pupil, on roll and of compulsory age, all as known at the time.
    """
    settled, then = pupil.settled
    for entry in stood:
        at, day = entry.session, entry.session.date
        since, session = calendar.settled(at)
        if entry.since >= settled and entry.since >= since:
            # Most entries: all that decides them was recorded before they were.
            if entry.since != entry.until and then.counts_in(session, day):
                yield entry
            continue
        facts = chain(calendar.facts_of(at), pupil.facts)
        inside = sorted(_turns(facts, entry.since, entry.until))
        for begun, end in zip([entry.since, *inside], [*inside, entry.until], strict=True):
            if begun != end and pupil.at(begun).counts_in(calendar.at(at, begun), day):
                yield RelevantEntry(at, begun, end)


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


def _standing(facts: Iterable[KnownFact[Said_co]], moment: int) -> list[Said_co]:
    return [fact.said for fact in facts if fact.stands_at(moment)]


# -- what a view knows of all that ------------------------------------------------------------


class RecordedRegister:
    """Everything ever recorded of the calendar and of some pupils, as known to a view."""

    def __init__(self, view: View, register: Register, pupils: Sequence[int]) -> None:
        self._view, self._measure, self._pupils = view, register.measure, pupils
        self.stood = Stood(view, register, pupils)

    def first_full(self, pupil: int) -> int | None:
        """Return the instant at which a window first held enough of a pupil's entries.

        None where it never did; 0 where no entry that counted then states when it was recorded.
        """
        found = self.stood.entries(pupil)
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
