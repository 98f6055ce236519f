"""The read models as they stood: opened once, at one point in time, for one answer."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date, time
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import ledger
from ledger import clock as clocks
from ledger.clock import Clock
from ledger.errors import Refused
from ledger.sealing.keys import BEYOND_USE, KeyRing
from ledger.state.calendar import Calendar, Closure, RegisterTimes, Term
from ledger.store.folder import Folder
from ledger.transparency.roots import root_at
from policies.law.calendar import school_year_of
from policies.packs.codes import Rules, rules
from projections.queries.question import PointInTime
from projections.readmodel.sources import Models, Source, views
from projections.readmodel.tables import ALWAYS, GROUP_SEPARATOR, STANDS, Connection

if TYPE_CHECKING:
    from projections.readmodel.grid import Grid

_PERSON = "pupil, upn, local_id, surname, forename, name_used, birth_cohort, compulsory_from"


class Person:
    """A pupil as known: row number, details opened when they are read, what stays without keys.

    ``sealed``: UPN, local id, surname, forename and the name used, each as the tables hold it.
    """

    def __init__(
        self,
        index: int,
        born: tuple[int, date],
        sealed: Sequence[str | None] = (),
        open_text: Callable[[str], str] = str,
    ) -> None:
        self.index = index
        self.birth_cohort, self.compulsory_from = born
        self._sealed, self._open = sealed, open_text

    def _text(self, place: int) -> str:
        sealed = self._sealed[place] if self._sealed else None
        return self._open(sealed) if sealed else ""

    @cached_property
    def upn(self) -> str:
        """The unique pupil number."""
        return self._text(0)

    @cached_property
    def local_id(self) -> str:
        """The school's own number."""
        return self._text(1)

    @cached_property
    def surname(self) -> str:
        """The surname."""
        return self._text(2)

    @cached_property
    def forename(self) -> str:
        """The forename."""
        return self._text(3)

    @cached_property
    def name_used(self) -> str:
        """The forename used at school; empty: the forename."""
        return self._text(4)

    @property
    def name(self) -> str:
        """The name as shown to staff; `[beyond use]` once the keys are destroyed."""
        if self.surname == BEYOND_USE:
            return BEYOND_USE
        return f"{self.name_used or self.forename} {self.surname}"


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


