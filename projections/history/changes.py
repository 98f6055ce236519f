"""What was amended, entered late or restated: a list, or counts by kind and pair of codes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from statistics import median
from typing import Any

from ledger.clock import iso, parse_instant
from ledger.english import number_of
from policies.packs.values import parameters
from projections.amending.evidence import evidence_counts
from projections.history import change_filters
from projections.history.change_filters import (
    AFTER_THE_TAKING,
    Filter,
    Filters,
    first_codes,
    kinds,
)
from projections.history.context import approvers
from projections.history.history import COLUMNS, table
from projections.queries import pending
from projections.queries.blocks import Grid, Lines
from projections.queries.question import Answer, Question, option
from projections.queries.selection import selected_pupils
from projections.queries.versions import Describer, with_numbers
from projections.queries.view import View
from projections.queries.wording import VERSION_KINDS
from projections.readmodel.accessors.marks import Version, versions_of_changed, versions_on
from projections.readmodel.records.amending import Request

_MORE = ("batch", "source", "evidence", "approved_by")
SUMMARY_COLUMNS = (
    "kind",
    "from",
    "to",
    "count",
    "late",
    "undated",
    "median_lag",
    "pupils",
    "people",
)
_RULE = "register.provisional_school_days"
Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Changes(Filters, Question):
    """attendance changes: what was amended, entered late or restated, filtered.

    Changes after the register had ended, by session date (--from, --on) and more.

    Codes are exact, or words by what a code meant on its day: present (counts as attending, so
    also an approved activity), late, authorised, unauthorised, absent. --was N asks by the code
    that a session was first entered with: N made present by way of O is found so, and is not with
    --from-code N --to-code present, which asks about one step. Amendments of the admission
    register: attendance admission.
    """

    summary: bool = option("count them by kind and pair of codes", default=False)

    def answer(self, view: View) -> Answer:
        """Answer with the changes known, by session and then pupil; or with their counts."""
        if view.knows_nothing:
            nothing = {"as_of": view.as_of(), "rows": [], "knows_nothing": True}
            return Answer(nothing, _columns(self), [Lines([view.ignorance()])])
        change_filters.check(self, view)
        describer = Describer(view)
        asked = Filter(self, view, describer)
        found = _versions_asked(self, view)
        was = first_codes(v for _, v in found) if self.was else {}
        wanted = [(n, v) for n, v in found if asked.wants(v, was.get((v.pupil, v.session)))]
        rows = _rows(view, describer, wanted)
        if self.summary:
            return _summary(self, view, rows)
        shown = [row for row, _ in rows]
        waiting = _pending_here(self, view)
        document = {"as_of": view.as_of(), "rows": shown, **pending.field(waiting)}
        notes = pending.notes(waiting)
        if self.since is not None:
            entries = _entries_since(self, view, describer, [v for _, v in found])
            document |= {"since": iso(parse_instant(self.since)), "entries_since": entries}
            if entries and "entry" not in self.kind:
                notes.append(_of_entries(entries))
        title = number_of(len(shown), "change")
        details = {
            row["position"]: {"source": row["source"], "approved": row["approved_by"]}
            for row in shown
        }
        grid = table(title, shown, view, details, upn=True)
        return Answer(document, _columns(self), [replace(grid, notes=[*notes, *grid.notes])])


def _columns(question: Changes) -> tuple[str, ...]:
    return SUMMARY_COLUMNS if question.summary else ("upn", *COLUMNS, *_MORE)


def _pending_here(question: Changes, view: View) -> list[Request]:
    """Return the requested amendments of these pupils and sessions that wait for approval."""
    who, first, last = selected_pupils(question, view), view.first, view.on
    return [
        p
        for p in pending.pending_amendments(view)
        if p.pupil in who and first <= p.at.date <= last
    ]


def _versions_asked(question: Changes, view: View) -> list[tuple[int, Version]]:
    """Return the versions, with their numbers, of the pupils and session dates asked for."""
    few = question.since is None and set(kinds(question)) <= {*AFTER_THE_TAKING, "taking"}
    read = versions_of_changed if few else versions_on
    found = with_numbers(read(view, view.first, view.on))
    who = selected_pupils(question, view)
    return [(number, version) for number, version in found if version.pupil in who]


def _rows(
    view: View, describer: Describer, wanted: list[tuple[int, Version]]
) -> list[tuple[dict[str, Any], str | None]]:
    evidence, approved = evidence_counts(view), approvers(view)
    rows = [
        (
            {
                "upn": view.people[version.pupil].upn,
                **describer.row(number, version),
                "batch": version.batch,
                "source": describer.source(version),
                "evidence": evidence[version.pupil, version.batch],
                "approved_by": approved.get((version.pupil, version.session, version.batch)),
            },
            version.by,
        )
        for number, version in wanted
    ]
    return sorted(rows, key=lambda r: (r[0]["session"], r[0]["upn"], r[0]["position"]))


def _summary(
    question: Changes, view: View, rows: list[tuple[dict[str, Any], str | None]]
) -> Answer:
    found, total = summary(rows)
    document = {"as_of": view.as_of(), "rows": found, "total": total}
    asked = ", ".join(VERSION_KINDS[kind] for kind in kinds(question))
    title = f"{number_of(total['count'], 'change')} by pair of codes ({asked})"
    grid = _summary_table(title, found, total, [view.provenance()])
    return Answer(document, SUMMARY_COLUMNS, [grid])


def _entries_since(
    question: Changes, view: View, describer: Describer, found: list[Version]
) -> int:
    """Count the first marks on time, or of a source, that became known since as well."""
    asked = replace(question, kind=("entry",), from_code=(), to_code=(), was=())
    wanted = Filter(asked, view, describer)
    return sum(wanted.wants(version, None) for version in found)


def _of_entries(entries: int) -> str:
    verb = "was" if entries == 1 else "were"
    return (
        f"besides, {number_of(entries, 'first mark')} {verb} recorded since: "
        "no change of what stood (--kind entry lists them)"
    )


# -- counts ----------------------------------------------------------------------------------


def summary(rows: Iterable[tuple[Row, str | None]]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return one row a kind and pair of codes, and the total.

    ``rows``: rows of `changes`, each with the id of whoever made it. Row: ``late`` (made more
    school days after the session than the law gives for a provisional entry), ``undated`` (no
    time stated, so that no lag is known), ``median_lag`` (school days, text, null where none is
    known), ``pupils``, ``people`` (members of staff who made them).
    """
    everything = list(rows)
    pairs: dict[tuple[str, str, str], list[tuple[Row, str | None]]] = {}
    for row, by in everything:
        key = (row["kind"], row["replaced"] or "", row["code"] or "")
        pairs.setdefault(key, []).append((row, by))
    found = [
        {"kind": kind, "from": was or None, "to": became or None, **_counts(pairs[key])}
        for key in sorted(pairs)
        for kind, was, became in (key,)
    ]
    return found, _counts(everything)


