"""What was amended, entered late or restated, filtered."""

from dataclasses import dataclass, replace
from typing import Any

from ledger.clock import iso, parse_instant
from projections.amending.evidence_of import counts as evidence_counts
from projections.history import changes_checks, changes_summary
from projections.history.beside import approvers
from projections.history.change_filters import (
    AFTER_THE_TAKING,
    Filter,
    Filters,
    first_codes,
    kinds,
)
from projections.history.history import COLUMNS, table
from projections.queries import pending
from projections.queries.changes_of import chosen
from projections.queries.history_words import KINDS
from projections.queries.question import Answer, Lines, number_of, option
from projections.queries.versions import Describer, Version, numbered, versions
from projections.queries.view import View

_RANGE = "m.session BETWEEN :v0 AND :v1"
_CHANGED = f"""{_RANGE} AND (m.pupil, m.session) IN (
    SELECT pupil, session FROM marks WHERE kind <> 'entry' AND session BETWEEN :v0 AND :v1)"""  # noqa: S608
_MORE = ("batch", "source", "evidence", "approved_by")


@dataclass(frozen=True, kw_only=True)
class Changes(Filters):
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
        changes_checks.check(self, view)
        describer = Describer(view)
        asked = Filter(self, view, describer)
        found = _found(self, view)
        was = first_codes(v for _, v in found) if self.was else {}
        wanted = [(n, v) for n, v in found if asked.wants(v, was.get((v.pupil, v.session)))]
        rows = _rows(view, describer, wanted)
        if self.summary:
            return _summary(self, view, rows)
        shown = [row for row, _ in rows]
        waiting = _waiting(self, view)
        document = {"as_of": view.as_of(), "rows": shown, **pending.added(waiting)}
        notes = pending.notes(waiting)
        if self.since is not None:
            entries = _entries_since(self, view, describer, [v for _, v in found])
            document |= {"since": iso(parse_instant(self.since)), "entries_since": entries}
            notes += [_of_entries(entries)] * (entries > 0 and "entry" not in self.kind)
        title = number_of(len(shown), "change")
        more = {
            row["position"]: {"source": row["source"], "approved": row["approved_by"]}
            for row in shown
        }
        grid = table(title, shown, view, more, upn=True)
        return Answer(document, _columns(self), [replace(grid, notes=[*notes, *grid.notes])])


def _columns(question: Changes) -> tuple[str, ...]:
    return changes_summary.COLUMNS if question.summary else ("upn", *COLUMNS, *_MORE)


def _waiting(question: Changes, view: View) -> list[pending.Pending]:
    """Return the requested amendments of these pupils and sessions that wait for approval."""
    who, first, last = chosen(question, view), view.first, view.on
    return [p for p in pending.pending(view) if p.pupil in who and first <= p.at.date <= last]


def _found(question: Changes, view: View) -> list[tuple[int, Version]]:
    """Return the versions, with their numbers, of the pupils and session dates asked for."""
    first, last = view.first.isoformat(), f"{view.on.isoformat()}~"
    few = question.since is None and set(kinds(question)) <= {*AFTER_THE_TAKING, "taking"}
    found = numbered(versions(view, _CHANGED if few else _RANGE, first, last))
    who = chosen(question, view)
    return [(number, version) for number, version in found if version.pupil in who]


def _rows(
    view: View, describer: Describer, wanted: list[tuple[int, Version]]
) -> list[tuple[dict[str, Any], str | None]]:
    given, approved = evidence_counts(view), approvers(view, describer)
    rows = [
        (
            {
                "upn": view.people[version.pupil].upn,
                **describer.row(number, version),
                "batch": version.batch,
                "source": describer.source(version),
                "evidence": given[version.pupil, version.batch],
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
    found, total = changes_summary.summary(rows)
    document = {"as_of": view.as_of(), "rows": found, "total": total}
    asked = ", ".join(KINDS[kind] for kind in kinds(question))
    title = f"{number_of(total['count'], 'change')} by pair of codes ({asked})"
    grid = changes_summary.table(title, found, total, [view.provenance()])
    return Answer(document, changes_summary.COLUMNS, [grid])


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
