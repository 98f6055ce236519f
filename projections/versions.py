"""Versions of marks and plans as known: the rows that history and changes are made of."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from ledger.clock import iso, local_date
from policies.school_days import school_days_between
from projections.view import View

AS_STATED = "as stated by its source"
_COLUMNS = (
    "m.pupil, m.session, m.kind, m.code, m.replaced, m.minutes_late, m.nature, m.comment, "
    'm.reason, m."by", m.name, m.job_title, m.stated, m.imported, m.kf'
)
_PLANS = (
    "m.pupil, m.session, 'plan', m.code, m.replaced, NULL, m.nature, NULL, "
    'm.reason, m."by", NULL, NULL, m.stated, m.imported, m.kf'
)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a mark (or plan), as stored; personal texts still sealed."""

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


def numbered(found: Iterable[Version]) -> Iterator[tuple[int, Version]]:
    """Yield each version with its number in its session, from 1."""
    last: tuple[int, str] | None = None
    number = 0
    for version in found:
        place = (version.pupil, version.session)
        number = number + 1 if place == last else 1
        last = place
        yield number, version


class Describer:
    """Turns versions into rows of an answer: who, when, how late."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._commits: Sequence[tuple[int, int, str]] = view.db.execute(
            "SELECT first, at, authenticated FROM commits ORDER BY first"
        ).fetchall()
        self._firsts = [row[0] for row in self._commits]

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
        at, authenticated = self.recorded(version)
        when = version.stated if version.imported else at
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
            "by": self._author(version, when, authenticated),
            "recorded_at": iso(at),
            "stated_at": iso(version.stated) if version.stated is not None else None,
            "late_by_school_days": self._late(version, when),
            "position": version.position,
        }

    def recorded(self, version: Version) -> tuple[int, str]:
        """Return when a version was recorded here, and how its author was authenticated."""
        _, at, authenticated = self._commits[bisect_right(self._firsts, version.position) - 1]
        return at, authenticated

    def changed_on(self, version: Version) -> date | None:
        """Return the London date of a change: as its source states, else as recorded."""
        when = version.stated if version.imported else self.recorded(version)[0]
        return None if when is None else local_date(when)

    def _late(self, version: Version, when: int | None) -> int | None:
        if when is None:
            return None
        day = date.fromisoformat(version.session[:10])
        return school_days_between(self._school_days, day, local_date(when))

    def _author(
        self, version: Version, when: int | None, authenticated: str
    ) -> dict[str, Any] | None:
        if version.by is None:
            return None
        day = local_date(when) if when is not None else date.fromisoformat(version.session[:10])
        name, title = self._named(version, day)
        return {
            "name": name,
            "job_title": title,
            "authenticated": AS_STATED if version.imported else authenticated,
        }

    def _named(self, version: Version, day: date) -> tuple[str | None, str | None]:
        """Return name and title as they were then: kept with the change, else from the staff."""
        if version.name is not None:
            return self._view.open(version.name), version.job_title
        rows = [r for r in self._staff.get(version.by or "", ()) if r[0] <= day <= r[1]]
        if not rows:
            return version.by, None
        _, _, name, title = max(rows)
        return self._view.open(name), title
