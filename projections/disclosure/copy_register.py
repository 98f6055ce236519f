"""The register in a copy for the family: every session by term, what the codes mean, figures."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from ledger.values import HALVES, school_year_number
from policies.law.calendar import school_year_of
from projections.disclosure.copy import Copy, Entry, Part
from projections.figures import rates

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SCHOOL_DAYS = 5
_OUTSIDE = "outside terms"
_MEANINGS = {
    "code": "Code",
    "meaning": "What it means",
    "sessions": "Sessions",
    "from": "First",
    "to": "Last",
}
_FIGURES = {
    "possible": "Possible",
    "attended": "Attended",
    "authorised": "Authorised absence",
    "unauthorised": "Unauthorised absence",
    "late": "Late",
    "late_before_close": "of these before the register closed",
    "late_after_close": "of these after it closed",
    "missing": "No mark",
    "attendance": "Attendance %",
}


def register_parts(copy: Copy) -> Iterator[Part]:
    """Yield each term's weeks, the meanings of the codes, and figures by year."""
    terms: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in copy.entries:
        terms[f"Attendance register, {_term(copy, entry.day)}"].append(entry)
    for title, entries in (terms or {"Attendance register": []}).items():
        yield _weeks(title, entries)
    yield _meanings(copy.entries)
    yield _figures(copy)


def _term(copy: Copy, day: date) -> str:
    terms = copy.view.calendar.terms
    name = next((t.name for t in terms if t.first <= day <= t.last), _OUTSIDE)
    year = school_year_number(day)
    return f"{year}/{(year + 1) % 100:02d}, {name}"


def _weeks(title: str, entries: list[Entry]) -> Part:
    """Return a term as a row a week, a column a session; Saturday and Sunday where used."""
    last = max([_SCHOOL_DAYS, *(entry.day.weekday() + 1 for entry in entries)])
    halves = [f"{day} {half}" for day in _DAYS[:last] for half in HALVES]
    weeks: dict[date, dict[str, str]] = {}
    for entry in entries:
        monday = entry.day - timedelta(days=entry.day.weekday())
        week = weeks.setdefault(monday, dict.fromkeys(halves, ""))
        week[f"{_DAYS[entry.day.weekday()]} {entry.half}"] = entry.code
    rows = [(monday, *week.values()) for monday, week in weeks.items()]
    return Part("weeks", title, {"week": "Week of", **{half: half for half in halves}}, rows)


def _meanings(entries: list[Entry]) -> Part:
    """Return what each code meant on the days on which it stands, in plain words."""
    found: defaultdict[tuple[str, str], list[date]] = defaultdict(list)
    for entry in entries:
        found[entry.code, entry.meaning].append(entry.day)
    rows = [(*code, len(days), min(days), max(days)) for code, days in sorted(found.items())]
    return Part("codes", "What the codes mean", _MEANINGS, rows)


def _figures(copy: Copy) -> Part:
    """Return the counts of each school year, as `attendance rates` gives them."""
    view, rows = copy.view, []
    terms = [(term.first, term.last) for term in view.calendar.terms]
    years = {school_year_of(entry.day, terms) for entry in copy.entries}
    for year in sorted(year for year in years if year):
        first, last = max(year[0], copy.first), min(year[1], view.on)
        question = rates.Rates(
            pupil=copy.who,
            on=last,
            from_=first,
            known_at=view.question.known_at,
            position=view.question.position,
            clock=view.question.clock,
        )
        found = question.find(replace(view, question=question))
        counted = (row.tally.row() for row in found.rows)
        rows += [(f"{first} to {last}", *(row[key] for key in _FIGURES)) for row in counted]
    return Part("figures", "Figures by school year", {"days": "Days", **_FIGURES}, rows)
