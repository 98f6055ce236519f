"""A group's register for a week as known at one point in time: one cell a pupil and session."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ledger.values import HALVES, Session
from projections.queries.columns import Column, Listing
from projections.queries.pending import pending_amendments
from projections.queries.people import Person
from projections.queries.rectangle import Flags, Rectangle, rectangle
from projections.queries.selection import membership_cells
from projections.queries.view import Interval, View
from projections.readmodel.accessors.marks import Version, versions_of
from projections.readmodel.records.amending import Request

_SCHOOL_DAYS = 5
PLAN = "plan"
_BY_KIND = {"amendment": "amended", "late_entry": "late_entry", "restated": "restated"}
"""What a cell is, by the kinds of version that a cancellation gives."""
Place = tuple[int, str]
"""A pupil's row number and a session."""


class Difference(NamedTuple):
    """What stood at the earlier of two times and at the later; none: no mark."""

    was: str | None
    became: str | None


class CellState(NamedTuple):
    """What stood for one pupil and session, and how it came to stand.

    ``changed``: since it was first entered, for whatever reason; ``in_group``: at that session;
    ``member``: and on roll; ``counts``: whether the mark that stands is in a session that counts,
    met while on roll; ``planned``: an absence planned where there is no mark yet; ``pending``:
    the code that a requested amendment asks for. Beside another time: ``changed_since``,
    ``diff``; on paper: the numbers of the ``notes`` on it. ``cancelling``: those of these
    names that are so because the session was cancelled, and for no other reason; ``unsure``:
    whether the entry was late is not known, and it counts as late.
    """

    session: str
    code: str | None = None
    met: bool = False
    cancelled: bool = False
    changed: bool = False
    in_group: bool = True
    member: bool = True
    counts: bool = False
    planned: str | None = None
    amended: bool = False
    late_entry: bool = False
    corrected: bool = False
    restated: bool = False
    pending: str | None = None
    changed_since: bool = False
    unsure: bool = False
    diff: Difference | None = None
    notes: tuple[int, ...] = ()
    cancelling: frozenset[str] = frozenset()

    @property
    def due(self) -> bool:
        """Whether an entry is: the session is met, by a member."""
        return self.met and self.member

    @property
    def codes(self) -> tuple[str | None, ...]:
        """The codes that are shown."""
        return (self.code if self.in_group else None, self.planned, *(self.diff or ()))


class PupilRow(NamedTuple):
    """The row of a pupil."""

    person: Person
    cells: Sequence[CellState]


CELL: tuple[Column[CellState], ...] = tuple(
    Column(name) for name in CellState._fields[: CellState._fields.index("changed_since")]
)


def row_columns(*cell: Column[CellState]) -> tuple[Column[PupilRow], ...]:
    """Return the columns of rows; ``cell``: what is said of each cell."""
    return (
        Column("upn", value=lambda row: row.person.upn),
        Column("name", value=lambda row: row.person.name),
        Column("cells", value=lambda row: Listing(cell, row.cells)),
    )


