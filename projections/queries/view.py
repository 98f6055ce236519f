"""The read models as they stood: opened once, at one point in time, for one answer."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import ledger
from ledger import clock as clocks
from ledger import names
from ledger.clock import Clock
from ledger.errors import Refused
from ledger.sealing.keys import KeyRing
from ledger.state.calendar import Calendar
from ledger.store.folder import Folder
from ledger.transparency.roots import root_at
from policies.law.calendar import school_year_of
from policies.packs.codes import CodeRule, Rules, rules
from projections.queries.kept import Facts, Keeper, Kept
from projections.queries.people import AS_STATED, Author, Person, Signed, StatedAuthor
from projections.queries.question import GROUP_OPTIONS, PointInTime, Question
from projections.readmodel.known import (
    Known,
    is_corrected_after,
    known_from,
    last_position_at,
    newest_stamp,
)
from projections.readmodel.record import Sealed, Versioned
from projections.readmodel.records import roll as roll_records
from projections.readmodel.records import school as school_records
from projections.readmodel.records.roll import Details
from projections.readmodel.sources import Models, Source, log_of, log_upto, views
from projections.readmodel.tables import ALWAYS

if TYPE_CHECKING:
    from projections.readmodel.grid import Grid

T = TypeVar("T")


class Interval(NamedTuple):
    """A pupil's stretch of days, on roll or in a group; ``last`` none: open."""

    pupil: int
    first: date
    last: date | None
    kind: str = ""
    name: str = ""

    def covers(self, day: date) -> bool:
        """Tell whether a day lies in the stretch."""
        return self.first <= day and (self.last is None or day <= self.last)


def _kept(read: "Callable[[View], T]") -> "cached_property[T]":
    """Let a fact be read once for all views of a point in time."""

    def fact(view: "View") -> T:
        return view.facts.get(read, lambda: read(view))

    fact.__doc__ = read.__doc__
    return cached_property(fact)


