"""What may go and when, and which texts were put beyond use: the end of a record's life.

SI 2024/208 reg 7: every entry for six years beginning with the day on which it was made, back-ups
for six years after the end of their school year. Nothing is deleted here.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from ledger.clock import iso, local, local_date, parse_instant
from ledger.english import number_of
from policies.law.calendar import may_go, school_year_of
from projections.queries.question import Answer, Grid, Lines, Question, argument
from projections.queries.view import View

_COLUMNS = ("upn", "name", "record", "school_year", "last_entry", "earliest", "may_go", "on_roll")
_MARKS = "attendance register"
_ROLL = "admission register"
_NOTES = (
    "Nothing is deleted here, and nothing goes by itself: a named person decides, later.",
    (
        "Not looked at: casework, copies elsewhere, and whether a record is still needed for a "
        "case or by another law."
    ),
    "The day of an imported entry is the one that its source states, else that of the import.",
)
_REDACTION_COLUMNS = ("position", "field", "reason", "by", "title", "recorded_at", "recorded_in")
_REDACTION_NOTES = (
    "Position and field name the text that was taken away; all else of its event stands.",
    "Its key is destroyed; the sealed text stays in the log, and the proof over it holds.",
)


@dataclass(frozen=True, kw_only=True)
class Retention(Question):
    """attendance retention: the earliest day on which a pupil's records may go, by school year.

    The later of two periods: of the entry, and of the back-ups of its school year.
    """

    pupil: str | None = argument("one pupil, by UPN or local id", required=False)

    def answer(self, view: View) -> Answer:
        """Answer with one row a pupil and school year, and one for the admission register."""
        only = None if self.pupil is None else view.pupil_index(self.pupil)
        if view.knows_nothing:
            document = {"as_of": view.as_of(), "rows": [], "knows_nothing": True}
            return Answer(document, _COLUMNS, [Lines([view.ignorance()])])
        entries = _Entries(view)
        found = [*_attendance_registers(view, entries), *_admission_register(view, entries)]
        rows = [row for pupil, row in found if only in (None, pupil)]
        rows.sort(key=lambda row: (row["upn"], row["record"], row["school_year"] or ""))
        document = {"as_of": view.as_of(), "rows": rows}
        body = [
            (
                r["name"],
                r["upn"],
                r["record"],
                r["school_year"] or "",
                r["last_entry"],
                _earliest_in_words(r),
            )
            for r in rows
        ]
        headings = ("Pupil", "UPN", "Record", "School year", "Latest entry", "May go")
        title = f"The earliest day on which records may go, as the law stands on {view.on}"
        grid = Grid(title, headings, body, notes=[*_NOTES, view.provenance()])
        return Answer(document, _COLUMNS, [grid])


@dataclass(frozen=True, kw_only=True)
class Redactions(Question):
    """attendance redactions: which texts were put beyond use, when, by whom and why.

    One row a text; what it said is nowhere.
    """

    def answer(self, view: View) -> Answer:
        """Answer with the redactions known, oldest first."""
        if view.knows_nothing:
            document = {"as_of": view.as_of(), "rows": [], "knows_nothing": True}
            return Answer(document, _REDACTION_COLUMNS, [Lines([view.ignorance()])])
        stood = view.stood("line, position, field, reason, name, job_title", "redactions")
        rows = [_redaction_row(view, *each) for each in sorted(stood)]
        document = {"as_of": view.as_of(), "rows": rows}
        headings = ("Event", "Field", "Why", "By", "When")
        title = f"{number_of(len(rows), 'text')} put beyond use"
        notes = [*(_REDACTION_NOTES if rows else ()), view.provenance()]
        grid = Grid(
            title, headings, [_redaction_cells(row) for row in rows], frozenset({0}), notes=notes
        )
        return Answer(document, _REDACTION_COLUMNS, [grid])


# -- when records may go ---------------------------------------------------------------------


@dataclass
class _Entries:
    """When entries were made: the latest of some of them for each pupil."""

    view: View

    @cached_property
    def _commits(self) -> list[tuple[int, int]]:
        return self.view.db.execute("SELECT first, at FROM commits ORDER BY first").fetchall()

    @cached_property
    def _firsts(self) -> list[int]:
        return [first for first, _ in self._commits]

    def marks(self, first: date, last: date) -> dict[int, date]:
        """Return the day of the latest entry or amendment for sessions of a school year."""
        where = "session >= :a AND session <= :b GROUP BY pupil"
        bounds = {"a": first.isoformat(), "b": f"{last.isoformat()}~"}
        return self._latest("marks", "stated", where, bounds)

    def roll(self) -> dict[int, date]:
        """Return the day of the latest entry on the admission register."""
        spells = self._latest("roll", "nullif(sf, 0)", "1 GROUP BY pupil", {})
        details = self._latest("details", "nullif(sf, 0)", "1 GROUP BY pupil", {})
        pupils = spells.keys() | details.keys()
        return {p: max(spells.get(p, date.min), details.get(p, date.min)) for p in pupils}

    def _latest(
        self, table: str, stated: str, where: str, bounds: dict[str, str]
    ) -> dict[int, date]:
        sql = (
            f"SELECT pupil, max({stated}), max(CASE WHEN {stated} IS NULL THEN kf END) "  # noqa: S608
            f"FROM {table} WHERE kf <= :p AND sf <= :t AND {where}"
        )
        known = {"p": self.view.position, "t": self.view.stated, **bounds}
        return {
            pupil: max(self._days(at, position))
            for pupil, at, position in self.view.db.execute(sql, known)
        }

    def _days(self, stated: int | None, position: int | None) -> Iterator[date]:
        if stated is not None:
            yield local_date(stated)
        if position is not None:
            yield local_date(self._commits[bisect_right(self._firsts, position) - 1][1])


def _attendance_registers(view: View, entries: _Entries) -> Iterator[tuple[int, dict[str, Any]]]:
    terms = [(term.first, term.last) for term in view.calendar.terms]
    years = {year for first, _ in terms if (year := school_year_of(first, terms)) is not None}
    for year in sorted(years):
        name = f"{year[0].year}/{(year[0].year + 1) % 100:02d}"
        for pupil, entered in entries.marks(*year).items():
            earliest = may_go(entered, year[1], view.on)
            yield pupil, _row(view, pupil, _Record(_MARKS, name, entered, earliest))


def _admission_register(view: View, entries: _Entries) -> Iterator[tuple[int, dict[str, Any]]]:
    terms = [(term.first, term.last) for term in view.calendar.terms]
    for pupil, entered in entries.roll().items():
        ends = [spell.last for spell in view.spells if spell.pupil == pupil]
        left = [day for day in ends if day is not None]
        earliest = None
        if len(left) == len(ends):
            last = max([entered, *left])
            year = school_year_of(last, terms)
            earliest = may_go(last, max(last, year[1]) if year else last, view.on)
        yield pupil, _row(view, pupil, _Record(_ROLL, None, entered, earliest))


class _Record(NamedTuple):
    """One register's part about a pupil: its latest entry, and when it may go at the earliest."""

    kind: str
    school_year: str | None
    last_entry: date
    earliest: date | None