@dataclass
class View:
    """The read models at one point in time.

    ``position`` and ``stated`` bound what is known; ``on`` and ``from_`` bound the sessions.
    """

    folder: Folder
    models: Models
    ring: KeyRing
    now: int
    question: PointInTime
    position: int
    stated: int
    known_at: int
    rules: Rules = field(default_factory=rules)

    def at(self, question: PointInTime) -> "View":
        """Return another point in time, over the same read models and keys."""
        return _view(self.folder, self.models, self.ring, self.now, question)

    # -- reading ----------------------------------------------------------------------------

    @property
    def db(self) -> Connection:
        """The tables."""
        return self.models.db

    def stood(self, columns: str, table: str, where: str = "1", *values: Any) -> list[Any]:  # noqa: ANN401
        """Return the rows of a versioned table that stood at this point in time."""
        named = {f"v{n}": value for n, value in enumerate(values)}
        sql = f"SELECT {columns} FROM {table} WHERE {STANDS} AND ({where})"  # noqa: S608
        bound = {"p": self.position, "t": self.stated, **named}
        return self.db.execute(sql, bound).fetchall()

    def open(self, sealed: str | None) -> str | None:
        """Return the text of a sealed field; what is empty stays empty."""
        return None if sealed is None else self.ring.open(sealed)

    @property
    def knows_nothing(self) -> bool:
        """Whether this point in time lies before the ledger's first event."""
        return self.position == 0

    # -- the school -------------------------------------------------------------------------

    @cached_property
    def school(self) -> dict[str, str] | None:
        """The school's details, none where they are not recorded."""
        names = ("urn", "name", "la_code", "estab", "type", "phase")
        rows = self.stood(", ".join(names), "school")
        return dict(zip(names, rows[0], strict=True)) if rows else None

    @cached_property
    def calendar(self) -> Calendar:
        """The calendar as known."""
        day, wall = date.fromisoformat, time.fromisoformat
        terms = [Term(day(f), day(la), n) for f, la, n in self.stood("first, last, name", "terms")]
        closures = [
            Closure(
                day(d), h, frozenset(g.split(GROUP_SEPARATOR)) if g else frozenset(), bool(c), r
            )
            for d, h, g, c, r in self.stood('date, half, "groups", cancelled, reason', "closures")
        ]
        times = [
            RegisterTimes(day(since), (wall(a), wall(b)), (wall(c), wall(d)))
            for since, a, b, c, d in self.stood(
                "since, am_opens, am_closes, pm_opens, pm_closes", "register_times"
            )
        ]
        return Calendar(terms, closures, times)

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

    @cached_property
    def people(self) -> dict[int, Person]:
        """Every pupil known, by row number."""
        found = {row[0]: self._person(row) for row in self.stood(_PERSON, "details")}
        # A source may state a spell on roll as known before the details of another one are.
        unnamed = {spell.pupil for spell in self.spells} - found.keys()
        return found | {index: self.first_known_person(index) for index in sorted(unnamed)}

    def first_known_person(self, index: int) -> Person:
        """Return a pupil with the details first recorded, known at this point in time or not."""
        sql = f"SELECT {_PERSON} FROM details WHERE pupil = ? ORDER BY kf LIMIT 1"  # noqa: S608
        return self._person(self.db.execute(sql, [index]).fetchone())

    def person(self, index: int) -> Person | None:
        """Return one pupil, if known."""
        rows = self.stood(_PERSON, "details", "pupil = :v0", index)
        return self._person(rows[0]) if rows else None

    def _person(self, row: tuple[Any, ...]) -> Person:
        since = date.fromisoformat(row[7])
        return Person(row[0], (row[6], since), row[1:6], self._open_text)

    @cached_property
    def _open_text(self) -> Callable[[str], str]:
        # An answer may read a name when it is printed, and the view is closed by then.
        self.ring.read_all()
        return self.ring.open

    @cached_property
    def spells(self) -> list[Interval]:
        """Every spell on roll known."""
        rows = self.stood("pupil, starts_on, leaves_on", "roll")
        return [Interval(p, date.fromisoformat(s), _day(e)) for p, s, e in rows]

    @cached_property
    def memberships(self) -> list[Interval]:
        """Every group membership known."""
        rows = self.stood("pupil, since, until, kind, name", "memberships")
        return [Interval(p, _day(s) or date.min, _day(e), k, n) for p, s, e, k, n in rows]

    @cached_property
    def row_count(self) -> int:
        """How many rows hold every pupil known; a source may state a group before its pupil."""
        last_member: int = self.stood("coalesce(max(pupil), -1)", "memberships")[0][0]
        return 1 + max((*self.people, *(spell.pupil for spell in self.spells), last_member))

    def pupil_index(self, named: str) -> int:
        """Return the row number of the pupil that a UPN or local id names, or refuse."""
        pupil = self.ring.find_pupil(named)
        sql = "SELECT idx FROM pupils WHERE pupil = ?"
        row = self.db.execute(sql, [pupil]).fetchone() if pupil else None
        if row is None:
            raise Refused(
                "pupil-unknown",
                f"no pupil has the UPN or local id {named!r}",
                "look the pupil up with attendance pupil find NAME",
            )
        return int(row[0])

    @cached_property
    def root(self) -> str:
        """The root of the tree at this position, base64."""
        return root_at(self.folder, self.position)

    # -- provenance -------------------------------------------------------------------------

    def as_of(self) -> dict[str, Any]:
        """Return the provenance that every answer begins with."""
        return {
            "school": self.school["urn"] if self.school else None,
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
        school = (
            f"{self.school['name']} ({self.school['urn']})" if self.school else "no school yet"
        )
        known = clocks.local(self.known_at).isoformat(sep=" ")
        return (
            f"{school}; {self.first} to {self.on}; as known at {known} "
            f"({self.question.clock} clock), position {self.position}, "
            f"root {self.root[:12]}; rules {self.rules.digest[:15]}; software {ledger.__version__}"
        )

    def ignorance(self) -> str:
        """Return what to say where nothing was known yet."""
        row = self.db.execute("SELECT min(at) FROM commits").fetchone()
        if row[0] is None:
            return "the ledger holds no event yet: it knows nothing"
        first = clocks.local(row[0]).strftime("%Y-%m-%d %H:%M:%S")
        return f"the ledger's first event was recorded at {first} London: it knew nothing before"


def _first_date(first: date, on: date) -> date:
    if first > on:
        raise Refused(
            "dates-reversed",
            f"--from {first} is later than --on {on}",
            "give the earlier date first",
        )
    return first


@lru_cache(maxsize=4096)  # the days of a few years, asked for again and again
def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


@contextmanager
def open_view(
    folder: Folder,
    question: PointInTime,
    clock: Clock,
    ring: KeyRing | None = None,
    source: Source = views,
) -> Iterator[View]:
    """Open the read models for a question.

    ``ring``: the keys as they are now, where somebody has them open; ``source``: where the read
    models come from.
    """
    folder.required()
    now = clock()
    with (
        source(folder) as models,
        nullcontext(ring) if ring else closing(KeyRing(folder.keys, to_write=False)) as keys,
    ):
        yield _view(folder, models, keys, now, question)


def _view(folder: Folder, models: Models, ring: KeyRing, now: int, question: PointInTime) -> View:
    known_at = _known_at(question, now)
    position, stated = _bounds(models.db, question, known_at, models.head)
    return View(folder, models, ring, now, question, position, stated, known_at)


def _known_at(question: PointInTime, now: int) -> int:
    if question.known_at is None:
        return now
    known_at = clocks.parse_instant(question.known_at)
    if known_at <= now:
        return known_at
    if question.known_at == clocks.local_date(now).isoformat():
        return now
    raise Refused(
        "known-at-future",
        f"--known-at {question.known_at} is later than now",
        "ask for a time that has come, or leave it out for what is known now",
    )


def _bounds(db: Connection, question: PointInTime, known_at: int, head: int) -> tuple[int, int]:
    """Return the position and the stated time that bound what is known."""
    position = head if question.position is None else min(question.position, head)
    if question.clock == "source":
        return position, known_at if question.known_at is not None else ALWAYS
    if question.known_at is None:
        return position, ALWAYS
    row = db.execute("SELECT max(last) FROM commits WHERE at <= ?", [known_at]).fetchone()
    return min(position, row[0] or 0), ALWAYS