@dataclass
class View(Known):
    """The read models at one point in time.

    ``position`` and ``stated`` bound what is known; ``on`` and ``from_`` bound the sessions.
    """

    folder: Folder
    ring: KeyRing
    now: int
    question: PointInTime
    known_at: int
    rules: Rules = field(default_factory=rules)
    opened: "_Opened | None" = None
    kept: Kept = field(default_factory=Kept)

    def at(self, question: PointInTime) -> "View":
        """Return another point in time, over the same read models and keys."""
        assert self.opened is not None  # noqa: S101 - by `open_view`
        return _view(self.opened, question)

    # -- reading ----------------------------------------------------------------------------

    def open(self, sealed: Sealed | None) -> str | None:
        """Return the text of a sealed field; what is empty stays empty."""
        return None if sealed is None else self.ring.open(sealed)

    def author(self, record: Signed) -> Author:
        """Return who made a record, as it says itself."""
        return Author(self.open(record.name), self.open(record.job_title))

    def moments(self, version: Versioned) -> tuple[int, int | None]:
        """Return the moments between which a version stood, by the clock asked; none: it stands.

        Under the source clock the instants that sources state, 0 for none; else transactions,
        whole, by their first positions. `instant_of` tells when a moment was.
        """
        ended = self.end_of(version)
        if self.question.clock == "source":
            return version.sf, None if ended is None else version.st
        return self.commits.of(version.kf).first, ended and self.commits.of(ended).first

    def instant_of(self, moment: int) -> int:
        """Return when a moment was, in microseconds; 0 where a source states no time."""
        return moment if self.question.clock == "source" else self.commits.known_at(moment)

    def decider(self, record: Signed, position: int) -> Author:
        """Return who made the record of an event, or whom another system states to have."""
        kind = StatedAuthor if self.is_stated(position) else Author
        return kind(*self.author(record))

    def is_stated(self, position: int) -> bool:
        """Tell whether another system stated the fact at a position: it is second-hand."""
        return self.commits.of(position).source is not None

    def authenticated(self, position: int) -> str:
        """Say how it is known who recorded the fact at a position."""
        return AS_STATED if self.is_stated(position) else self.commits.of(position).authenticated

    def done_at(self, position: int, stated: int | None) -> int:
        """Return when the fact of an event was recorded: here, or by the system that states it."""
        return (self.is_stated(position) and stated) or self.commits.of(position).at

    @property
    def knows_nothing(self) -> bool:
        """Whether this point in time lies before the ledger's first event."""
        return self.position == 0

    # -- the school -------------------------------------------------------------------------

    @cached_property
    def facts(self) -> Facts:
        """What is kept of this point in time besides the marks."""
        return self.kept.at(self)

    @_kept
    def school(self) -> school_records.School | None:
        """Details of the school, none where they are not recorded."""
        return next(iter(self.standing(school_records.School)), None)

    @_kept
    def calendar(self) -> Calendar:
        """Terms, closures and register times as known."""
        return Calendar(
            [each.law for each in self.standing(school_records.Term)],
            [each.law for each in self.standing(school_records.Closure)],
            [each.law for each in self.standing(school_records.Times)],
            self.ring.open,
        )

    @cached_property
    def today(self) -> date:
        """The London date at which the question is asked."""
        return clocks.local_date(self.now)

    @cached_property
    def on(self) -> date:
        """The date up to which sessions count."""
        return self.question.on or self.today

    @cached_property
    def school_year(self) -> tuple[date, date] | None:
        """The school year that holds `on`, or the nearest; none without terms."""
        return school_year_of(self.on, [(t.first, t.last) for t in self.calendar.terms])

    @cached_property
    def first(self) -> date:
        """The first date counted."""
        if self.question.from_ is not None:
            return _first_date(self.question.from_, self.on)
        return self.school_year[0] if self.school_year else self.on

    @cached_property
    def grid(self) -> "Grid":
        """The marks as a rectangle."""
        return self.models.grid()

    # -- people -----------------------------------------------------------------------------

    @_kept
    def people(self) -> dict[int, Person]:
        """Every pupil known, by row number."""
        found = {each.pupil: self._person(each) for each in self.standing(Details)}
        # A source may state a spell on roll as known before the details of another one are.
        unnamed = {spell.pupil for spell in self.spells} - found.keys()
        return found | {index: self.first_known_person(index) for index in sorted(unnamed)}

    def first_known_person(self, index: int) -> Person:
        """Return a pupil with the details first recorded, known at this point in time or not."""
        return self._person(self.first_version(Details, pupil=index))

    def person(self, index: int) -> Person | None:
        """Return one pupil, if known."""
        return next(map(self._person, self.standing(Details, pupil=index)), None)

    def _person(self, details: Details) -> Person:
        return Person(details, self._open_text)

    @cached_property
    def _open_text(self) -> Callable[[Sealed], str]:
        # An answer may read a name when it is printed, and the view is closed by then.
        self.ring.read_all()
        return self.ring.open

    @_kept
    def spells(self) -> list[Interval]:
        """Every spell on roll known."""
        return [
            Interval(each.pupil, each.starts_on, each.leaves_on)
            for each in self.standing(roll_records.Spell)
        ]

    @_kept
    def memberships(self) -> list[Interval]:
        """Every group membership known."""
        return [
            Interval(each.pupil, each.since or date.min, each.until, each.kind, each.name)
            for each in self.standing(roll_records.Membership)
        ]

    def belonging(self, name: str, kind: str = "") -> list[Interval]:
        """Return the memberships of a group, of a kind or of any; none: none is called so.

        Case, blanks and the form of letters aside: of groups that look alike, those of all.
        """
        held = set(names.same(name, (m.name for m in self._of_kind(kind))))
        return [m for m in self._of_kind(kind) if m.name in held]

    def _of_kind(self, kind: str) -> Iterator[Interval]:
        return (m for m in self.memberships if kind in ("", m.kind))

    def unknown_group(self, name: str, kind: str = "") -> Refused:
        """Return the refusal of a name that no group of a kind has, with those near it."""
        by, them = _LISTED_BY[kind]
        near = names.near(name, (m.name for m in self._of_kind(kind)))
        return Refused(
            "group-unknown",
            f"no {_GROUPS[kind]} is called {name!r}",
            names.offered(near, f"attendance rates --by {by} lists the {them}"),
        )

    def groups_as_held(self, asked: Mapping[str, str | None]) -> dict[str, Any]:
        """Return the names of groups that are known otherwise than they are asked for, by option.

        One that is written in several ways is called by the first of them.
        """
        found: dict[str, Any] = {}
        for option, name in asked.items():
            if name is not None:
                held = names.same(name, (m.name for m in self._of_kind(GROUP_OPTIONS[option])))
                found |= {option: held[0]} if held and name not in held else {}
        return found

    def remarks(self) -> list[str]:
        """Return what is to be said of groups that look alike: taken together, or listed apart."""
        said = []
        for option, kind in GROUP_OPTIONS.items():
            if (name := getattr(self.question, option, None)) is not None:
                held = names.same(name, (m.name for m in self._of_kind(kind)))
                said += [f"Taken together: {_listed(held)}"] if len(held) > 1 else []
        by = getattr(self.question, "by", None)
        alike = names.twins(m.name for m in self._of_kind(by)) if by in _LISTED_BY else {}
        return said + [f"Groups that look alike: {_listed(held)}" for held in alike.values()]

    @_kept
    def row_count(self) -> int:
        """How many rows hold every pupil known; a source may state a group before its pupil."""
        listed = (each.pupil for each in (*self.spells, *self.memberships))
        return 1 + max((*self.people, *listed), default=-1)

    def pupil_index(self, named: str) -> int:
        """Return the row number of the pupil that a UPN or local id names, or refuse."""
        pupil = self.ring.find_pupil(named)
        rows = self.standing(roll_records.Pupil, pupil=pupil) if pupil else []
        if not rows:
            raise Refused(
                "pupil-unknown",
                f"no pupil has the UPN or local id {named!r}",
                "look the pupil up with attendance pupil find NAME",
            )
        return rows[0].idx

    def pupil_id(self, index: int) -> str:
        """Return the id by which the log knows a pupil."""
        [pupil] = self.standing(roll_records.Pupil, idx=index)
        return pupil.pupil

    def meaning(self, code: str) -> CodeRule:
        """Return the meaning of a code that stands, on the view's date or the last before it."""
        known = self.rules.codes.by_code[code]
        return max((rule for rule in known if rule.since <= self.on), key=lambda rule: rule.since)

    @cached_property
    def root(self) -> str:
        """The root of the tree at this position, base64."""
        return root_at(self.folder, self.position)

    # -- provenance -------------------------------------------------------------------------

    def as_of(self) -> dict[str, Any]:
        """Return the provenance that every answer begins with."""
        return {
            "school": self.school.urn if self.school else None,
            "on": self.on.isoformat(),
            "from": self.first.isoformat(),
            "known_at": clocks.iso(self.known_at),
            "clock": self.question.clock,
            "position": self.position,
            "root": self.root,
            "rules": self.rules.digest,
            "software": ledger.__version__,
        }

    def provenance(self) -> str:
        """Return the provenance as a line of text; what it names asks the same again, exactly."""
        school = f"{self.school.name} ({self.school.urn})" if self.school else "no school yet"
        known = clocks.local(self.known_at).isoformat(sep=" ")
        return (
            f"{school}; {self.first} to {self.on}; as known at {known} "
            f"({self.question.clock} clock), position {self.position}, "
            f"root {self.root[:12]}; rules {self.rules.digest[:15]}; software {ledger.__version__}"
        )

    def ignorance(self) -> str:
        """Return what to say where nothing was known yet."""
        if not self.commits.all:
            return "the ledger holds no event yet: it knows nothing"
        first = clocks.local(self.commits.all[0].at).strftime("%Y-%m-%d %H:%M:%S")
        said = f"the ledger's first event was recorded at {first} London: it knew nothing before"
        imported = any(commit.source for commit in self.commits.all)
        asks = imported and self.question.clock == "ledger" and self.question.position is None
        return f"{said}; --clock source asks what its sources state for then" if asks else said


