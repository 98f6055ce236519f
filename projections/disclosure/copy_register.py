"""The register in a copy for the family: every session by term, what the codes mean, changes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, NamedTuple

from ledger.values import HALVES, school_year_number
from policies.law.calendar import school_year_of
from projections.disclosure.copy import FOR_REVIEW, Copy, Section, staff_in_words
from projections.figures import rates
from projections.queries.wording import VERSION_KINDS
from projections.readmodel.accessors.marks import Version, versions_of

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SCHOOL_DAYS = 5
_OUTSIDE = "outside terms"
_NEVER_CHANGED = ("entry", "plan")
_FIGURES = {
    "possible": "Possible",
    "attended": "Attended",
    "authorised": "Authorised absence",
    "unauthorised": "Unauthorised absence",
    "late": "Late",
    "missing": "No mark",
    "attendance": "Attendance %",
}


class Entry(NamedTuple):
    """What stands for one session: its date, half of the day, code and meaning."""

    day: date
    half: str
    code: str
    meaning: str


@dataclass
class Register:
    """One pupil's marks within the days of a copy: all versions, and what stands."""

    copy: Copy
    first: date
    last: date

    def __post_init__(self) -> None:
        """Read the versions once."""
        found = versions_of(self.copy.view, [self.copy.pupil], self.first, self.last)
        self.versions: list[Version] = found
        self.entries = list(self._standing())

    def _standing(self) -> Iterator[Entry]:
        last = {v.session: v for v in self.versions if v.kind != "plan"}
        for session, version in sorted(last.items()):
            day, code = date.fromisoformat(session[:10]), version.code or ""
            rule = self.copy.view.rules.codes.find(code, day)
            meaning = rule.description if rule else "not a code of its day"
            yield Entry(day, session[11:], code, meaning)


def register_sections(register: Register) -> Iterator[Section]:
    """Yield each term's weeks with the meanings of its codes, figures by year, and changes."""
    terms: dict[str, list[Entry]] = {}
    for entry in register.entries:
        terms.setdefault(_term(register, entry.day), []).append(entry)
    for name, entries in terms.items():
        yield _weeks(f"Attendance register, {name}", entries)
    if not terms:
        yield _weeks("Attendance register", [])
    yield _meanings(register.entries)
    yield _figures(register)
    yield _changes(register)
    yield _comments(register)


def _term(register: Register, day: date) -> str:
    terms = register.copy.view.calendar.terms
    name = next((t.name for t in terms if t.first <= day <= t.last), _OUTSIDE)
    year = school_year_number(day)
    return f"{year}/{(year + 1) % 100:02d}, {name}"


def _weeks(title: str, entries: list[Entry]) -> Section:
    """Return a term as a row a week, a column a session; Saturday and Sunday where used."""
    last = max([_SCHOOL_DAYS, *(entry.day.weekday() + 1 for entry in entries)])
    columns = {"week": "Week of"}
    for day in _DAYS[:last]:
        columns |= {f"{day} {half}": f"{day} {half}" for half in HALVES}
    weeks: dict[date, dict[str, Any]] = {}
    for entry in entries:
        monday = entry.day - timedelta(days=entry.day.weekday())
        blank = dict.fromkeys(columns, "") | {"week": monday.isoformat()}
        weeks.setdefault(monday, blank)[f"{_DAYS[entry.day.weekday()]} {entry.half}"] = entry.code
    return Section("weeks", title, columns, list(weeks.values()))


def _meanings(entries: list[Entry]) -> Section:
    """Return what each code meant on the days on which it stands, in plain words."""
    found: dict[tuple[str, str], list[date]] = {}
    for entry in entries:
        found.setdefault((entry.code, entry.meaning), []).append(entry.day)
    rows = [
        {
            "code": code,
            "meaning": meaning,
            "sessions": len(days),
            "from": min(days).isoformat(),
            "to": max(days).isoformat(),
        }
        for (code, meaning), days in sorted(found.items())
    ]
    columns = {
        "code": "Code",
        "meaning": "What it means",
        "sessions": "Sessions",
        "from": "First",
        "to": "Last",
    }
    return Section("codes", "What the codes mean", columns, rows)


def _figures(register: Register) -> Section:
    """Return the counts of each school year, as `attendance rates` gives them."""
    view = register.copy.view
    terms = [(term.first, term.last) for term in view.calendar.terms]
    years = {school_year_of(entry.day, terms) for entry in register.entries} - {None}
    rows = []
    for year in sorted(y for y in years if y):
        first, last = max(year[0], register.first), min(year[1], register.last)
        question = rates.Rates(
            pupil=register.copy.who,
            on=last,
            from_=first,
            known_at=view.question.known_at,
            position=view.question.position,
            clock=view.question.clock,
        )
        found = question.find(replace(view, question=question))
        counted = (row.tally.row() for row in found.rows)
        rows += [
            {"days": f"{first} to {last}", **{key: row[key] for key in _FIGURES}}
            for row in counted
        ]
    return Section("figures", "Figures by school year", {"days": "Days", **_FIGURES}, rows)


def _changes(register: Register) -> Section:
    """Return every version of each mark that was changed, with reg 6(1)'s five."""
    describer = register.copy.describer
    changed = {v.session for v in register.versions if v.kind not in _NEVER_CHANGED}
    rows = []
    for version in register.versions:
        if version.session in changed and version.kind != "plan":
            row = describer.row(0, version)
            rows.append(
                {
                    "session": version.session,
                    "what": VERSION_KINDS[version.kind],
                    "was": version.replaced,
                    "became": version.code,
                    "reason": register.copy.release(row["reason"]),
                    "on": (row.get("changed_at") or row["stated_at"] or row["recorded_at"])[:10],
                    "by": staff_in_words(row["by"]),
                }
            )
    columns = {
        "session": "Session",
        "what": "What",
        "was": "Was",
        "became": "Became",
        "reason": "Reason",
        "on": "When",
        "by": "By",
    }
    return Section("changes", "Marks that were changed, from first to last", columns, rows)


def _comments(register: Register) -> Section:
    """Return comments and what an activity or closure was; both may name others."""
    copy = register.copy
    rows = [
        {
            "session": v.session,
            "nature": copy.release_sealed(v.nature),
            "comment": copy.release_sealed(v.comment),
        }
        for v in register.versions
        if v.comment or v.nature
    ]
    columns = {"session": "Session", "nature": "Activity or cause", "comment": "Comment"}
    notes = [f"{FOR_REVIEW}: a person reads it first."] if _any_held_back(rows) else []
    return Section("comments", "What was noted with marks and plans", columns, rows, notes)


def _any_held_back(rows: list[dict[str, Any]]) -> bool:
    return any(FOR_REVIEW in row.values() for row in rows)
