"""A pupil's or group's history change by change, with the figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.english import in_words, number_of
from ledger.errors import Refused
from projections.queries.blocks import Block, Grid, Lines
from projections.queries.question import Answer, Question, argument, option
from projections.queries.selection import members_on
from projections.queries.versions import AS_STATED
from projections.queries.view import Person, View
from projections.queries.wording import (
    authenticated_in_words,
    by_in_words,
    days_in_words,
    kind_in_words,
    when_in_words,
)
from projections.register.week import by_surname
from projections.replay.figures import COUNTS, measure_on
from projections.replay.steps import ENTRIES, Replayer
from projections.roll import admission_rows

_FIGURES = (*COUNTS, "attendance", "fullest_window")
COLUMNS = (
    "upn", "position", "kind", "session", "field", "change", "sessions", "was", "became",
    "asked", "entries", "first",
    "last", "reason", "by_name", "by_job_title", "by_authenticated", "recorded_at", "stated_at",
    "source", "late_by_school_days", *(f"before_{name}" for name in _FIGURES),
    *(f"after_{name}" for name in _FIGURES),
)  # fmt: skip
_HEADINGS = ("When", "Session", "What", "Was", "Became", "Reason", "By", "How known",
             "School days after", "Figures before > after")  # fmt: skip
_FREE = frozenset({2, 3, 4, 5})
_COUNTED = (
    "Figures count sessions met in the range named below, by the calendar, roll and birth date "
    "as known at each change"
)
_IMPORTED = (
    "Imported facts became known here all at once, in the order of their source's files: "
    "--clock source puts them in the order of the times that the source states."
)
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Replay(Question):
    """attendance replay: a pupil's or group's history change by change, with the figures.

    What each change was and became, who, why, how late; in the order in which it was known.
    """

    who: str | None = argument("UPN or local id", metavar="PUPIL", required=False)
    group: str | None = option("every member of a group (9B), one after another")
    every: bool = option("one line for each first entry too", default=False)

    def answer(self, view: View) -> Answer:
        """Answer with one row a change; for reading, one table a pupil."""
        people = _people(self, view)
        if view.knows_nothing:
            document = {"as_of": view.as_of(), "rows": [], "knows_nothing": True}
            return Answer(document, COLUMNS, [Lines([view.ignorance()])])
        replayer = Replayer(view, {p.index for p in people}, every=self.every)
        pupils = [(person, replayer.rows(person.index)) for person in people]
        # Pupil after pupil for reading; for a script, all together as it became known.
        every = [(each.order, {"upn": p.upn, **each.row}) for p, found in pupils for each in found]
        rows = [row for _, row in sorted(every, key=lambda pair: pair[0])]
        document = {"as_of": view.as_of(), "rows": rows}
        blocks: list[Block] = [_table(p, [each.row for each in found]) for p, found in pupils]
        imported = view.question.clock == "ledger" and any(row["source"] for row in rows)
        notes = [_counting_note(view.on), *([_IMPORTED] if imported else []), view.provenance()]
        return Answer(document, COLUMNS, [*blocks, Lines(notes)], paged=True)


def _counting_note(on: date) -> str:
    """Say what the figures count; a day before the rule of windows has no fullest one."""
    measure = measure_on(on)
    if measure is None:
        return f"{_COUNTED}."
    weeks = in_words(measure.weeks)
    window = f"relevant entries in the fullest {weeks} consecutive school weeks so far"
    return f"{_COUNTED}; fullest window: {window}."


def _people(question: Replay, view: View) -> list[Person]:
    if (question.who is None) == (question.group is None):
        raise Refused(
            "replay-who",
            "one pupil or one group is replayed at a time",
            "give a UPN or local id, or --group 9B",
        )
    if question.who is not None:
        index = view.pupil_index(question.who)
        return [view.people.get(index) or view.first_known_person(index)]
    return [] if view.knows_nothing else _members(question, view)


def _members(question: Replay, view: View) -> list[Person]:
    wanted = [m for m in view.memberships if m.name == question.group]
    if not wanted:
        raise Refused(
            "group-unknown",
            f"no group is called {question.group!r}",
            "attendance rates --by registration lists the groups",
        )
    return by_surname(view.people[n] for n in members_on(view, wanted))


def _table(person: Person, rows: list[Row]) -> Grid:
    changes = sum(row["kind"] != ENTRIES for row in rows)
    title = f"{person.name} ({person.upn}): {number_of(changes, 'change')}"
    notes = [] if rows else ["nothing was recorded for these sessions"]
    # What was written freely may be as long as a book: it goes on in lines beneath.
    cells = [_cells(row) for row in rows]
    return Grid(title, _HEADINGS, cells, frozenset({8}), notes=notes, free=_FREE)


def _cells(row: Row) -> tuple[str, ...]:
    moved = _movement(row["before"], row["after"])
    if row["kind"] == ENTRIES:
        return ("", _span(row), _entries(row), "", "", "", "", "", "", moved)
    return (
        when_in_words(row),
        row["session"] or _sessions(row.get("sessions")),
        _what(row),
        row["was"] or "",
        row["became"] or "",
        row["reason"] or "",
        by_in_words(row["by"]),
        authenticated_in_words(row["by"]),
        days_in_words(row["late_by_school_days"]),
        moved,
    )


def _what(row: Row) -> str:
    if row["kind"] == "admission":
        field = row["field"].replace("_", " ")
        kind = admission_rows.KINDS[row["admission"]]
        return f"admission register, {kind}: {row['about']}'s {field}"
    if "change" in row:
        return f"{kind_in_words(row)}: {row['change']}"
    asked = f": {row['asked']} asked for" if row.get("asked") else ""
    return kind_in_words(row) + asked


def _sessions(moved: list[str] | None) -> str:
    """Write the sessions that a change moved: their days and how many there are."""
    if not moved:
        return ""
    return f"{_days(moved[0], moved[-1])}, {number_of(len(moved), 'session')}"


def _span(row: Row) -> str:
    """Write the days of folded entries: ``2026-11-16 to 20``, ``2026-09-28 to 10-02``."""
    return _days(row["first"], row["last"])


def _days(first: str, last: str) -> str:
    first, last = first[:10], last[:10]
    if first == last:
        return first
    same_month = first[:7] == last[:7]
    return f"{first} to {last[8:] if same_month else last[5:]}"


def _entries(row: Row) -> str:
    count = row["entries"]
    codes = ", ".join(f"{n} x {code}" for code, n in row["codes"].items())
    stated = f", {AS_STATED}" if row["source"] is not None else ""
    return f"{number_of(count, 'entry', 'entries')}{stated}: {codes}"


def _movement(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Say which figures moved, from what to what."""
    counts = [f"{name} {before[name]} > {after[name]}" for name in COUNTS
              if before[name] != after[name]]  # fmt: skip
    if before["attendance"] != after["attendance"]:
        counts.append(f"attendance {_rate(before)} > {_rate(after)}")
    if before["fullest_window"] != after["fullest_window"]:
        counts.append(f"fullest window {before['fullest_window']} > {after['fullest_window']}")
    return "; ".join(counts) or "no figure moved"


def _rate(figures: Mapping[str, Any]) -> str:
    rate = figures["attendance"]
    return "no sessions" if rate is None else f"{rate} %"
