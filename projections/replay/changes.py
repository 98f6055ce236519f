"""What became known of calendar, roll, groups and ages: what could move figures without a mark."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ledger.clock import iso, local_date
from ledger.values import parse_session
from policies.law.calendar import school_days_between
from projections.queries.authors import Authors
from projections.queries.versions import Describer
from projections.queries.view import View
from projections.readmodel.record import Versioned
from projections.readmodel.records.roll import Details, Membership, Spell
from projections.readmodel.records.school import Closure, Term
from projections.replay.figures import Moment

_CALENDAR = (Term, Closure)
_SAID: Mapping[type[Versioned], tuple[str, ...]] = {
    Term: ("name", "year", "first", "last"),
    Closure: ("date", "half", "groups", "cancelled"),
    Spell: ("pupil", "starts_on", "leaves_on"),
    Membership: ("pupil", "kind", "name", "since", "until"),
    Details: ("pupil", "birth_cohort", "compulsory_from"),
}
"""What of each record could move figures."""
Order = tuple[int, int]
Values = tuple[Any, ...]


class Fact(NamedTuple):
    """A version of a fact began to stand (``became``) or ended (``was``) at a position."""

    record: type[Versioned]
    key: Values
    position: int
    stated: int
    was: Versioned | None
    became: Versioned | None


@dataclass(slots=True)
class Change:
    """What became known at one moment. ``position``: of its newest event."""

    moment: Moment
    position: int = 0
    facts: list[Fact] = field(default_factory=list)

    @property
    def of_all(self) -> bool:
        """Whether it is of the calendar, and so of every pupil."""
        return all(fact.record in _CALENDAR for fact in self.facts)

    @property
    def of_ages(self) -> bool:
        """Whether it is of birth dates alone, by which compulsory school age goes."""
        return all(fact.record is Details for fact in self.facts)

    def words(self) -> str:
        """Say what it was, each thing once."""
        said = (_WORDS[f.record](f.was, f.became) for f in self.facts)
        return "; ".join(dict.fromkeys(filter(None, said)))


class Changes:
    """The changes of the calendar, and of some pupils, that are known to a view."""

    def __init__(self, view: View, describer: Describer, pupils: Collection[int]) -> None:
        self._view, self._authors = view, Authors(view, describer)
        self._by_source = view.question.clock == "source"
        self._calendar = [fact for each in _CALENDAR for fact in _facts(view, each)]
        self._theirs: dict[int, list[Fact]] = {pupil: [] for pupil in pupils}
        for record in (Spell, Membership, Details):
            for fact in _facts(view, record, pupil=list(pupils)):
                self._theirs[fact.key[0]].append(fact)

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
        late = None
        if sessions:
            days, day = self._view.calendar.school_days(), parse_session(sessions[0]).date
            late = school_days_between(days, day, local_date(made.at))
        return {
            "kind": "calendar" if change.of_all else "roll",
            "change": change.words(),
            "session": sessions[0] if len(sessions) == 1 else None,
            "sessions": sessions,
            "step": None,
            "was": None,
            "became": None,
            "reason": made.reason,
            "by": made.by if made.source is None else None,
            "recorded_at": iso(made.at),
            "stated_at": None if made.stated is None else iso(made.stated),
            "source": made.source,
            "late_by_school_days": late,
            "position": change.position,
        }


def _facts(view: View, record: type[Versioned], **where: Any) -> Iterator[Fact]:  # noqa: ANN401
    """Yield every beginning and end of a version of a record, as known."""
    for version in view.ever(record, **where):
        key = tuple(version.identity.values())
        yield Fact(record, key, version.kf, version.sf, None, version)
        end = view.end_of(version)
        if end is not None:
            yield Fact(record, key, end, version.st or 0, version, None)


def _said(version: Versioned | None) -> Values | None:
    if version is None:
        return None
    return tuple(getattr(version, name) for name in _SAID[type(version)])


def _differences(facts: list[Fact]) -> Iterator[Fact]:
    """Yield what changed, with what it was before; what is as it was, is left out."""
    ends = {(f.record, f.key): f.was for f in facts if f.was is not None}
    begun = {(f.record, f.key) for f in facts if f.became is not None}
    for fact in facts:
        place = (fact.record, fact.key)
        if fact.became is not None:
            was = ends.get(place)
            if _said(was) != _said(fact.became):
                yield fact._replace(was=was)
        elif place not in begun:
            yield fact


def _term_in_words(was: Term | None, became: Term | None) -> str:
    now = became or was
    assert now is not None  # noqa: S101 - a fact began or ended
    before = f" (was {was.first} to {was.last})" if was else ""
    return f"term {now.name} from {now.first} to {now.last}{before}"


def _closure_in_words(was: Closure | None, became: Closure | None) -> str:
    now = became or was
    assert now is not None  # noqa: S101 - as above
    what = "cancellation" if now.cancelled else "closure"
    said = ("cancelled" if now.cancelled else "closed") if became else f"{what} withdrawn"
    whom = f" for {', '.join(now.groups)}" if now.groups else ""
    return f"{now.date}/{now.half} {said}{whom}"


def _spell_in_words(was: Spell | None, became: Spell | None) -> str:
    if became is None:
        assert was is not None  # noqa: S101 - as above
        return f"enrolment from {was.starts_on} withdrawn"
    before = f" (was to {was.leaves_on})" if was and was.leaves_on else ""
    last = f" to {became.leaves_on}" if became.leaves_on else ""
    return f"on roll from {became.starts_on}{last}{before}"


def _group_in_words(was: Membership | None, became: Membership | None) -> str:
    now = became or was
    assert now is not None  # noqa: S101 - as above
    since = f" from {now.since}" if now.since else ""
    return f"in {now.name}{since}{f' to {now.until}' if now.until else ''}"


def _age_in_words(was: Details | None, became: Details | None) -> str:
    return "date of birth, and so compulsory school age" if was and became else ""


_WORDS: Mapping[type[Versioned], Callable[[Any, Any], str]] = {
    Term: _term_in_words,
    Closure: _closure_in_words,
    Spell: _spell_in_words,
    Membership: _group_in_words,
    Details: _age_in_words,
}
