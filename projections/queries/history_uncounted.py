"""Marks of a pupil that stand and do not count: why, since when, and who recorded what did it.

A mark is never deleted. Where the school is said not to have met a session, or the pupil not to
have been on roll, the mark stays in the log and has no part in any figure; here it is shown.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from ledger.clock import iso, local, local_date, parse_instant
from ledger.state.calendar import Closure
from ledger.values import Session, parse_session
from projections.queries.question import Grid
from projections.queries.versions import Describer, Version
from projections.queries.view import View
from projections.readmodel.models.calendar import SEPARATOR


class _Why(NamedTuple):
    """Why a mark does not count; ``position``: of the event that did it, none where none did."""

    code: str
    words: str
    position: int | None


def uncounted(
    view: View, describer: Describer, pupil: int, found: Sequence[Version]
) -> list[dict[str, Any]]:
    """Return one row a session of which the mark stands and does not count."""
    standing = {v.session: v.code for v in found if v.kind != "plan" and v.code is not None}
    looking = _Looking(view, pupil)
    return [
        _row(describer, session, code, why)
        for session, code in sorted(standing.items())
        if (why := looking.why(parse_session(session), code)) is not None
    ]


def _row(describer: Describer, session: str, code: str, why: _Why) -> dict[str, Any]:
    row = {"session": session, "code": code, "why": why.code, "words": why.words}
    if why.position is None:
        nobody = dict.fromkeys(("by", "source", "recorded_at", "position"))
        return {**row, **nobody}
    commit = describer.commit(why.position)
    by = None
    if commit.by is not None:
        name, title = describer.named(commit.by, local_date(commit.at))
        by = {"name": name, "job_title": title, "authenticated": commit.authenticated}
    return {**row, "by": by, "source": commit.source, "recorded_at": iso(commit.at),
            "position": why.position}  # fmt: skip


class _Looking:
    """What the calendar and the admission register say of one pupil, as known."""

    def __init__(self, view: View, pupil: int) -> None:
        self._view = view
        self._pupil = pupil
        self._spells = [spell for spell in view.spells if spell.pupil == pupil]
        self._groups = [m for m in view.memberships if m.pupil == pupil]

    def why(self, session: Session, code: str) -> _Why | None:
        """Return why the mark of a session does not count, none where it does."""
        day, calendar = session.date, self._view.calendar
        if not any(spell.covers(day) for spell in self._spells):
            return self._off_roll(day)
        if not calendar.in_term(day):
            return self._out_of_term(day)
        groups = [m.name for m in self._groups if m.covers(day)]
        closure = calendar.closure(session, groups)
        if closure is None:
            return None
        if closure.cancelled and code == self._view.rules.codes.cancelled(day):
            return None
        return self._closed(closure)

    def _off_roll(self, day: date) -> _Why:
        """Return that the pupil is not on roll, by what ended or withdrew the time on roll."""
        held = "pupil = :pupil AND starts_on <= :day AND coalesce(leaves_on, :day) >= :day"
        before = "pupil = :v0 AND leaves_on < :v1"
        ended = self._view.stood("leaves_on", "roll", before, self._pupil, day.isoformat())
        last = max((left for (left,) in ended), default=None)
        words = "the pupil was not on roll" if last is None else f"last day on roll: {last}"
        return _Why("not-on-roll", words, self._ended("roll", held, day))

    def _out_of_term(self, day: date) -> _Why:
        """Return that the school did not meet, by what moved the term that held the day."""
        held = "first <= :day AND last >= :day"
        return _Why("outside-term", "outside every term", self._ended("terms", held, day))

    def _ended(self, table: str, held: str, day: date) -> int | None:
        """Return the event that ended the newest row which held a day; none if none ever did."""
        sql = f"SELECT max(kt) FROM {table} WHERE kt <= :p AND {held}"  # noqa: S608 - our own names
        bound = {"p": self._view.position, "pupil": self._pupil, "day": day.isoformat()}
        position: int | None = self._view.db.execute(sql, bound).fetchone()[0]
        return position

    def _closed(self, closure: Closure) -> _Why:
        """Return that the session was closed, by the closure or by joining a group since."""
        place = (closure.date.isoformat(), closure.half, SEPARATOR.join(sorted(closure.groups)))
        where = 'date = :v0 AND half = :v1 AND "groups" = :v2'
        closed = max(kf for (kf,) in self._view.stood("kf", "closures", where, *place))
        joined = [
            kf
            for name, kf in self._view.stood(
                "name, kf",
                "memberships",
                "pupil = :v0 AND coalesce(since, :v1) <= :v1 AND coalesce(until, :v1) >= :v1",
                self._pupil,
                place[0],
            )
            if name in closure.groups
        ]
        kind = "cancelled" if closure.cancelled else "closed"
        words = f"the session was {kind}" if closure.cancelled else "the school was closed"
        words += f" for {', '.join(sorted(closure.groups))}" if closure.groups else ""
        words += f": {closure.reason}" if closure.reason else ""
        return _Why(kind, words, max(closed, min(joined, default=0)))


# -- for reading --------------------------------------------------------------------------------


def grid(rows: list[dict[str, Any]]) -> Grid:
    """Return the table of marks that stand and do not count."""
    headings = ("Session", "Mark", "Why", "Since", "Recorded by")
    body = [(r["session"], r["code"], r["words"], since(r), author(r)) for r in rows]
    return Grid("Marks that stand but do not count", headings, body)


def since(row: dict[str, Any]) -> str:
    """Write when what takes a mark out was recorded, in London."""
    at = row["recorded_at"]
    return "" if at is None else f"{local(parse_instant(at)):%Y-%m-%d %H:%M}"


def author(row: dict[str, Any]) -> str:
    """Write who recorded what takes a mark out: a person, a source's import, or both."""
    by = row["by"] or {}
    named = ", ".join(filter(None, (by.get("name"), by.get("job_title"))))
    source = f"import of {row['source']}" if row["source"] else ""
    return "; ".join(filter(None, (source, named))) or "not stated"