def _row(view: View, pupil: int, record: _Record) -> dict[str, Any]:
    person = view.people.get(pupil) or view.first_known_person(pupil)
    earliest = record.earliest
    return {
        "upn": person.upn,
        "name": person.name,
        "record": record.kind,
        "school_year": record.school_year,
        "last_entry": record.last_entry.isoformat(),
        "earliest": earliest.isoformat() if earliest else None,
        "may_go": earliest is not None and earliest <= view.on,
        "on_roll": any(s.pupil == pupil and s.covers(view.on) for s in view.spells),
    }


def _earliest_in_words(row: dict[str, Any]) -> str:
    if row["earliest"] is None:
        return "not while on roll"
    return f"from {row['earliest']}{' (that day has come)' if row['may_go'] else ''}"


# -- texts beyond use ------------------------------------------------------------------------


def _redaction_row(view: View, line: int, *said: Any) -> dict[str, Any]:  # noqa: ANN401 - columns
    position, field, reason, name, title = said
    return {
        "position": position,
        "field": field,
        "reason": view.open(reason),
        "by": view.open(name),
        "title": title,
        "recorded_at": iso(_recorded_at(view, line)),
        "recorded_in": line,
    }


def _recorded_at(view: View, position: int) -> int:
    """Return when the event at a position was recorded."""
    sql = "SELECT at FROM commits WHERE first <= ? ORDER BY first DESC LIMIT 1"
    return int(view.db.execute(sql, [position]).fetchone()[0])


def _redaction_cells(row: dict[str, Any]) -> tuple[str, ...]:
    who = f"{row['by']}, {row['title']}"
    when = f"{local(parse_instant(row['recorded_at'])):%Y-%m-%d %H:%M}"
    return str(row["position"]), row["field"], row["reason"], who, when
