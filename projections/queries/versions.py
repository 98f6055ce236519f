"""Versions of marks and plans as known: the rows that history and changes are made of."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

from ledger.clock import Corrected, iso, local, local_date, told
from projections.queries import lags
from projections.queries.columns import Column, Listing
from projections.queries.people import AS_STATED, Author, StatedAuthor
from projections.queries.view import View
from projections.queries.wording import (
    NOT_KNOWN,
    NOT_KNOWN_LATE,
    importer_in_words,
    mark_by_in_words,
)
from projections.readmodel.accessors.marks import Version, recorded_marks
from projections.readmodel.records.amending import Request
from projections.readmodel.records.log import Commit
from projections.readmodel.records.register import Conflict
from projections.readmodel.records.school import StaffSpell

VERSION_KINDS: Mapping[str, str] = {
    "entry": "entry",
    "late_entry": "late entry",
    "taking": "corrected during taking",
    "amendment": "amendment",
    "restated": "restated by its source",
    "plan": "plan",
    "uncounted": "stopped counting",
}
"""What the kind of a version is called in one pupil's history."""
_STEPS = {
    "planned": "absence planned",
    "changed": "plan changed before the register was taken",
    "withdrawn": "plan withdrawn before the register was taken",
    "resumed": "stopped counting, counts again",
}
T = TypeVar("T")


def version_in_words(version: Version) -> str:
    """Say what a version is; of a first mark, where it is not known whether it was in time."""
    return NOT_KNOWN_LATE if version.unsure else VERSION_KINDS[version.kind]


def moment(at: int | None) -> str:
    """Write an instant as London time, with what is known of it; nothing for none."""
    return "" if at is None else told(at, lambda each: f"{local(each):%Y-%m-%d %H:%M}")


def at_column(key: str, heading: str, of: Callable[[T], int | None]) -> Column[T]:
    """Return the column of an instant: UTC in the document, London time where it is read."""

    def document(row: T) -> str | None:
        at = of(row)
        return None if at is None else iso(at)

    return Column(key, heading, document, lambda row: moment(of(row)))


def recorded_between(at: int | None) -> dict[str, Any] | None:
    """Return, as a document has it, between which instants something was recorded.

    None where the clock was right: there is one instant then.
    """
    if not isinstance(at, Corrected):
        return None
    return {
        "from": iso(at.earliest),
        "to": iso(at),
        "clock_said": iso(at.said),
        "corrected_by": at.position,
    }


def recorded_columns(heading: str, of: Callable[[T], int | None]) -> tuple[Column[T], ...]:
    """Return the columns of when something was recorded here.

    The document says of what a wrong clock stamped, and of nothing else, between which instants.
    """

    def between(row: T) -> dict[str, Any] | None:
        return recorded_between(of(row))

    sparse: Column[T] = Column("recorded_between", value=between, csv=False, sparse=True)
    return at_column("recorded_at", heading, of), sparse


def recorded_fields(at: int) -> dict[str, Any]:
    """Return when something was recorded, as a document has it."""
    between = recorded_between(at)
    return {"recorded_at": iso(at)} | ({} if between is None else {"recorded_between": between})


# -- who, as every account of changes says it ------------------------------------------------


class Signatory(NamedTuple):
    """Who made a record, with the title of then, and how it is known who."""

    name: str | None
    job_title: str | None
    authenticated: str

    @property
    def words(self) -> str:
        """Name and title."""
        return Author(self.name, self.job_title).words


def named(by: Signatory | None) -> str:
    """Name who made a record; of a source's own statement nobody is named."""
    return (by or Author(None, None)).words


def by_columns(
    of: Callable[[T], Signatory | None], text: Callable[[T], str] | None = None
) -> tuple[Column[T], ...]:
    """Return the columns of who made it: one of the document, which the CSV spreads."""

    def words(row: T) -> str:
        return named(of(row))

    def document(row: T) -> dict[str, str | None] | None:
        by = of(row)
        return by and by._asdict()

    def part(name: str) -> Column[T]:
        return Column(f"by_{name}", value=lambda row: getattr(of(row), name, None), json=False)

    whole = Column("by", "By", document, text or words, csv=False)
    return (whole, *map(part, Signatory._fields))


class Importer(NamedTuple):
    """Who gave an import: a member of staff, where one was named, and by which account."""

    staff_id: str | None
    name: str | None
    job_title: str | None
    account: str

    @property
    def words(self) -> str:
        """Name, title, id and account; that nobody was named, where nobody was."""
        return importer_in_words(self._asdict())


# -- versions --------------------------------------------------------------------------------