@dataclass
class Week:
    """The register of a group from Monday to Friday, as a view knows it.

    ``pupils``: the rows shown; at first those with a session in the group that week.
    ``required``: whether a group that nobody ever belonged to is refused.
    """

    view: View
    group: str
    monday: date
    required: bool = True
    pupils: list[Person] = field(init=False)

    def __post_init__(self) -> None:
        self.pupils = self._pupils()

    @property
    def friday(self) -> date:
        """The last day."""
        return self.monday + timedelta(days=_SCHOOL_DAYS - 1)

    @cached_property
    def sessions(self) -> list[Session]:
        """The ten sessions, met or not."""
        days = [self.monday + timedelta(days=n) for n in range(_SCHOOL_DAYS)]
        return [Session(day, half) for day in days for half in HALVES]

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings of its table."""
        return ("Pupil", *(f"{s.date:%a %d} {s.half}" for s in self.sessions))

    @property
    def nobody(self) -> str:
        """What to say where it has no row: that is no empty register, but none at all."""
        return f"nobody in {self.group} had a session in this week, as known then"

    @cached_property
    def whole(self) -> Rectangle:
        """The register of the whole school in that week."""
        return rectangle(self.view, self.monday, self.friday)

    @cached_property
    def columns(self) -> dict[Session, int]:
        """Where the sessions inside terms stand in the rectangle."""
        return {session: at for at, session in enumerate(self.whole.sessions)}

    @cached_property
    def _memberships(self) -> list[Interval]:
        return self.view.belonging(self.group)

    @cached_property
    def member(self) -> Flags:
        """Who was in the group and on roll, session by session."""
        cells = membership_cells(self.view, self._memberships, self.whole, per_session=True)
        found: Flags = cells & self.whole.on_roll
        return found

    def _pupils(self) -> list[Person]:
        if not self._memberships:
            if self.view.knows_nothing or not self.required:
                return []
            raise self.view.unknown_group(self.group)
        rows = {int(n) for n in np.nonzero(self.member.any(axis=1))[0]}
        others = sorted(set().union(*self.members.values()) - rows)
        found = versions_of(self.view, others, self.monday, self.friday)
        # A mark may stand though no session counts: the row would vanish with the week.
        rows |= {version.pupil for version in found if version.kind != PLAN}
        return by_surname(self.view.people[n] for n in rows)

    @cached_property
    def members(self) -> dict[Session, set[int]]:
        """Who was in the group on the day of each session, on roll or not."""
        return {
            session: {m.pupil for m in self._memberships if m.covers(session.date)}
            for session in self.sessions
        }

    @cached_property
    def versions(self) -> dict[Place, list[Version]]:
        """Every version of the marks and plans of the pupils shown, in order."""
        found: dict[Place, list[Version]] = {}
        shown = [person.index for person in self.pupils]
        for version in versions_of(self.view, shown, self.monday, self.friday):
            found.setdefault((version.pupil, version.session), []).append(version)
        return found

    @cached_property
    def waiting(self) -> dict[Place, Request]:
        """The requested amendments that nobody has decided."""
        return {(each.pupil, each.session): each for each in pending_amendments(self.view)}

    def marks(self, place: Place) -> list[Version]:
        """Return the versions of a mark, without plans."""
        return [v for v in self.versions.get(place, ()) if v.kind != PLAN]

    def cell(self, person: Person, session: Session) -> CellState:
        """Return what stood for one pupil and session."""
        at, place = self.columns.get(session), (person.index, str(session))
        marks, waits = self.marks(place), self.waiting.get(place)
        kinds = {version.kind for version in marks}
        found = cell_standing(self.whole, person.index, session, at)
        # Outside every term, as terms are known, no cell holds the mark that stands.
        code = marks[-1].code if at is None and marks else found.code
        member = at is not None and person.index < len(self.member)
        member = member and bool(self.member[person.index, at])
        return found._replace(
            code=code,
            changed=any(version.replaced is not None for version in marks),
            in_group=person.index in self.members[session],
            member=member,
            counts=code is not None and found.met,
            planned=self.planned(place) if found.met and member and not marks else None,
            amended="amendment" in kinds,
            late_entry="late_entry" in kinds,
            corrected="taking" in kinds,
            restated="restated" in kinds,
            unsure=any(version.unsure for version in marks),
            pending=waits.code if waits else None,
            cancelling=self._cancelling(marks, kinds) if found.cancelled else frozenset(),
        )

    def _cancelling(self, marks: list[Version], kinds: set[str]) -> frozenset[str]:
        """Return what a cell is by versions alone that a cancellation gave."""
        codes = self.view.rules.codes
        own = {v.kind for v in marks if not codes.by_code[v.code or ""][-1].cancels}
        return frozenset(name for kind, name in _BY_KIND.items() if kind in kinds - own)

    def planned(self, place: Place) -> str | None:
        """Return the code of an absence that is planned; none once it was withdrawn."""
        plans = [v for v in self.versions.get(place, ()) if v.kind == PLAN]
        return plans[-1].code if plans else None


def cell_standing(whole: Rectangle, pupil: int, session: Session, at: int | None) -> CellState:
    """Return the code that stood, whether the session was met, and whether it was cancelled.

    ``at``: the session's column, none outside terms.
    """
    if at is None or pupil >= len(whole.codes):
        return CellState(str(session))
    return CellState(
        str(session),
        whole.book[whole.codes[pupil, at]] or None,
        bool(whole.counted[pupil, at]),
        bool(whole.cancelled[pupil, at]),
    )


def by_surname(people: Iterable[Person]) -> list[Person]:
    """Return people by surname and forename."""
    return sorted(people, key=lambda p: (p.surname, p.forename, p.upn))
