"""Versions of marks and plans as known: the rows that history and changes are made of."""

from collections.abc import Iterable, Iterator
from datetime import date
from functools import cached_property
from typing import Any

from ledger.clock import iso, local_date
from policies.law.calendar import school_days_between
from projections.queries.view import Author, View
from projections.readmodel.accessors.marks import Version
from projections.readmodel.records.school import StaffSpell

AS_STATED = "as stated by its source"


def with_numbers(found: Iterable[Version]) -> Iterator[tuple[int, Version]]:
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

    @cached_property
    def _school_days(self) -> list[date]:
        return self._view.calendar.school_days()

    @cached_property
    def _staff(self) -> dict[str, list[StaffSpell]]:
        found: dict[str, list[StaffSpell]] = {}
        for spell in self._view.standing(StaffSpell):
            found.setdefault(spell.staff, []).append(spell)
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

    def name_and_title(self, staff: str | None, day: date) -> Author:
        """Return the name and title of a member of staff on a day; the id where not on staff."""
        held = [spell for spell in self._staff.get(staff or "", ()) if spell.covers(day)]
        if not held:
            return Author(staff, None)
        return self._view.author(max(held, key=lambda each: each.since or date.min))

    def recording(self, version: Version) -> tuple[int, str]:
        """Return when a version was recorded here, and how its author was authenticated."""
        commit = self._view.commits.of(version.position)
        return commit.at, commit.authenticated

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
        return self.recording(version)[0]

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