class MarkVersion(NamedTuple):
    """A version of a mark or plan as it is shown, with its texts opened; instants as stored.

    ``number``: in its stream (`with_numbers`); ``recorded``: here; ``imported_by``: who gave the
    import that brought it, if one did; ``changed``: when it was recorded, where a later import
    restated a mark; ``late``: in school days, none where undated; ``source``: the
    system whose import stated it; ``approved``: by whom and when, where a second person had to;
    ``batch_number``: of the command that made it, and whatever else at once.
    """

    stored: Version
    number: int
    reason: str | None
    nature: str | None
    comment: str | None
    by: Signatory | None
    recorded: int
    changed: int | None
    late: int | None
    source: str | None
    imported_by: Importer | None
    approved: str | None
    batch_number: int

    @property
    def made_at(self) -> int | None:
        """When it was made: none where a source states no time."""
        return self.changed or self.stored.stated or (None if self.source else self.recorded)

    @property
    def is_change(self) -> bool:
        """Whether it is another mark than the first at the taking, and no plan."""
        return self.stored.kind not in ("entry", "plan")

    @property
    def what(self) -> str:
        """What it is, and which system states it where it was imported.

        A late entry says how late; a correction during taking is no amendment.
        """
        words = _STEPS.get(self.stored.step or "", version_in_words(self.stored))
        if self.source is None:
            return words
        restated = self.stored.kind == "restated"
        return f"{words} ({self.source})" if restated else f"{words}, as stated by {self.source}"


def _importer(row: MarkVersion) -> str:
    return f" by {row.imported_by.words}" if row.imported_by and row.is_change else ""


def _when(row: MarkVersion) -> str:
    stated = row.stored.stated
    if stated is None:
        here = moment(row.recorded)
        return f"not stated; imported {here}{_importer(row)}" if row.source else here
    by = f"imported {moment(row.recorded)}{_importer(row)}"
    if row.changed is not None:
        return f"{by}; the mark stated for {moment(stated)}"
    # Of a first mark that a source states nobody asks who brought it; the page of one says so.
    return f"{moment(stated)} (stated)" + (f"; {by}" if row.is_change else "")


def _by(row: MarkVersion) -> str:
    by = mark_by_in_words(row.by and named(row.by), row.stored.kind)
    return f"{by}; approved by {row.approved}" if row.approved else by


VERSIONS: tuple[Column[MarkVersion], ...] = (
    Column("session", "Session", lambda row: row.stored.session),
    Column("version", value=lambda row: row.number),
    Column("kind", value=lambda row: row.stored.kind),
    Column("", "What", text=lambda row: row.what),
    Column("code", value=lambda row: row.stored.code),
    Column("replaced", "Was", lambda row: row.stored.replaced),
    Column("", "Became", text=lambda row: row.stored.code or ""),
    Column("reason", "Reason"),
    Column("minutes_late", value=lambda row: row.stored.minutes_late, csv=False),
    Column("nature", csv=False),
    Column("comment", csv=False),
    *by_columns(lambda row: row.by, _by),
    Column("", "When", text=_when),
    *recorded_columns("", lambda row: row.recorded),
    at_column("stated_at", "", lambda row: row.stored.stated),
    Column("late_by_school_days", "School days after", lambda row: row.late,
           text=lambda row: lags.in_words(row.late), number=True),
    Column("late_between", value=lambda row: lags.document(row.late), csv=False, sparse=True),
    Column("late", value=lambda row: NOT_KNOWN if row.stored.unsure else None, csv=False,
           sparse=True),
    Column("position", value=lambda row: row.stored.position),
    Column("step", value=lambda row: row.stored.step),
    replace(at_column("changed_at", "", lambda row: row.changed), csv=False, sparse=True),
    Column("imported_by", csv=False, sparse=True),
    Column("imported_by", value=lambda row: row.imported_by and row.imported_by.words, json=False),
)  # fmt: skip
BATCH_NUMBER: Column[MarkVersion] = Column("batch_number", "Batch", number=True)
"""By which everything that one command did is asked for, and put back."""


def with_numbers(view: View, found: Iterable[Version]) -> Iterator[tuple[int, Version]]:
    """Yield each version with its number: its place, from 1, in its stream of the log.

    So `attendance prove --version` and a verifier that has only the entry count as well. A plan
    has numbers of its own; what a source stated against an amendment and was not entered takes one
    of the mark's. ``found``: all versions known of each session that there is one of, by session.
    """
    conflicts: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for each in view.recorded(Conflict):
        conflicts[each.pupil, each.session].append(each.kf)
    for place, versions in groupby(found, lambda version: (version.pupil, version.session)):
        counted = {"plan": 0, "mark": 0}
        for version in versions:
            kind = "plan" if version.kind == "plan" else "mark"
            counted[kind] += 1
            between = conflicts.get(place, ()) if kind == "mark" else ()
            yield counted[kind] + sum(at < version.position for at in between), version


def conflict_number(view: View, conflict: Conflict) -> int:
    """Return the number among the mark's versions of what a source stated and was not entered."""
    marks = recorded_marks(view, conflict.pupil, conflict.session)
    others = view.recorded(Conflict, pupil=conflict.pupil, session=conflict.session)
    return sum(each.kf <= conflict.kf for each in (*marks, *others))


