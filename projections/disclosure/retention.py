"""What may go and when, and which texts were put beyond use: the end of a record's life.

SI 2024/208 reg 7: every entry for six years beginning with the day on which it was made, back-ups
for six years after the end of their school year. Nothing is deleted here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from ledger.clock import iso, local, local_date, parse_instant
from ledger.english import number_of
from policies.law.calendar import may_go, school_year_of
from projections.queries.blocks import Grid, Lines
from projections.queries.question import Answer, Question, argument
from projections.queries.view import View
from projections.readmodel.accessors.changes import Latest, latest_marks, latest_versions
from projections.readmodel.records.disclosure import Redaction
from projections.readmodel.records.roll import Details, Spell

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
        found = [*_attendance_registers(view), *_admission_register(view)]
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
        stood = sorted(view.standing(Redaction), key=lambda each: each.line)
        rows = [_redaction_row(view, each) for each in stood]
        document = {"as_of": view.as_of(), "rows": rows}
        headings = ("Event", "Field", "Why", "By", "When")
        title = f"{number_of(len(rows), 'text')} put beyond use"
        notes = [*(_REDACTION_NOTES if rows else ()), view.provenance()]
        grid = Grid(
            title, headings, [_redaction_cells(row) for row in rows], frozenset({0}), notes=notes
        )
        return Answer(document, _REDACTION_COLUMNS, [grid])


# -- when records may go ---------------------------------------------------------------------


def _marks_entered(view: View, first: date, last: date) -> dict[int, date]:
    """Return the day of each pupil's latest entry or amendment for sessions of a school year."""
    return _days(view, latest_marks(view, first, last))


def _roll_entered(view: View) -> dict[int, date]:
    """Return the day of each pupil's latest entry on the admission register."""
    spells, details = (_days(view, latest_versions(view, each)) for each in (Spell, Details))
    pupils = spells.keys() | details.keys()
    return {p: max(spells.get(p, date.min), details.get(p, date.min)) for p in pupils}


def _days(view: View, found: Iterable[Latest]) -> dict[int, date]:
    """Return the later day of what was stated with a time, and of what was recorded without."""
    days: dict[int, date] = {}
    for each in found:
        at = [] if each.stated is None else [each.stated]
        at += [] if each.position is None else [view.commits.of(each.position).at]
        days[each.pupil] = local_date(max(at))
    return days


def _attendance_registers(view: View) -> Iterator[tuple[int, dict[str, Any]]]:
    terms = [(term.first, term.last) for term in view.calendar.terms]
    years = {year for first, _ in terms if (year := school_year_of(first, terms)) is not None}
    for year in sorted(years):
        name = f"{year[0].year}/{(year[0].year + 1) % 100:02d}"
        for pupil, entered in _marks_entered(view, *year).items():
            earliest = may_go(entered, year[1], view.on)
            yield pupil, _row(view, pupil, _Record(_MARKS, name, entered, earliest))


def _admission_register(view: View) -> Iterator[tuple[int, dict[str, Any]]]:
    terms = [(term.first, term.last) for term in view.calendar.terms]
    for pupil, entered in _roll_entered(view).items():
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


def _redaction_row(view: View, each: Redaction) -> dict[str, Any]:
    return {
        "position": each.position,
        "field": each.field,
        "reason": view.open(each.reason),
        "by": view.open(each.name),
        "title": each.job_title,
        "recorded_at": iso(view.commits.of(each.line).at),
        "recorded_in": each.line,
    }


def _redaction_cells(row: dict[str, Any]) -> tuple[str, ...]:
    who = f"{row['by']}, {row['title']}"
    when = f"{local(parse_instant(row['recorded_at'])):%Y-%m-%d %H:%M}"
    return str(row["position"]), row["field"], row["reason"], who, when
