"""What became known of calendar, roll, groups and ages: what could move figures without a mark."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ledger.clock import iso
from ledger.values import parse_session
from projections.queries import lags
from projections.queries.authors import Authors
from projections.queries.versions import Describer, recorded_fields
from projections.queries.view import View
from projections.readmodel.record import Versioned
from projections.readmodel.records.roll import Details, Membership, Spell
from projections.readmodel.records.school import Closure, Term
from projections.replay.figures import Moment

_CALENDAR = (Term, Closure)
_OF_PUPILS: tuple[type[Spell | Membership | Details], ...] = (Spell, Membership, Details)
_SAID: Mapping[type[Versioned], tuple[str, ...]] = {
    Term: ("name", "year", "first", "last"),
    Closure: ("date", "half", "groups", "cancelled"),
    Spell: ("pupil", "starts_on", "leaves_on"),
    Membership: ("pupil", "kind", "name", "since", "until"),
    Details: ("pupil", "birth_cohort", "compulsory_from"),
}
"""What of each record could move figures."""
Order = tuple[int, int]


class Fact(NamedTuple):
    """A ``version`` of a fact began to stand, after what ``was``; or it ended, at a position."""

    version: Versioned
    position: int
    stated: int
    ended: bool = False
    was: Versioned | None = None

    @property
    def place(self) -> tuple[object, ...]:
        """What it is a version of."""
        return (type(self.version), *self.version.identity.values())

    @property
    def alters(self) -> bool:
        """Whether what it says could move figures, or it says only what was said before."""
        names = _SAID[type(self.version)]
        return self.was is None or any(
            getattr(self.was, name) != getattr(self.version, name) for name in names
        )


@dataclass(slots=True)
class Change:
    """What became known at one moment. ``position``: of its newest event."""

    moment: Moment
    position: int = 0
    facts: list[Fact] = field(default_factory=list)

    @property
    def of_all(self) -> bool:
        """Whether it is of the calendar, and so of every pupil."""
        return all(isinstance(fact.version, _CALENDAR) for fact in self.facts)

    @property
    def of_ages(self) -> bool:
        """Whether it is of birth dates alone, by which compulsory school age goes."""
        return all(isinstance(fact.version, Details) for fact in self.facts)

    def words(self) -> str:
        """Say what it was, each thing once."""
        said = (_WORDS[type(fact.version)](fact.version, fact) for fact in self.facts)
        return "; ".join(dict.fromkeys(filter(None, said)))


class Changes:
    """The changes of the calendar, and of some pupils, that are known to a view."""

    def __init__(self, view: View, describer: Describer, pupils: Collection[int]) -> None:
        self._view, self._authors = view, Authors(view, describer)
        self._by_source = view.question.clock == "source"
        calendar = (version for record in _CALENDAR for version in view.ever(record))
        self._calendar = [fact for version in calendar for fact in _facts(view, version)]
        self._theirs: dict[int, list[Fact]] = {pupil: [] for pupil in pupils}
        for record in _OF_PUPILS:
            for version in view.ever(record, pupil=list(pupils)):
                self._theirs[version.pupil] += _facts(view, version)

    def of(self, pupil: int) -> dict[Order, Change]:
        """Return what became known for a pupil, moment after moment."""
        found: dict[int, Change] = {}
        for fact in (*self._calendar, *self._theirs[pupil]):
            when = fact.stated if self._by_source else fact.position
            change = found.setdefault(when, Change(self._moment(when)))
            change.position = max(change.position, fact.position)
            change.facts.append(fact)
        for change in found.values():
            change.facts = list(_differences(change.facts))
        moments = sorted(found.items())
        return {self._order(when, change): change for when, change in moments if change.facts}

    def _moment(self, when: int) -> Moment:
        if self._by_source:
            return Moment(self._view.position, when)
        return Moment(when, self._view.stated)

    def _order(self, when: int, change: Change) -> Order:
        return (when, change.position) if self._by_source else (when, 0)

    def account(self, change: Change, sessions: list[str]) -> dict[str, Any]:
        """Return the account of a change; ``sessions``: those with a mark that it moved."""
        # From the log: the tables keep no reason of a withdrawal.
        made = self._authors.event(change.position)
        late: dict[str, Any] = {"late_by_school_days": None}
        if sessions:
            days, day = self._view.calendar.school_days(), parse_session(sessions[0]).date
            late = lags.fields(lags.school_days_after(days, day, made.at))
        return {
            "kind": "calendar" if change.of_all else "roll",
            "change": change.words(),
            "session": sessions[0] if len(sessions) == 1 else None,
            "sessions": sessions,
            "step": None,
            "was": None,
            "became": None,
            "reason": made.reason,
            "by": made.by._asdict() if made.by and made.source is None else None,
            **recorded_fields(made.at),
            "stated_at": None if made.stated is None else iso(made.stated),
            "source": made.source,
            **late,
            "position": change.position,
        }


def _facts(view: View, version: Versioned) -> Iterator[Fact]:
    """Yield the beginning of a version and its end, as known."""
    yield Fact(version, version.kf, version.sf)
    end = view.end_of(version)
    if end is not None:
        yield Fact(version, end, version.st or 0, ended=True)


def _differences(facts: list[Fact]) -> Iterator[Fact]:
    """Yield what changed, with what it was before; what is as it was, is left out."""
    ends = {fact.place: fact.version for fact in facts if fact.ended}
    begun = {fact.place for fact in facts if not fact.ended}
    for fact in facts:
        if fact.ended and fact.place not in begun:
            yield fact
        elif not fact.ended:
            found = fact._replace(was=ends.get(fact.place))
            if found.alters:
                yield found


def _term_in_words(term: Term, fact: Fact) -> str:
    was = term if fact.ended else fact.was
    before = f" (was {was.first} to {was.last})" if isinstance(was, Term) else ""
    return f"term {term.name} from {term.first} to {term.last}{before}"


def _closure_in_words(closure: Closure, fact: Fact) -> str:
    said = "cancelled" if closure.cancelled else "closed"
    if fact.ended:
        said = f"{'cancellation' if closure.cancelled else 'closure'} withdrawn"
    whom = f" for {', '.join(closure.groups)}" if closure.groups else ""
    return f"{closure.date}/{closure.half} {said}{whom}"


def _spell_in_words(spell: Spell, fact: Fact) -> str:
    if fact.ended:
        return f"enrolment from {spell.starts_on} withdrawn"
    was = fact.was.leaves_on if isinstance(fact.was, Spell) else None
    before = f" (was to {was})" if was else ""
    last = f" to {spell.leaves_on}" if spell.leaves_on else ""
    return f"on roll from {spell.starts_on}{last}{before}"


def _group_in_words(member: Membership, _: Fact) -> str:
    since = f" from {member.since}" if member.since else ""
    return f"in {member.name}{since}{f' to {member.until}' if member.until else ''}"


def _age_in_words(_: Details, fact: Fact) -> str:
    return "date of birth, and so compulsory school age" if fact.was else ""


_WORDS: Mapping[type[Versioned], Callable[[Any, Fact], str]] = {
    Term: _term_in_words,
    Closure: _closure_in_words,
    Spell: _spell_in_words,
    Membership: _group_in_words,
    Details: _age_in_words,
}