class Describer:
    """Turns versions into rows of an answer: who, when, how late."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._importers: dict[int, Importer] = {}

    @cached_property
    def _school_days(self) -> list[date]:
        return self._view.calendar.school_days()

    @cached_property
    def _staff(self) -> dict[str, list[StaffSpell]]:
        found: dict[str, list[StaffSpell]] = {}
        for spell in self._view.standing(StaffSpell):
            found.setdefault(spell.staff, []).append(spell)
        return found

    @cached_property
    def _requests(self) -> dict[tuple[int, str, str | None], Request]:
        """The approved requests by pupil, session and batch."""
        known = self._view.standing(Request, decision="approved")
        return {(each.pupil, each.session, each.batch): each for each in known}

    def _approved(self, version: Version) -> str | None:
        """Say who approved a version, with title and time; none where nobody had to."""
        each = self._requests.get((version.pupil, version.session, version.batch))
        if each is None:
            return None
        at = moment(self._view.done_at(each.decided or 0, each.decided_stated))
        by = map(self._view.open, (each.decided_name, each.decided_title))
        return ", ".join([*(text or "" for text in by), at])

    def version(self, number: int, version: Version) -> MarkVersion:
        """Return what a version of that number says, and who made it when."""
        view, commit = self._view, self._view.commits.of(version.position)
        source = commit.source if version.imported else None
        return MarkVersion(
            stored=version,
            number=number,
            reason=view.open(version.reason),
            nature=view.open(version.nature),
            comment=view.open(version.comment),
            by=self.author(version),
            recorded=commit.at,
            changed=commit.at if self._later_import(version) else None,
            late=self.school_days_late(version),
            source=source,
            imported_by=self.importer(commit) if source else None,
            batch_number=commit.first,
            approved=self._approved(version),
        )

    def row(self, number: int, version: Version) -> dict[str, Any]:
        """Return a version as a document has it."""
        [row] = Listing(VERSIONS, [self.version(number, version)]).documents()
        return row

    def post(self, staff: str | None, day: date | None) -> StaffSpell | None:
        """Return what somebody was on the staff on a day; the latest where none is given."""
        held = [p for p in self._staff.get(staff or "", ()) if day is None or p.covers(day)]
        return max(held, key=lambda post: post.since or date.min, default=None)

    def name_and_title(
        self, staff: str | None, day: date | None, position: int | None = None
    ) -> Author:
        """Return the name and title of a member of staff on a day; the id where not on staff.

        ``position``: of an event that only says whose it is, and may be another system's word.
        """
        post = self.post(staff, day)
        found = self._view.author(post) if post else Author(staff, None)
        is_stated = position is not None and self._view.is_stated(position)
        return StatedAuthor(*found) if is_stated else found

    def committer(self, commit: Commit) -> Signatory | None:
        """Return who recorded a transaction, with the title of then, if anybody is named."""
        if commit.by is None:
            return None
        who = self.name_and_title(commit.by, local_date(commit.at))
        return Signatory(*who, commit.authenticated)

    def importer(self, commit: Commit) -> Importer:
        """Return who gave an import, with the title of then, and under which account."""
        known = self._importers.get(commit.first)
        if known is None:
            who = self.committer(commit)
            name, title = (who.name, who.job_title) if who else (None, None)
            known = self._importers[commit.first] = Importer(
                commit.by, name, title, commit.account
            )
        return known

    def recorded_at(self, version: Version) -> int:
        """Return when a version was recorded here."""
        return self._view.commits.of(version.position).at

    def source(self, version: Version) -> str | None:
        """Return the system whose import stated a version; none where it was recorded here."""
        return self._view.commits.of(version.position).source if version.imported else None

    def made_at(self, version: Version) -> int | None:
        """Return when a version was made: as its source states, else as recorded here.

        A source states the time of a mark, not of its own change of it: by the ledger's clock, a
        restatement of what an earlier import brought was made when this ledger first knew of it.
        """
        if version.imported and not self._later_import(version):
            return version.stated
        return self.recorded_at(version)

    def _later_import(self, version: Version) -> bool:
        """Tell whether a mark was restated by a later import than that of its entry."""
        if version.entered is None or self._view.question.clock != "ledger":
            return False
        return (
            self._view.commits.of(version.entered).first
            != self._view.commits.of(version.position).first
        )

    def school_days_late(self, version: Version) -> int | None:
        """Return the school days from the session's day to the change; none where undated."""
        made = self.made_at(version)
        if made is None:
            return None
        day = date.fromisoformat(version.session[:10])
        return lags.school_days_after(self._school_days, day, made)

    def names_by_upn(self) -> dict[str, str]:
        """Return the name of every pupil known."""
        return {person.upn: person.name for person in self._view.people.values()}

    def author(self, version: Version) -> Signatory | None:
        """Return who made a version, with the title of then; none where nobody is stated."""
        if version.by is None:
            return None
        authenticated = AS_STATED
        if not version.imported:
            authenticated = self._view.commits.of(version.position).authenticated
        # Kept with the change where it is an amendment, else as the staff list was that day.
        if version.name is not None:
            return Signatory(*self._view.author(version), authenticated)
        day = self.changed_on(version) or date.fromisoformat(version.session[:10])
        return Signatory(*self.name_and_title(version.by, day), authenticated)

    def changed_on(self, version: Version) -> date | None:
        """Return the London date of a change: as its source states, else as recorded."""
        when = self.made_at(version)
        return None if when is None else local_date(when)