def _counts(rows: list[tuple[Row, str | None]]) -> dict[str, Any]:
    lags = [row["late_by_school_days"] for row, _ in rows]
    known = [lag for lag in lags if lag is not None]
    return {
        "count": len(rows),
        "late": sum(_is_late(row) for row, _ in rows),
        "undated": len(lags) - len(known),
        "median_lag": f"{median(known):g}" if known else None,
        "pupils": len({row["upn"] for row, _ in rows}),
        "people": len({by for _, by in rows if by is not None}),
    }


def _is_late(row: Row) -> bool:
    lag, limit = row["late_by_school_days"], _provisional_days(row["session"])
    return lag is not None and limit is not None and lag > limit


def _summary_table(title: str, rows: list[dict[str, Any]], total: Row, notes: list[str]) -> Grid:
    """Return the summary for reading, its total in the last row."""
    headings = (
        "What",
        "Was",
        "Became",
        "Changes",
        "Later than a provisional mark may stand",
        "Undated",
        "Median school days after",
        "Pupils",
        "People",
    )
    words = {"late_entry": "late entry", "taking": "corrected during taking"}
    body = [
        (words.get(r["kind"], r["kind"]), r["from"] or "", r["to"] or "", *_numbers(r))
        for r in rows
    ]
    body.append(("all", "", "", *_numbers(total)))
    return Grid(title, headings, body, frozenset(range(3, 9)), total=True, notes=notes)


def _numbers(row: Row) -> tuple[str, ...]:
    return tuple("" if row[name] is None else str(row[name]) for name in SUMMARY_COLUMNS[3:])


def _provisional_days(session: str) -> int | None:
    """Return the school days within which a provisional entry is to be replaced, by its day.

    SI 2024/208 reg 10(7); none for days before the law had a number.
    """
    rule = parameters().find(_RULE, date.fromisoformat(session[:10]))
    return None if rule is None else rule.number
