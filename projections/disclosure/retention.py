"""What may go and when, and which texts were put beyond use: the end of a record's life.

SI 2024/208 reg 7: every entry for six years beginning with the day on which it was made, back-ups
for six years after the end of their school year. Nothing is deleted here.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import NamedTuple

from ledger.clock import local_date
from ledger.english import number_of
from policies.law.calendar import may_go, school_year_of
from projections.queries.columns import Column, Listing
from projections.queries.people import Author, Person
from projections.queries.question import Answer, Question, argument
from projections.queries.versions import recorded_columns
from projections.queries.view import View
from projections.readmodel.accessors.changes import Latest, latest_marks, latest_versions
from projections.readmodel.records.disclosure import Redaction
from projections.readmodel.records.roll import Details, Spell

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
_REDACTION_NOTES = (
    "Position and field name the text that was taken away; all else of its event stands.",
    "Its key is destroyed; the sealed text stays in the log, and the proof over it holds.",
)


# -- when records may go ---------------------------------------------------------------------


class KeptRecord(NamedTuple):
    """What a register holds of a pupil: the latest entry, and when it may go (none: on roll)."""

    person: Person
    record: str
    school_year: str | None
    last_entry: date
    earliest: date | None
    may_go: bool
    on_roll: bool


class RetentionFindings(NamedTuple):
    """What is kept, as the law stands on a day."""

    on: date
    rows: Sequence[KeptRecord]


@dataclass(frozen=True, kw_only=True)
class Retention(Question[RetentionFindings]):
    """attendance retention: the earliest day on which a pupil's records may go, by school year.

    The later of two periods: of the entry, and of the back-ups of its school year.
    """

    pupil: str | None = argument("one pupil, by UPN or local id", required=False)

    def view_of(self, view: View) -> View:
        """Refuse a pupil who is not on record, also where nothing was known yet."""
        if self.pupil is not None:
            view.pupil_index(self.pupil)
        return view

    def find(self, view: View) -> RetentionFindings:
        """Find a record for each pupil and school year, and one of the admission register."""
        only = None if self.pupil is None else view.pupil_index(self.pupil)
        every = (*_attendance_registers(view), *_admission_register(view))
        rows = [row for row in every if only in (None, row.person.index)]
        rows.sort(key=lambda row: (row.person.upn, row.record, row.school_year or ""))
        return RetentionFindings(view.on, rows)

    def present(self, found: RetentionFindings) -> Answer:
        """Show one row a record."""
        listing = Listing(COLUMNS, found.rows)
        title = f"The earliest day on which records may go, as the law stands on {found.on}"
        return Answer({"rows": listing}, blocks=[listing.grid(title, order=_READ, notes=_NOTES)])

    def unknown(self) -> Answer:
        """Return no record."""
        return Answer({"rows": Listing(COLUMNS, [])})


def _attendance_registers(view: View) -> Iterator[KeptRecord]:
    terms = [(term.first, term.last) for term in view.calendar.terms]
    years = {year for first, _ in terms if (year := school_year_of(first, terms)) is not None}
    for first, last in sorted(years):
        name = f"{first.year}/{(first.year + 1) % 100:02d}"
        for pupil, entered in _days(view, latest_marks(view, first, last)).items():
            yield _kept(view, pupil, entered, may_go(entered, last, view.on), name)


def _admission_register(view: View) -> Iterator[KeptRecord]:
    terms = [(term.first, term.last) for term in view.calendar.terms]
    ends: dict[int, list[date | None]] = defaultdict(list)
    for spell in view.spells:
        ends[spell.pupil].append(spell.last)
    entries = chain.from_iterable(latest_versions(view, each) for each in (Spell, Details))
    for pupil, entered in _days(view, entries).items():
        left = [day for day in ends[pupil] if day is not None]
        earliest = None
        if len(left) == len(ends[pupil]):
            last = max([entered, *left])
            year = school_year_of(last, terms)
            earliest = may_go(last, max(last, year[1]) if year else last, view.on)
        yield _kept(view, pupil, entered, earliest)


def _kept(
    view: View, pupil: int, entered: date, earliest: date | None, year: str | None = None
) -> KeptRecord:
    return KeptRecord(
        view.people.get(pupil) or view.first_known_person(pupil),
        _ROLL if year is None else _MARKS,
        year,
        entered,
        earliest,
        earliest is not None and earliest <= view.on,
        any(spell.pupil == pupil and spell.covers(view.on) for spell in view.spells),
    )


def _days(view: View, found: Iterable[Latest]) -> dict[int, date]:
    """Return each pupil's last day of what was stated with a time, or recorded without one."""
    days: dict[int, date] = {}
    for each in found:
        at = [] if each.stated is None else [each.stated]
        at += [] if each.position is None else [view.commits.of(each.position).at]
        days[each.pupil] = max(days.get(each.pupil, date.min), local_date(max(at)))
    return days


def _earliest_in_words(row: KeptRecord) -> str:
    if row.earliest is None:
        return "not while on roll"
    return f"from {row.earliest}{' (that day has come)' if row.may_go else ''}"


COLUMNS: tuple[Column[KeptRecord], ...] = (
    Column("upn", "UPN", lambda row: row.person.upn),
    Column("name", "Pupil", lambda row: row.person.name),
    Column("record", "Record"),
    Column("school_year", "School year"),
    Column("last_entry", "Latest entry"),
    Column("earliest", "May go", text=_earliest_in_words),
    Column("may_go"),
    Column("on_roll"),
)
_READ = ("Pupil", "UPN", "Record", "School year", "Latest entry", "May go")


# -- texts beyond use ------------------------------------------------------------------------


class RedactedText(NamedTuple):
    """A text that was put beyond use: why, by whom, and when (UTC in microseconds)."""

    redaction: Redaction
    reason: str | None
    by: Author
    at: int


@dataclass(frozen=True, kw_only=True)
class Redactions(Question[Sequence[RedactedText]]):
    """attendance redactions: which texts were put beyond use, when, by whom and why.

    One row a text; what it said is nowhere.
    """

    def find(self, view: View) -> Sequence[RedactedText]:
        """Find the redactions known, oldest first."""
        return [
            RedactedText(
                each, view.open(each.reason), view.author(each), view.commits.of(each.line).at
            )
            for each in sorted(view.standing(Redaction), key=lambda each: each.line)
        ]

    def present(self, found: Sequence[RedactedText]) -> Answer:
        """Show one row a text."""
        listing = Listing(REDACTION_COLUMNS, found)
        title = f"{number_of(len(found), 'text')} put beyond use"
        notes = _REDACTION_NOTES if found else ()
        return Answer({"rows": listing}, blocks=[listing.grid(title, notes=notes)])

    def unknown(self) -> Answer:
        """Return no redaction."""
        return Answer({"rows": Listing(REDACTION_COLUMNS, [])})


REDACTION_COLUMNS: tuple[Column[RedactedText], ...] = (
    Column("position", "Event", lambda row: row.redaction.position, number=True),
    Column("field", "Field", lambda row: row.redaction.field),
    Column("reason", "Why"),
    Column("by", "By", lambda row: row.by.name, lambda row: row.by.words),
    Column("title", value=lambda row: row.by.job_title),
    *recorded_columns("When", lambda row: row.at),
    Column("recorded_in", value=lambda row: row.redaction.line),
)  # fmt: skip
