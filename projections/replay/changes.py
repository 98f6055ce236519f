"""What became known of calendar, roll, groups and ages: what could move figures without a mark."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from ledger.clock import iso, local_date
from ledger.events.base import Event, Reasoned, SourcedEvent
from ledger.store.store import Store
from ledger.values import parse_session
from policies.law.calendar import school_days_between
from projections.queries.versions import AS_STATED, Describer
from projections.queries.view import View
from projections.readmodel.tables import GROUP_SEPARATOR
from projections.replay.figures import Moment

_KNOWN = "kf <= :p AND sf <= :t"
_CALENDAR = ("terms", "closures")
_TABLES: Mapping[str, tuple[int, str]] = {
    "terms": (2, "name, year, first, last"),
    "closures": (3, 'date, half, "groups", cancelled'),
    "roll": (2, "pupil, starts_on, leaves_on"),
    "memberships": (4, "pupil, kind, name, since, until"),
    "details": (1, "pupil, birth_cohort, compulsory_from"),
}
"""Table -> how many columns are its key (what a version replaces), and its columns."""
Row = dict[str, Any]
Order = tuple[int, int]
Values = tuple[Any, ...]


class Fact(NamedTuple):
    """A version of a fact began to stand (``became``) or ended (``was``) at a position."""

    table: str
    key: Values
    position: int
    stated: int
    was: Values | None
    became: Values | None


@dataclass(slots=True)
class Change:
    """What became known at one moment. ``position``: of its newest event."""

    moment: Moment
    position: int = 0
    facts: list[Fact] = field(default_factory=list)

    @property
    def of_all(self) -> bool:
        """Whether it is of the calendar, and so of every pupil."""
        return all(fact.table in _CALENDAR for fact in self.facts)

    @property
    def of_ages(self) -> bool:
        """Whether it is of birth dates alone, by which compulsory school age goes."""
        return all(fact.table == "details" for fact in self.facts)

    def words(self) -> str:
        """Say what it was, each thing once."""
        said = (_WORDS[f.table](f.was, f.became) for f in self.facts)
        return "; ".join(dict.fromkeys(filter(None, said)))


class Changes:
    """The changes of the calendar, and of some pupils, that are known to a view."""

    def __init__(self, view: View, describer: Describer, pupils: Collection[int]) -> None:
        self._view, self._describer = view, describer
        self._events: dict[int, Event | None] = {}
        self._by_source = view.question.clock == "source"
        self._calendar = [fact for name in _CALENDAR for fact in _facts(view, name, "1")]
        self._theirs: dict[int, list[Fact]] = {pupil: [] for pupil in pupils}
        wanted = f"pupil IN ({', '.join(map(str, pupils))})"
        for name in ("roll", "memberships", "details"):
            for fact in _facts(view, name, wanted):
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

    def row(self, change: Change, sessions: list[str]) -> Row:
        """Return a change as a row; ``sessions``: those with a mark that it moved."""
        commit = self._describer.commit(change.position)
        made, imported = local_date(commit.at), commit.source is not None
        name, title = self._describer.name_and_title(commit.by, made)
        how = AS_STATED if imported else commit.authenticated
        by = {"name": name, "job_title": title, "authenticated": how}
        event = self._event(change.position)
        reason = event.reason or None if isinstance(event, Reasoned) else None
        stated = event.stated if isinstance(event, SourcedEvent) else None
        return {
            "kind": "calendar" if change.of_all else "roll",
            "change": change.words(),
            "session": sessions[0] if len(sessions) == 1 else None,
            "sessions": sessions,
            "step": None,
            "was": None,
            "became": None,
            "reason": self._in_clear(reason),
            "by": by if commit.by and not imported else None,
            "recorded_at": iso(commit.at),
            "stated_at": None if stated is None else iso(stated),
            "source": commit.source,
            "late_by_school_days": self._school_days_late(sessions, commit.at),
            "position": change.position,
        }

    def _in_clear(self, reason: str | None) -> str | None:
        """Open what is sealed; the reason of a closure is not personal and stands in clear."""
        return self._view.open(reason) if reason is not None and reason[0] == "~" else reason

    def _school_days_late(self, sessions: list[str], at: int) -> int | None:
        if not sessions:
            return None
        day = parse_session(sessions[0]).date
        return school_days_between(self._school_days, day, local_date(at))

    @cached_property
    def _school_days(self) -> list[date]:
        return self._view.calendar.school_days()

    def _event(self, position: int) -> Event | None:
        """Return an event as the log has it: the tables keep no reason of a withdrawal."""
        if position not in self._events:
            with closing(Store(self._view.folder.log)) as store:
                found = store.at(position)
            self._events[position] = None if found is None else found.event
        return self._events[position]


def _facts(view: View, table: str, where: str) -> Iterator[Fact]:
    """Yield every beginning and end of a version in a table, as known."""
    size, columns = _TABLES[table]
    sql = f"SELECT kf, sf, kt, st, {columns} FROM {table} WHERE {_KNOWN} AND {where}"  # noqa: S608 - our own names
    bound = {"p": view.position, "t": view.stated}
    for kf, sf, kt, st, *values in view.db.execute(sql, bound):
        key, stands = tuple(values[:size]), tuple(values)
        yield Fact(table, key, kf, sf, None, stands)
        if kt is not None and kt <= view.position and st <= view.stated:
            yield Fact(table, key, kt, st, stands, None)


def _differences(facts: list[Fact]) -> Iterator[Fact]:
    """Yield what changed, with what it was before; what is as it was, is left out."""
    ends = {(f.table, f.key): f.was for f in facts if f.was is not None}
    begun = {(f.table, f.key) for f in facts if f.became is not None}
    for fact in facts:
        place = (fact.table, fact.key)
        if fact.became is not None:
            was = ends.get(place)
            if was != fact.became:
                yield fact._replace(was=was)
        elif place not in begun:
            yield fact


def _term_in_words(was: Values | None, became: Values | None) -> str:
    name, _, first, last = became or was or ()
    before = f" (was {was[2]} to {was[3]})" if was else ""
    return f"term {name} from {first} to {last}{before}"


def _closure_in_words(was: Values | None, became: Values | None) -> str:
    day, half, groups, cancelled = became or was or ()
    what = "cancellation" if cancelled else "closure"
    said = ("cancelled" if cancelled else "closed") if became else f"{what} withdrawn"
    whom = f" for {', '.join(groups.split(GROUP_SEPARATOR))}" if groups else ""
    return f"{day}/{half} {said}{whom}"


def _spell_in_words(was: Values | None, became: Values | None) -> str:
    if became is None:
        return f"enrolment from {(was or ())[1]} withdrawn"
    _, first, last = became
    before = f" (was to {was[2]})" if was and was[2] else ""
    return f"on roll from {first}{f' to {last}' if last else ''}{before}"


def _group_in_words(was: Values | None, became: Values | None) -> str:
    _, _, name, first, last = became or was or ()
    return f"in {name}{f' from {first}' if first else ''}{f' to {last}' if last else ''}"


def _age_in_words(was: Values | None, became: Values | None) -> str:
    return "date of birth, and so compulsory school age" if was and became else ""


_WORDS: Mapping[str, Callable[[Values | None, Values | None], str]] = {
    "terms": _term_in_words,
    "closures": _closure_in_words,
    "roll": _spell_in_words,
    "memberships": _group_in_words,
    "details": _age_in_words,
}