_GROUPS = {"": "group", "year": "year", "cohort": "cohort", "registration": "registration group"}
_LISTED_BY = {
    "": ("registration", "classes"),
    "registration": ("registration", "classes"),
    "year": ("year", "years"),
    "cohort": ("cohort", "cohorts"),
}


def _listed(held: Iterable[str]) -> str:
    return ", ".join(map(repr, held))


def _first_date(first: date, on: date) -> date:
    if first > on:
        raise Refused(
            "dates-reversed",
            f"--from {first} is later than --on {on}",
            "give the earlier date first",
        )
    return first


class Held(NamedTuple):
    """What a process that lives holds for its questions: keys as they are now, what it keeps."""

    ring: KeyRing
    keeper: Keeper


@contextmanager
def _holding(folder: Folder, held: Held | None) -> Iterator[Held]:
    if held is not None:
        yield held
        return
    with closing(KeyRing(folder.keys, to_write=False)) as ring:
        yield Held(ring, Keeper())


@contextmanager
def open_view(
    folder: Folder,
    question: PointInTime,
    clock: Clock,
    held: Held | None = None,
    source: Source = views,
) -> Iterator[View]:
    """Open the read models for a question; ``source``: where they come from."""
    folder.required()
    now = clock()
    with (
        source(folder) as models,
        _holding(folder, held) as (keys, keeper),
        ExitStack() as more,
    ):
        kept = keeper.of((models.place, keys, keys.version))
        yield _view(_Opened(folder, models, keys, now, more, kept), question)


