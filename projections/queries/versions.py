"""Versions of marks and plans as known: the rows that history and changes are made of."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import starmap
from typing import Any, NamedTuple

from ledger.clock import iso, local_date
from policies.law.calendar import school_days_between
from projections.queries.view import View
from projections.readmodel.mark_rows import VERSIONS, row_ids

AS_STATED = "as stated by its source"
_ENTERED = (
    "CASE m.kind WHEN 'restated' THEN "  # noqa: S608 - our own number
    f"(SELECT e.kf FROM marks e WHERE e.id = m.id - m.id % {VERSIONS}) END"
)
_COLUMNS = (
    "m.pupil, m.session, m.kind, m.code, m.replaced, m.minutes_late, m.nature, m.comment, "
    'm.reason, m."by", m.name, m.job_title, m.stated, m.imported, m.kf, m.sf, m.batch, NULL, '
    f"{_ENTERED}"
)
_PLANS = (
    "m.pupil, m.session, 'plan', m.code, m.replaced, NULL, m.nature, NULL, "
    'm.reason, m."by", NULL, NULL, m.stated, m.imported, m.kf, m.sf, NULL, m.step, NULL'
)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a mark (or plan), as stored; personal texts still sealed.

    ``known_by_source``: the latest time stated along its chain so far, 0 where none is;
    ``batch``: ties the amendments of one request; ``step`` of a plan: planned, changed, withdrawn;
    ``entered``: where a restated mark's entry is in the log.
    """

    pupil: int
    session: str
    kind: str
    code: str | None
    replaced: str | None
    minutes_late: int | None
    nature: str | None
    comment: str | None
    reason: str | None
    by: str | None
    name: str | None
    job_title: str | None
    stated: int | None
    imported: bool
    position: int
    known_by_source: int = 0
    batch: str | None = None
    step: str | None = None
    entered: int | None = None


def versions(view: View, where: str, *values: Any) -> list[Version]:  # noqa: ANN401 - SQL values
    """Return the versions of marks and plans known, by session and then as recorded.

    ``where``: a condition over ``m.pupil``, ``m.session``, with ``:v0`` … for the values.
    """
    known = "m.kf <= :p AND m.sf <= :t AND "
    bound = {"p": view.position, "t": view.stated}
    bound.update({f"v{n}": value for n, value in enumerate(values)})
    found: list[Version] = []
    for columns, table in ((_COLUMNS, "marks"), (_PLANS, "plans")):
        sql = f"SELECT {columns} FROM {table} m WHERE {known} ({where})"  # noqa: S608
        found += [Version(*row) for row in view.db.execute(sql, bound)]
    return sorted(found, key=lambda v: (v.session, v.pupil, v.position))


def versions_of(view: View, pupils: Iterable[int], first: date, last: date) -> list[Version]:
    """Return what `versions` does for some pupils and days, where it lies in the tables."""
    bound: dict[str, Any] = {"p": view.position, "t": view.stated}
    # Days out of reach of the ids of a pupil's rows lie among those of another.
    theirs = (
        "m.kf <= :p AND m.sf <= :t AND m.pupil = :pupil AND m.session BETWEEN :first AND :last"
    )
    plans = f"SELECT {_PLANS} FROM plans m WHERE {theirs}"  # noqa: S608 - our own names
    marks = f"SELECT {_COLUMNS} FROM marks m WHERE {theirs} AND m.id BETWEEN :low AND :high"  # noqa: S608
    found: list[Version] = []
    for pupil in pupils:
        low, high = row_ids(pupil, first, last)
        bound |= {"pupil": pupil, "first": first.isoformat(), "last": f"{last.isoformat()}~"}
        found += starmap(Version, view.db.execute(plans, bound))
        found += starmap(Version, view.db.execute(marks, bound | {"low": low, "high": high}))
    return sorted(found, key=lambda v: (v.session, v.pupil, v.position))


def with_numbers(found: Iterable[Version]) -> Iterator[tuple[int, Version]]:
    """Yield each version with its number in its session, from 1."""
    last: tuple[int, str] | None = None
    number = 0
    for version in found:
        place = (version.pupil, version.session)
        number = number + 1 if place == last else 1
        last = place
        yield number, version


class Commit(NamedTuple):
    """A transaction: its positions, when it was recorded, by whom, from which system."""

    first: int
    last: int
    at: int
    by: str | None
    authenticated: str
    source: str | None


class Describer:
    """Turns versions into rows of an answer: who, when, how late."""

    def __init__(self, view: View) -> None:
        self._view = view
        columns = 'first, last, at, "by", authenticated, source'
        sql = f"SELECT {columns} FROM commits ORDER BY first"  # noqa: S608 - our own names
        self._commits = [Commit(*row) for row in view.db.execute(sql)]
        self._firsts = [commit.first for commit in self._commits]

    @cached_property
    def _school_days(self) -> list[date]:
        return self._view.calendar.school_days()

    @cached_property
    def _staff(self) -> dict[str, list[tuple[date, date, str, str]]]:
        found: dict[str, list[tuple[date, date, str, str]]] = {}
        rows = self._view.stood("staff, since, until, name, job_title", "staff")
        for staff, since, until, name, title in rows:
            first = date.fromisoformat(since) if since else date.min
            last = date.fromisoformat(until) if until else date.max
            found.setdefault(staff, []).append((first, last, name, title))
        return found

    def row(self, number: int, version: Version) -> dict[str, Any]:
        """Return the row of `history` for a version."""
        at, _ = self.recording(version)
        return {
            "session": version.session,
            "version": number,
            "kind": version.kind,
            "code": version.code,
            "replaced": version.replaced,
            "reason": self._view.open(version.reason),
            "minutes_late": version.minutes_late,
            "nature": self._view.open(version.nature),
            "comment": self._view.open(version.comment),
            "by": self.author(version),
            "recorded_at": iso(at),
            "stated_at": iso(version.stated) if version.stated is not None else None,
            "late_by_school_days": self.school_days_late(version),
            "position": version.position,
            "step": version.step,
            **self._restated(version),
        }

    def _restated(self, version: Version) -> dict[str, str]:
        """Return when a later import restated a mark; nothing of any other version."""
        return (
            {"changed_at": iso(self.recording(version)[0])} if self._later_import(version) else {}
        )

    def name_and_title(self, staff: str | None, day: date) -> tuple[str | None, str | None]:
        """Return the name and title of a member of staff on a day; the id where not on staff."""
        rows = [r for r in self._staff.get(staff or "", ()) if r[0] <= day <= r[1]]
        if not rows:
            return staff, None
        _, _, name, title = max(rows)
        return self._view.open(name), title

    def recording(self, version: Version) -> tuple[int, str]:
        """Return when a version was recorded here, and how its author was authenticated."""
        commit = self.commit(version.position)
        return commit.at, commit.authenticated

    def source(self, version: Version) -> str | None:
        """Return the system whose import stated a version; none where it was recorded here."""
        return self.commit(version.position).source if version.imported else None

    def commit(self, position: int) -> Commit:
        """Return the transaction that holds a position."""
        return self._commits[bisect_right(self._firsts, position) - 1]

    def made_at(self, version: Version) -> int | None:
        """Return when a version was made: as its source states, else as recorded here.

        A source states the time of a mark, not of its own change of it: by the ledger's clock, a
        restatement of what an earlier import brought was made when this ledger first knew of it.
        """
        if version.imported and not self._later_import(version):
            return version.stated
        return self.recording(version)[0]

    def _later_import(self, version: Version) -> bool:
        """Tell whether a mark was restated by a later import than that of its entry."""
        if version.entered is None or self._view.question.clock != "ledger":
            return False
        return self.commit(version.entered).first != self.commit(version.position).first

    def school_days_late(self, version: Version) -> int | None:
        """Return the school days from the session's day to the change; none where undated."""
        made = self.changed_on(version)
        if made is None:
            return None
        day = date.fromisoformat(version.session[:10])
        return school_days_between(self._school_days, day, made)

    def author(self, version: Version) -> dict[str, Any] | None:
        """Return who made a version, with the title of then; none where nobody is stated."""
        if version.by is None:
            return None
        day = self.changed_on(version) or date.fromisoformat(version.session[:10])
        name, title = self._name_and_title(version, day)
        authenticated = AS_STATED if version.imported else self.recording(version)[1]
        return {"name": name, "job_title": title, "authenticated": authenticated}

    def changed_on(self, version: Version) -> date | None:
        """Return the London date of a change: as its source states, else as recorded."""
        when = self.made_at(version)
        return None if when is None else local_date(when)

    def _name_and_title(self, version: Version, day: date) -> tuple[str | None, str | None]:
        """Return name and title as they were then: kept with the change, else from the staff."""
        if version.name is not None:
            return self._view.open(version.name), version.job_title
        return self.name_and_title(version.by, day)