@contextmanager
def view_for(
    folder: Folder, question: Question[Any], clock: Clock, held: Held | None = None
) -> Iterator[View]:
    """Open the read models for a question; for a document that leaves the school, the log alone.

    The views only say, and quickly, whose marks are needed; the log is asked whether these are
    all. What is kept is of the views too.
    """
    with open_view(folder, question, clock, held) as view:
        if not question.leaves_school:
            yield view
            return
        whose = question.whose(view)
    # What is made of the log alone takes nothing from what is kept of the views.
    alone = held and held._replace(keeper=Keeper())
    with open_view(folder, question, clock, alone, log_of(whose)) as view:
        needed = whose if whose is None else question.whose(view)
        if whose is None or (needed is not None and set(needed) <= set(whose)):
            yield view
            return
    with open_view(folder, question, clock, alone, log_of(needed)) as view:
        yield view


class _Opened(NamedTuple):
    """What every point in time of one answer is looked up in; ``more``: opened on the way."""

    folder: Folder
    models: Models
    ring: KeyRing
    now: int
    more: ExitStack
    kept: Kept


def _view(opened: _Opened, question: PointInTime) -> View:
    folder, models, ring, now, more, kept = opened
    known_at = _known_at(models, question, now)
    position, stated = _bounds(models, question, known_at)
    if question.clock == "source" and is_corrected_after(models.db, position):
        # Their rows hold times as a later correction has them; nothing was known of it then.
        models, kept = more.enter_context(log_upto(folder, position)), Kept()
    bounds = (models, position, stated)
    return View(*bounds, folder, ring, now, question, known_at, opened=opened, kept=kept)


def _known_at(models: Models, question: PointInTime, now: int) -> int:
    """Return as known when: as asked, else now, or from when all there is counts as known.

    A clock that is behind the last entry takes nothing out of an answer.
    """
    if question.known_at is None:
        return max(now, known_from(models.db, _asked(question, models.head)))
    known_at = clocks.parse_instant(question.known_at)
    if known_at <= now:
        return known_at
    newest = newest_stamp(models.db, models.head)
    if question.known_at == clocks.local_date(now).isoformat():
        return newest if now < newest <= known_at else now
    if known_at <= newest:
        return known_at
    raise Refused(
        "known-at-future",
        f"--known-at {question.known_at} is later than now",
        "ask for a time that has come, or leave it out for what is known now",
    )


def _asked(question: PointInTime, head: int) -> int:
    return head if question.position is None else min(question.position, head)


def _bounds(models: Models, question: PointInTime, known_at: int) -> tuple[int, int]:
    """Return the position and the stated time that bound what is known."""
    position = _asked(question, models.head)
    if question.clock == "source":
        return position, known_at if question.known_at is not None else ALWAYS
    if question.known_at is None:
        return position, ALWAYS
    upto = None if question.position is None else position
    return last_position_at(models.db, known_at, upto, models.head), ALWAYS
